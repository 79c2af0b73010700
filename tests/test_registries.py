"""The registry knows every model: one that is left out would silently not exist."""

import importlib
import pkgutil

from django.apps import apps
from django.db import models

import incidents
import incidents.models


def concepts() -> list[str]:
    return [module.name for module in pkgutil.iter_modules(incidents.__path__) if module.ispkg]


def test_every_model_is_registered() -> None:
    found = set()
    for concept in concepts():
        try:
            module = importlib.import_module(f"incidents.{concept}.models")
        except ModuleNotFoundError:
            continue
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
