"""One demo bundle for the whole run: writing it takes a second and more."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from incidents.demo.bundle import write_bundle
from incidents.demo.truth import DemoTruth


@dataclass(frozen=True)
class Demo:
    folder: Path
    truth: DemoTruth

    def rows(self, name: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.folder / name).read_text(encoding="utf-8").splitlines()]

    def case(self) -> dict[str, Any]:
        return json.loads((self.folder / "case.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    folder = tmp_path_factory.mktemp("demo") / "bundle"
    return Demo(folder, write_bundle(folder))
