"""The workflows: pinned, with least rights, without stored keys, and clean in zizmor's eyes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from tools import checked, tool

FOLDER = Path(__file__).parents[2] / ".github" / "workflows"
FILES = sorted(FOLDER.glob("*.yaml"))


@pytest.fixture(params=FILES, ids=lambda file: file.name)
def text(request: pytest.FixtureRequest) -> str:
    return str(request.param.read_text())


def jobs(text: str) -> dict[str, Any]:
    return dict(yaml.safe_load(text)["jobs"])


def test_zizmor_finds_nothing() -> None:
    checked(tool("zizmor", package="pip install zizmor"), "--offline", "--no-progress", str(FOLDER), folder=FOLDER)


def test_actions_are_pinned_by_commit_with_their_version_beside(text: str) -> None:
    for line in re.findall(r"uses: (.+)", text):
        assert re.match(r"\./|[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line), line


def test_an_action_has_one_commit_everywhere() -> None:
    pins: dict[str, set[str]] = {}
    for file in FILES:
        for name, commit in re.findall(r"uses: ([\w./-]+)@([0-9a-f]{40})", file.read_text()):
            pins.setdefault(name, set()).add(commit)
    assert {name: commits for name, commits in pins.items() if len(commits) > 1} == {}


def test_nothing_is_allowed_but_what_a_job_asks_for(text: str) -> None:
    assert yaml.safe_load(text)["permissions"] == {}
    for name, job in jobs(text).items():
        rights = job["permissions"]
        assert set(rights) <= {"contents", "id-token"}, name
        assert rights["contents"] == "read"
        if "uses" not in job:
            assert job["timeout-minutes"] <= 60, name


def test_no_secret_is_stored_and_no_expression_reaches_a_shell(text: str) -> None:
    assert "secrets." not in text
    assert "aws-access-key-id" not in text
    for job in jobs(text).values():
        for step in job.get("steps", []):
            assert "${{" not in step.get("run", ""), step["name"]
            if "actions/checkout" in step.get("uses", ""):
                assert step["with"]["persist-credentials"] is False


def test_what_is_deployed_was_tested_built_and_scanned_first() -> None:
    found = jobs((FOLDER / "deliver.yaml").read_text())
    assert found["build"]["needs"] == "test"
    assert found["deploy"]["needs"] == "build"
    assert found["deploy"]["environment"] == "production"
    steps = [step.get("name") or step["uses"].split("@")[0] for step in found["build"]["steps"]]
    assert steps.index("Build") < steps.index("Scan") < steps.index("Push")
    assert steps.index("Scan") < steps.index("aws-actions/configure-aws-credentials"), "no rights before the scan"


def test_every_python_that_the_package_promises_is_tested() -> None:
    project = (FOLDER.parents[1] / "pyproject.toml").read_text()
    promised = re.findall(r"Python :: (3\.\d+)", project)
    assert jobs((FOLDER / "test.yaml").read_text())["python"]["strategy"]["matrix"]["python"] == promised


def test_roles_of_the_workflows_are_those_that_terraform_trusts() -> None:
    trust = (FOLDER.parents[1] / "deploy" / "terraform" / "github.tf").read_text()
    found = yaml.safe_load((FOLDER / "deliver.yaml").read_text())
    assert f"environment:{found['jobs']['deploy']['environment']}" in trust
    assert f"ref:refs/heads/{found[True]['push']['branches'][0]}" in trust  # YAML reads "on" as true
