"""``nettide models`` at the command line."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from command_line import LSTM, TINY, refuse, succeed

from nettide.models import MODELS


@pytest.fixture
def two(fitted: Path) -> Path:
    """A folder of two models, one of which lost its weights."""
    broken = fitted.with_name("broken")
    shutil.copytree(fitted, broken)
    next(broken.glob("weights-*")).unlink()
    return fitted.parent


def test_models_are_listed_and_a_damaged_one_is_named_with_the_reason(two: Path) -> None:
    ran = succeed("models", two)
    lines = ran.out.splitlines()
    assert lines[0] == f"{two}: 2 models"
    assert lines[2].split()[:2] == ["broken", "damaged"]
    assert lines[3].split()[:5] == ["uplinks", "lstm", "6", "1h", "3"]
    assert ran.err.startswith("broken cannot be read: ")
    assert "is missing; restore it from a backup or fit again" in ran.err


def test_json_names_the_damaged_one_too(two: Path) -> None:
    broken, uplinks = json.loads(succeed("models", two, "--json").out)
    assert broken["name"] == "broken"
    assert "is missing" in broken["damage"]
    assert uplinks["damage"] is None
    assert (uplinks["model"], uplinks["horizon"]) == ("lstm", 6)


def test_one_model_is_described(fitted: Path) -> None:
    text = succeed("models", fitted).out
    for said in (
        "lstm: long short-term memory network",
        "6 steps of 1h from a context of 48",
        "links.csv: 3 series x 720 steps, 2026-01-01 00:00 to 2026-01-30 23:00 UTC",
        "1 epoch in",
        "hidden=8",
        "torch ",
    ):
        assert said in text
    (document,) = json.loads(succeed("models", fitted, "--json").out)
    assert document["name"] == "uplinks"
    assert document["data"]["origin"] == "links.csv"


def test_what_is_not_trained_in_epochs_is_not_said_to_have_any(links: Path, tmp_path: Path) -> None:
    succeed("fit", links, "--model", "naive", "--horizon", 6, "--out", tmp_path / "last")
    (line,) = [one for one in succeed("models", tmp_path / "last").out.splitlines() if "training" in one]
    assert re.fullmatch(r"  training +fitted in \d+\.\d s, 0 parameters", line)


def test_what_was_decided_while_training_is_described(links: Path, tmp_path: Path) -> None:
    options = (*LSTM, *TINY, "--context", 48, "--horizon", 6, "--set", "precision=auto")
    assert "lstm: precision " in succeed("fit", links, *options, "--out", tmp_path / "timed").err
    text = succeed("models", tmp_path / "timed").out
    assert re.search(r"parameters, precision (float32|bfloat16): ", text)
    assert re.search(r"options .*precision=(float32|bfloat16)", text)


def test_a_model_without_its_description_is_damaged_and_not_an_empty_folder(fitted: Path) -> None:
    (fitted / "model.json").unlink()
    assert refuse("models", fitted) == f"{fitted}/model.json is missing; restore it from a backup or fit again"


def test_an_empty_folder_holds_no_models(tmp_path: Path) -> None:
    assert succeed("models", tmp_path).out.splitlines()[0] == f"{tmp_path}: 0 models"


def test_a_folder_that_does_not_exist_is_said(tmp_path: Path) -> None:
    assert refuse("models", tmp_path / "no") == f"cannot list models in {tmp_path}/no: it does not exist"


def test_every_model_that_can_be_fitted_is_known_with_its_options() -> None:
    lines = succeed("models", "--known").out.splitlines()
    known = json.loads(succeed("models", "--known", "--json").out)
    assert [one["model"] for one in known] == list(MODELS)
    assert {line.split()[0] for line in lines[1:] if not line.startswith(" ")} == set(MODELS)
    lstm = next(one for one in known if one["model"] == "lstm")
    assert {"hidden", "layers", "learning_rate", "epochs"} <= set(lstm["options"])
    assert not {"horizon", "context", "seed", "cell"} & set(lstm["options"])
