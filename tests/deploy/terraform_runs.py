"""Terraform run for a test: a copy of deploy/terraform, providers from a local mirror where there is one."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tools import tool

SOURCE = Path(__file__).parents[2] / "deploy" / "terraform"
PROVIDER = Path("registry.terraform.io/hashicorp/aws")

# What every run chooses here.
VARIABLES: dict[str, Any] = {
    "region": "eu-central-1",
    "image": "123456789012.dkr.ecr.eu-central-1.amazonaws.com/nettide@sha256:" + "a" * 64,
    "certificate_arn": "arn:aws:acm:eu-central-1:123456789012:certificate/00000000-0000-0000-0000-000000000000",
    "allowed_cidrs": ["203.0.113.0/24"],
    "github_repository": "example/nettide",
}

# Only what moto's AWS is not: buckets by host name, and an account to look up.
_OVERRIDE = """
provider "aws" {
  s3_use_path_style           = true
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  max_retries                 = 2
}
"""


@dataclass(frozen=True, slots=True)
class Workspace:
    """A folder in which ``terraform init`` has run."""

    folder: Path
    environment: Mapping[str, str]

    def run(self, *arguments: str, expect: int = 0) -> str:
        """Run one command, fail with what it said if it does not end with ``expect``, and give its output."""
        done = _run(self.folder, self.environment, *arguments)
        assert done.returncode == expect, f"terraform {arguments[0]}: {done.stdout[-3000:]}{done.stderr[-3000:]}"
        return done.stdout

    def planned(self, variables: Mapping[str, Any]) -> dict[str, Any]:
        """Plan with ``variables`` and give the plan as JSON."""
        self.run("plan", "-input=false", "-no-color", "-out=plan.tfplan", *options(variables))
        return dict(json.loads(self.run("show", "-json", "plan.tfplan")))

    def state(self) -> dict[str, Any]:
        """Give the state as JSON."""
        return dict(json.loads(self.run("show", "-json")))


def options(variables: Mapping[str, Any]) -> list[str]:
    """Give variables as options of plan, apply and destroy."""
    return [
        f"-var={name}={value if isinstance(value, str) else json.dumps(value)}" for name, value in variables.items()
    ]


def resources(document: Mapping[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    """Give type, address and values of every resource (not data) in a plan or state."""
    values = document.get("planned_values") or document["values"]
    found = values["root_module"]["resources"]
    return [(one["type"], one["address"], one.get("values", {})) for one in found if one["mode"] == "managed"]


def initialised(folder: Path, environment: Mapping[str, str]) -> Workspace:
    """Copy the configuration and initialise it; skip where Terraform or its provider cannot be had."""
    tool("terraform", package="https://developer.hashicorp.com/terraform/install")
    folder.mkdir(exist_ok=True)
    for file in [*SOURCE.glob("*.tf"), SOURCE / ".terraform.lock.hcl"]:
        shutil.copy(file, folder)
    (folder / "providers_override.tf").write_text(_OVERRIDE)
    mirror = _mirror()
    where = [] if mirror is None else [f"-plugin-dir={mirror}"]
    done = _run(folder, environment, "init", "-input=false", "-no-color", "-lockfile=readonly", *where)
    if done.returncode != 0 and mirror is None:
        say = f"the AWS provider cannot be had here: {done.stderr.strip()[:200]}"
        if os.environ.get("DEPLOY_TOOLS") == "required":
            pytest.fail(say)
        pytest.skip(say)
    assert done.returncode == 0, done.stderr
    return Workspace(folder, environment)


def _mirror() -> Path | None:
    """Find a folder of providers: the named one, Terraform's own implied ones, or one that an administrator laid."""
    named = os.environ.get("TF_PLUGIN_MIRROR")
    usual = [
        Path.home() / ".terraform.d/plugins",
        Path.home() / ".local/share/terraform/plugins",
        Path("/usr/local/share/terraform/plugins"),
        *(found.parent for found in Path("/opt").glob("*/registry.terraform.io")),
    ]
    candidates = [Path(named)] if named else usual
    return next((folder for folder in candidates if (folder / PROVIDER).is_dir()), None)


def _run(folder: Path, environment: Mapping[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("TF_", "AWS_"))}
    return subprocess.run(
        ["terraform", *arguments],
        cwd=folder,
        env={**inherited, **environment, "CHECKPOINT_DISABLE": "1", "GOMAXPROCS": "2"},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
