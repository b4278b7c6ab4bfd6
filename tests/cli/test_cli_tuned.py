"""``nettide fit --from``: fine-tune what is pretrained, and go on from what was tuned."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import refuse, succeed

from nettide.store.models import load_model

BRIEF = ("--set", "batches=4", "--set", "batch_size=256")


@pytest.fixture(scope="module")
def tuned(links: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of the pretrained network after a little tuning."""
    folder = tmp_path_factory.mktemp("models") / "tuned"
    succeed("fit", links, "--from", "base", "--horizon", 6, *BRIEF, "--out", folder)
    return folder


def weights_of(folder: Path) -> dict[str, bytes]:
    return {name: one.tobytes() for name, one in load_model(folder).state.tensors.items()}


def test_what_is_pretrained_is_tuned(tuned: Path, links: Path) -> None:
    record = load_model(tuned)
    assert (record.model, record.horizon) == ("base-tuned", 6)
    assert record.training.windows > 0
    assert "UTC, base-tuned" in succeed("forecast", tuned, links).out


def test_tuning_goes_on_from_a_folder(tuned: Path, links: Path, tmp_path: Path) -> None:
    for name, start in (("on", tuned), ("anew", "base")):
        succeed("fit", links, "--from", start, "--horizon", 6, *BRIEF, "--out", tmp_path / name)
    assert weights_of(tmp_path / "anew") == weights_of(tuned)  # the same seed
    assert weights_of(tmp_path / "on") != weights_of(tuned)
    succeed("fit", links, "--from", tuned, "--horizon", 12, *BRIEF, "--out", tmp_path / "farther")  # any horizon
    assert load_model(tmp_path / "farther").horizon == 12


def test_a_base_model_whose_step_does_not_fit_is_refused(tuned: Path, links: Path, tmp_path: Path) -> None:
    said = refuse("fit", links, "--from", tuned, "--step", "3h", "--horizon", 6, "--out", tmp_path / "m")
    assert said == (
        f"{tuned} was tuned on steps of 1h, the data has 3h; bring the data to 1h (--step 1h), "
        "or start with --from base, which knows any step"
    )


def test_only_a_tuned_model_is_gone_on_from(fitted: Path, links: Path, tmp_path: Path) -> None:
    said = refuse("fit", links, "--from", fitted, "--horizon", 6, "--out", tmp_path / "m")
    assert said == (
        f"{fitted} holds a model of kind 'lstm', which cannot be tuned further; "
        "give base, or a folder of a model 'base-tuned'"
    )


def test_a_folder_that_is_not_there_is_said(links: Path, tmp_path: Path) -> None:
    said = refuse("fit", links, "--from", tmp_path / "no", "--horizon", 6, "--out", tmp_path / "m")
    assert said == f"no model at {tmp_path / 'no'}"


def test_another_model_starts_from_nothing(links: Path, tmp_path: Path) -> None:
    said = refuse("fit", links, "--model", "lstm", "--from", "base", "--horizon", 6, "--out", tmp_path / "m")
    assert said == "--from tunes the pretrained network (base-tuned), not lstm; leave --model or --from out"


def test_a_killed_tuning_does_not_go_on_from_other_weights(tuned: Path, links: Path, tmp_path: Path) -> None:
    command = ("fit", links, "--horizon", 6, *BRIEF, "--out", tmp_path / "m")
    refuse(*command, "--from", "base", "--log", "/dev/full")  # ends after an epoch, as a kill would
    assert "the checkpoint is of another training" in refuse(*command, "--from", tuned, "--resume")
    succeed(*command, "--from", "base", "--resume")
