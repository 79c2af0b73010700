"""The registry knows every model: one that is left out would silently not exist."""

import importlib
import pkgutil
from importlib.util import find_spec

from django.apps import apps
from django.db import models

import incidents
import incidents.models


def rooms() -> list[str]:
    return [module.name for module in pkgutil.walk_packages(incidents.__path__, "incidents.") if module.ispkg]


def test_every_model_is_registered() -> None:
    found = set()
    for room in rooms():
        if find_spec(f"{room}.models") is None:
            continue
        module = importlib.import_module(f"{room}.models")
        found |= {
            name
            for name, value in vars(module).items()
            if isinstance(value, type)
            and issubclass(value, models.Model)
            and not value._meta.abstract
            and value.__module__ == module.__name__
        }
    assert found == set(incidents.models.__all__)
    assert found == {model.__name__ for model in apps.get_app_config("incidents").get_models()}
