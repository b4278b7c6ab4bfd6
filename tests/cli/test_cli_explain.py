"""``nettide explain-choice`` at the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command_line import refuse, succeed


@pytest.fixture(scope="module")
def chosen(links: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of auto with the pretrained network as its only challenger."""
    folder = tmp_path_factory.mktemp("models") / "auto"
    options = ("--set", "challengers=base", "--budget", "1h")
    succeed("fit", links, "--horizon", 6, *options, "--out", folder)
    return folder


def test_each_model_has_its_weight_skill_and_why(chosen: Path) -> None:
    lines = succeed("explain-choice", chosen).out.splitlines()
    assert lines[0].split()[:2] == ["model", "weight"]
    rows = {line.split()[0]: line for line in lines[1:6]}
    assert set(rows) == {"base", "naive", "seasonal-naive", "seasonal-naive-day", "window-mean"}
    assert sum(float(line.split()[1].rstrip("%")) for line in rows.values()) == pytest.approx(100, abs=0.5)
    assert sum("0 (it is the best naive)" in line for line in rows.values()) == 1
    assert any(line.startswith("mixture: base ") for line in lines)
    assert any("it saves" in line and "the best naive forecast there: " in line for line in lines)


def test_one_series_has_weights_of_its_own(chosen: Path) -> None:
    everything = succeed("explain-choice", chosen).out
    one = succeed("explain-choice", chosen, "--series", "link-00002").out
    assert "mixture for link-00002: base " in one
    assert one != everything
    assert refuse("explain-choice", chosen, "--series", "link-2").startswith("unknown series 'link-2'; did you mean")


def test_json_is_one_document_with_everything(chosen: Path) -> None:
    document = json.loads(succeed("explain-choice", chosen, "--json").out)
    assert (document["series"], document["id"]) == (3, None)
    assert document["cutoffs"] > 3
    assert document["parts"][0].keys() == {"model", "weight", "skill", "note"}
    assert document["mixture"].keys() == {"value", "low", "high", "verdict"}
    assert document["naive_best"].keys() == {"compared", "series", "rivals", "weight", "ids"}


def test_another_model_chose_nothing(fitted: Path) -> None:
    sentence = refuse("explain-choice", fitted)
    assert sentence == f"{fitted} holds a model of kind 'lstm'; only auto chooses among models"


def test_a_folder_without_a_model_is_said(tmp_path: Path) -> None:
    assert refuse("explain-choice", tmp_path / "no") == f"no model at {tmp_path / 'no'}"
