"""``nettide synth`` at the command line."""

from __future__ import annotations

import inspect
import json
from dataclasses import fields
from pathlib import Path

import pytest
from typer.testing import CliRunner

from nettide.cli.app import app
from nettide.cli.synth import synth
from nettide.errors import StoreError
from nettide.synthetic.config import SynthConfig


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["synth", *arguments], catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout


def test_it_writes_and_says_what(tmp_path: Path) -> None:
    path = tmp_path / "traffic.csv"
    text = run(str(path), "--series", "2", "--days", "3", "--parameters", "5", "--truth", str(tmp_path / "truth"))
    assert text.startswith(f"{path}: 2 series x 72 steps of 1h")
    assert sorted(one.name for one in (tmp_path / "truth").iterdir()) == ["clean.csv", "events.csv", "synth.json"]
    assert len(path.read_text().splitlines()) == 145


def test_json_is_one_document(tmp_path: Path) -> None:
    document = json.loads(run(str(tmp_path / "traffic.parquet"), "--points", "50", "--gaps", "0.5", "--json"))
    assert document["missing"] == 0.5
    assert document["config"]["points"] == 50


def test_a_file_that_exists_ends_the_run(tmp_path: Path) -> None:
    path = str(tmp_path / "traffic.csv")
    run(path, "--points", "10")
    with pytest.raises(StoreError, match="exists"):
        run(path, "--points", "10")
    run(path, "--points", "10", "--overwrite")


def test_every_choice_of_the_config_is_an_option_with_the_same_default() -> None:
    options = inspect.signature(synth).parameters
    config = SynthConfig()
    for field in fields(SynthConfig):
        if field.name not in ("points", "step_seconds", "start"):
            assert options[field.name].default == getattr(config, field.name)


def test_help_has_an_example_and_every_option() -> None:
    text = run("--help")
    assert "Example: nettide synth" in text
    assert "--events-per-month" in text
