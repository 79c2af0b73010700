"""What production runs on: the compose file by the compose program's own judgement, the settings by Django's."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from workbench.embedded.postgres import LOCALE_FLAGS

ROOT = Path(__file__).resolve().parents[2]
COMPOSE_FILE = ROOT / "docker-compose.yml"
SECRETS = {
    "POSTGRES_PASSWORD": "p" * 24,
    "DJANGO_SECRET_KEY": "".join(chr(97 + n % 26) + str(n) for n in range(60)),
    "DJANGO_ALLOWED_HOSTS": "status.example",
}


def compose(file: Path, *arguments: str, environment: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    """Run the compose program; it needs no engine to judge a file."""
    spec = importlib.util.find_spec("compose")
    assert spec is not None
    assert spec.submodule_search_locations
    # The wheel's own starter swallows the exit code, so the program itself is asked.
    program = Path(spec.submodule_search_locations[0]) / "docker-compose"
    return subprocess.run(
        [program, "--project-directory", ROOT, "-f", file, *arguments],
        env={"PATH": os.environ["PATH"], "HOME": "/nonexistent", **environment},
        check=False,
        capture_output=True,
        text=True,
    )


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    """Give the services as the compose program resolves them."""
    shown = compose(COMPOSE_FILE, "config", "--format", "json", environment=SECRETS)
    assert shown.returncode == 0, shown.stderr
    found: dict[str, Any] = json.loads(shown.stdout)["services"]
    return found


def test_the_compose_file_is_valid(services: dict[str, Any]) -> None:
    assert set(services) == {"database", "broker", "migrate", "web", "worker", "beat"}


def test_a_misspelt_key_is_refused(tmp_path: Path) -> None:
    """Show that the judgement above can fail."""
    misspelt = tmp_path / "docker-compose.yml"
    misspelt.write_text(COMPOSE_FILE.read_text(encoding="utf-8").replace("healthcheck:", "heathcheck:", 1))
    judged = compose(misspelt, "config", "-q", environment=SECRETS)
    assert judged.returncode != 0
    assert "heathcheck" in judged.stderr


@pytest.mark.parametrize("name", sorted(SECRETS))
def test_no_secret_has_a_default(name: str) -> None:
    judged = compose(COMPOSE_FILE, "config", "-q", environment={k: v for k, v in SECRETS.items() if k != name})
    assert judged.returncode != 0
    assert name in judged.stderr


def test_what_runs_for_long_is_watched_and_restarted(services: dict[str, Any]) -> None:
    for name, service in services.items():
        if name != "migrate":
            assert service["restart"] == "unless-stopped", name
            assert service["healthcheck"]["test"][0] == "CMD", name


def test_only_the_web_server_is_published_and_only_on_this_machine(services: dict[str, Any]) -> None:
    published = {name: service["ports"] for name, service in services.items() if service.get("ports")}
    assert set(published) == {"web"}
    assert {port["host_ip"] for port in published["web"]} == {"127.0.0.1"}


def test_data_is_kept_in_volumes(services: dict[str, Any]) -> None:
    assert services["database"]["volumes"][0]["target"] == "/var/lib/postgresql"
    assert services["broker"]["volumes"][0]["target"] == "/data"
    assert "--appendonly" in services["broker"]["command"]


def test_sort_order_is_the_embedded_servers(services: dict[str, Any]) -> None:
    assert services["database"]["environment"]["POSTGRES_INITDB_ARGS"].split() == list(LOCALE_FLAGS)


def test_the_image_does_not_run_as_root_and_copies_what_the_ignore_file_lets_in() -> None:
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    last_stage = max(n for n, line in enumerate(lines) if line.startswith("FROM "))
    assert "USER workbench" in lines[last_stage:]
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = {
        part for line in lines if line.startswith("COPY ") and "--from" not in line for part in line.split()[1:-1]
    }
    assert copied == let_in
    assert all((ROOT / part).exists() for part in let_in)


def production_environment(**more: str) -> dict[str, str]:
    """Return what a production process is given."""
    return {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "workbench.settings",
        "DJANGO_SECRET_KEY": SECRETS["DJANGO_SECRET_KEY"],
        "DJANGO_ALLOWED_HOSTS": "status.example",
        "DATABASE_URL": "postgresql://workbench@database/workbench",
        "BROKER_URL": "redis://broker:6379/0",
        **more,
    }


def check_deploy(environment: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    """Run Django's deployment checks."""
    return subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=ROOT,
        env=environment,
        check=False,
        capture_output=True,
        text=True,
    )


def test_django_has_no_objection_to_the_production_settings() -> None:
    judged = check_deploy(production_environment())
    assert judged.returncode == 0, judged.stdout + judged.stderr
    assert "no issues" in judged.stdout


def test_django_objects_to_production_without_tls() -> None:
    """Show that the judgement above can fail."""
    assert check_deploy(production_environment(WORKBENCH_TLS="0")).returncode != 0


def test_a_missing_secret_stops_the_start_with_its_name() -> None:
    environment = production_environment()
    del environment["DJANGO_SECRET_KEY"]
    judged = check_deploy(environment)
    assert judged.returncode != 0
    assert "DJANGO_SECRET_KEY is not set" in judged.stderr
