"""Options of the models on the command line: what ``--set`` takes and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import LSTM, refuse

from nettide.errors import OptionError
from nettide.tasks.choice import Choice, make_chosen, parse_options


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--set", "hidden"], "--set 'hidden' is not understood; write KEY=VALUE, for example hidden=128"),
        (["--set", "=8"], "--set '=8' is not understood; write KEY=VALUE, for example hidden=128"),
        (["--set", "hidden=8", "--set", "hidden=9"], "--set hidden is given more than once"),
        (["--set", "hiden=8"], "--set hiden: unknown option 'hiden'; did you mean 'hidden'? known: "),
        (["--set", "lsmt.hidden=8"], "--set lsmt.hidden: unknown model 'lsmt'; did you mean 'lstm'?"),
        (["--set", "gru.hidden=8"], "--set gru.hidden: gru is not among the models of this run: lstm"),
        (["--set", "horizon=8"], "--set horizon: write --horizon instead"),
        (["--set", "lstm.seed=8"], "--set lstm.seed: write --seed instead"),
        (["--set", "cell=gru"], "--set cell: cell is what makes 'lstm'; choose another model instead"),
        (["--set", "epochs=3", "--epochs", 2], "--epochs and --set epochs say the same; give one of them"),
        (["--set", "hidden=many"], "model 'lstm': option hidden=many: is not a whole number"),
        (["--set", "hidden=0"], "hidden 0 is outside 1 ... 4096"),
        (["--set", "learning_rate=nan"], "model 'lstm': option learning_rate=nan: is not finite"),
        (["--set", "loss=huber"], "model 'lstm': option loss=huber: known: "),
        (["--context", 0], "context 0 is outside 1 ... 100000"),
        (["--horizon", 337], "horizon 337 is outside 1 ... 336"),
        (["--horizon", 0], "horizon 0 is outside 1 ... 336"),
        (["--seed", 2**32], "seed 4294967296 must be 0 ... 4294967295"),
        (["--step", "7 parsec"], "step '7 parsec' is not understood"),
        (["--capacity", "fast"], "quantity 'fast' is not understood; write for example 100M, 10G or 2.5e9"),
        (["--counter", "64"], "add --capacity 10G"),
        (["--zone", "Mars/Olympus"], "Mars/Olympus"),
        (["--out", "Bad Name"], "name 'Bad Name' cannot be used; write 1 to 64 of a-z"),
    ],
)
def test_an_option_that_cannot_be_used_is_refused(
    links: Path, tmp_path: Path, options: list[object], sentence: str
) -> None:
    said = refuse("fit", links, *LSTM, "--horizon", 6, "--out", tmp_path / "m", *options)
    assert sentence in said
    assert list(tmp_path.iterdir()) == []


def test_an_option_for_one_model_goes_before_one_for_all_in_any_order() -> None:
    for texts in (["hidden=8", "gru.hidden=4"], ["gru.hidden=4", "hidden=8"]):
        made = make_chosen(Choice(6, options=parse_options(texts)), ["lstm", "gru"])
        assert [made[name].config.hidden for name in ("lstm", "gru")] == [8, 4]  # type: ignore[attr-defined]


def test_an_option_for_all_passes_over_models_without_it() -> None:
    made = make_chosen(Choice(6, epochs=2, options={"hidden": "8"}), ["naive", "lstm"])
    assert made["lstm"].config.epochs == 2  # type: ignore[attr-defined]


def test_epochs_of_one_model_go_before_those_of_all() -> None:
    made = make_chosen(Choice(6, epochs=2, options={"gru.epochs": "5"}), ["lstm", "gru"])
    assert [made[name].config.epochs for name in ("lstm", "gru")] == [2, 5]  # type: ignore[attr-defined]


def test_an_option_that_only_an_absent_model_has_is_refused() -> None:
    with pytest.raises(OptionError, match="unknown option 'hidden'"):
        make_chosen(Choice(6, options={"hidden": "8"}), ["naive"])
