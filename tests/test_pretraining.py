"""The script that makes the pretrained weights: repeatable to the byte, and what it writes can be used."""

from __future__ import annotations

import json
import runpy
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from nettide.models.pretrained.weights import base_weights
from nettide.panel import Channel, Panel, Series

SCRIPT = Path(__file__).parents[1] / "pretraining" / "make_base.py"
Run = Callable[..., Path]


@pytest.fixture(scope="module")
def script() -> dict[str, Any]:
    return runpy.run_path(str(SCRIPT), run_name="make_base")


@pytest.fixture
def run(script: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    def made(name: str, *, seed: int = 0, batches: int = 10) -> Path:
        out = tmp_path / name
        sizes = ["--batches", str(batches), "--hidden", "8", "--head", "8"]
        monkeypatch.setattr(
            sys, "argv", ["make_base.py", "--out", str(out), *sizes, "--seed", str(seed), "--jobs", "1"]
        )
        script["main"]()
        return out

    return made


def test_the_same_seed_makes_the_same_bytes_and_another_others(run: Run) -> None:
    torch.manual_seed(1)
    one = run("one", batches=4)
    torch.manual_seed(2)
    again, other = run("again", batches=4), run("other", seed=1, batches=4)
    content = [(out / "base.safetensors").read_bytes() for out in (one, again, other)]
    assert content[0] == content[1]
    assert content[0] != content[2]


def test_members_come_out_alike_however_many_train_at_once(run: Run, tmp_path: Path) -> None:
    sizes = ["--batches", "2", "--hidden", "8", "--head", "8"]
    command = [sys.executable, str(SCRIPT), "--out", str(tmp_path / "two"), *sizes, "--jobs", "2"]
    subprocess.run(command, check=True, capture_output=True)
    content = [(out / "base.safetensors").read_bytes() for out in (run("one", batches=2), tmp_path / "two")]
    assert content[0] == content[1]


def test_what_is_written_can_be_used_and_says_what_it_is(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    out = run("made")
    weights = base_weights(out)
    assert (weights.hidden, weights.head) == (8, 8)
    card = json.loads((out / "base.json").read_text())
    assert card["parameters"] == sum(value.numel() for value in weights.tensors.values())
    assert (card["batches"], card["seeds"], weights.members) == (10, [0, 1], 2)
    first, second = weights.tensors["out.weight"]
    assert not torch.equal(first, second)
    assert card["data"] == ["diverse made traffic (nettide.synthetic.diverse)"]
    assert {"nettide", "torch", "numpy"} == set(card["versions"])
    assert "wrote" in capsys.readouterr().out


def test_training_moves_the_weights(run: Run) -> None:
    short, long = (base_weights(run(name, batches=count)) for name, count in (("short", 1), ("long", 4)))
    assert any(not torch.equal(value, long.tensors[name]) for name, value in short.tensors.items())


@pytest.mark.parametrize("day", [288, 96, 48, 24, 12, 4, 1])
def test_asked_steps_ahead_ascend_within_the_longest_horizon(script: dict[str, Any], day: int) -> None:
    generator = np.random.default_rng(0)
    for _ in range(50):
        ahead = script["target_steps"](generator, day)
        assert 1 <= len(ahead) <= 28
        assert ahead[0] >= 1
        assert ahead[-1] <= script["MOST_HORIZON"]
        assert (ahead.diff() > 0).all()


def test_made_panels_are_of_every_step(script: dict[str, Any]) -> None:
    generator = np.random.default_rng(0)
    assert sum(script["DAY_STEPS"].values()) == pytest.approx(1.0)
    steps = {script["made_panel"](generator).step_seconds for _ in range(12)}
    assert len(steps) > 2


def test_a_panel_without_a_known_value_is_no_source(script: dict[str, Any]) -> None:
    unknown = Panel(np.full((2, 300, 1), np.nan), 0, 3600, (Series("a"), Series("b")), (Channel("y"),))
    assert script["source_of"](unknown, np.random.default_rng(0)) is None


@pytest.mark.data
def test_only_the_first_part_of_the_real_traffic_is_learned_from(script: dict[str, Any], data: Path) -> None:
    sources = list(script["cesnet_sources"](data, np.random.default_rng(0)))
    assert len(sources) == 6  # three channels by the hour, one in each longer step
    assert [one.day for one in sources] == [24, 24, 24, 12, 4, 1]
    for one in sources:
        _, cutoffs = one.ranges.pairs(torch.arange(one.ranges.count))
        assert int(cutoffs.max()) < one.histories._steps
