"""``auto``, the model of every verb where none is named: budget, fallbacks, Ctrl-C, kill and resume."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command_line import lines_in, nettide, refuse, start, succeed, wait_until

from nettide import Forecaster
from nettide.models import MODELS, Entry
from nettide.models.auto.model import AutoModel
from nettide.store.models import load_model
from nettide.tasks.choice import COMPARED

QUICK = ("--set", "challengers=base", "--budget", "1h")
"""The pretrained network beside the naive forecasts: nothing is trained, and the budget is never spent."""


def write(path: Path, values: np.ndarray, *, minutes: int = 60) -> Path:
    """Write one series a row of values from the first of March on."""
    first = np.datetime64("2026-03-01T00:00", "s")
    times = first + np.arange(values.shape[1]) * np.timedelta64(60 * minutes, "s")
    lines = [
        f"{time}Z,r{row},{value}" for row, one in enumerate(values) for time, value in zip(times, one, strict=True)
    ]
    path.write_text("\n".join(["ds,unique_id,y", *lines]) + "\n")
    return path


TUNED = ("--horizon", 6, "--set", "challengers=base-tuned", "--budget", "1h")
"""One challenger that is trained, in a trial and then finally."""


@pytest.fixture(scope="module")
def whole(short: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The folder of a fit of ``TUNED`` that nothing disturbed, and its log."""
    folder = tmp_path_factory.mktemp("whole")
    succeed("fit", short, *TUNED, "--log", folder / "log", "--out", folder / "m")
    return folder / "m", folder / "log"


def test_fit_takes_auto_where_no_model_is_named_and_says_what_it_chose(links: Path, tmp_path: Path) -> None:
    ran = succeed("fit", links, "--horizon", 6, *QUICK, "--out", tmp_path / "m")
    lines = ran.out.splitlines()
    assert lines[0].startswith("auto with ")
    assert lines[1].startswith("mixture: base ")
    assert "of the error of " in lines[2]
    assert "the best naive forecast there: " in lines[2]
    assert " naive forecast" in lines[3]
    assert lines[-1] == f"saved in {tmp_path / 'm'}"
    assert "auto: trying base (1 of 1)" in ran.err
    assert load_model(tmp_path / "m").model == "auto"
    assert "UTC, auto" in succeed("forecast", tmp_path / "m", links).out


def test_a_backtest_compares_auto_with_naive_forecasts_where_no_model_is_named(links: Path, tmp_path: Path) -> None:
    ran = succeed("backtest", links, "--horizon", 12, *QUICK, "--out", tmp_path)
    assert {line.split()[0] for line in ran.out.splitlines()[1:4]} == set(COMPARED)
    assert "auto: trying base (1 of 1)" in ran.err
    page = (tmp_path / "report.html").read_text()
    assert "How auto chose" in page
    assert "<li>mixture: base " in page


def test_a_report_without_auto_says_nothing_of_its_choice(links: Path, tmp_path: Path) -> None:
    succeed("backtest", links, "--model", "naive", "--horizon", 12, "--out", tmp_path)
    assert "How auto chose" not in (tmp_path / "report.html").read_text()


def test_a_forecaster_in_python_is_auto_where_no_model_is_named() -> None:
    model = Forecaster(horizon=6, budget="90s").model
    assert isinstance(model, AutoModel)
    assert model.config.budget_seconds == 90


def test_the_log_names_the_challenger_of_each_epoch(whole: tuple[Path, Path]) -> None:
    reports = [json.loads(line) for line in whole[1].read_text().splitlines()]
    assert {(one["model"], one["challenger"]) for one in reports} == {("auto", "base-tuned")}
    assert {one["purpose"] for one in reports} == {"trial", "final"}


@pytest.mark.parametrize("verb", ["fit", "backtest"])
@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--model", "naive", "--budget", "60s"], "--budget is for auto alone, and this run has naive; leave it out"),
        (["--budget", "soon"], "budget: time 'soon' is not understood; write for example 90s, 10m or 1.5h"),
        (["--budget", "60s", "--set", "budget=5s"], "--budget and --set budget say the same; give one of them"),
        (["--model", "naive", "--epochs", "3"], "--epochs is for networks such as lstm, and this run has naive"),
        (["--set", "challengers=lsmt"], "challengers: unknown model 'lsmt'; did you mean 'lstm'?"),
    ],
)
def test_a_budget_or_challenger_that_cannot_be_is_refused(
    links: Path, tmp_path: Path, verb: str, options: list[str], sentence: str
) -> None:
    assert sentence in refuse(verb, links, "--horizon", 6, *options, "--out", tmp_path / "out")


def test_a_budget_too_small_for_one_model_says_what_it_needs(links: Path, tmp_path: Path) -> None:
    ran = nettide("fit", links, "--horizon", 6, "--budget", "0.01s", "--out", tmp_path / "m")
    assert ran.status == 1
    said = ran.err.splitlines()[-1]
    assert "nettide: budget 0.01s is too small for one challenger: base-tuned was left out: " in said
    assert " s are too short for it, it needs about " in said
    assert not (tmp_path / "m").exists()


def test_too_little_history_to_compare_takes_what_is_pretrained_and_says_so(tmp_path: Path) -> None:
    path = write(tmp_path / "young.csv", 100.0 + np.arange(10)[None])
    out = succeed("fit", path, "--horizon", 6, "--out", tmp_path / "m").out
    assert "history is too short to compare challengers on: the pretrained network as it is" in out
    assert "nothing beats" not in out
    assert "r0" in succeed("forecast", tmp_path / "m", path).out


def test_a_constant_series_goes_on_as_it_was_and_is_said(tmp_path: Path) -> None:
    path = write(tmp_path / "flat.csv", np.full((1, 24 * 20), 5e6))
    ran = succeed("fit", path, "--horizon", 6, *QUICK, "--out", tmp_path / "m")
    assert "1 of 1 series never changes: 'r0'; a forecast goes on as it was" in ran.err
    rows = [json.loads(line) for line in succeed("forecast", tmp_path / "m", path, "--json").out.splitlines()]
    assert [row["y_hat"] for row in rows] == pytest.approx([5e6] * 6, rel=1e-3)


@pytest.mark.parametrize("verb", ["fit", "backtest", "forecast"])
def test_negative_traffic_is_refused_with_its_place(tmp_path: Path, verb: str) -> None:
    values = np.full((1, 24 * 20), 5.0)
    values[0, 7] = -1
    path = write(tmp_path / "bad.csv", values)
    options: tuple[object, ...] = () if verb == "forecast" else ("--horizon", 6, "--out", tmp_path / "out")
    said = refuse(verb, path, *options)
    assert said.startswith("bad.csv line 9: series 'r0' at 2026-03-01T07:00:00Z: 'y' is -1, which is below zero")


def test_a_challenger_that_diverges_is_named_and_the_rest_goes_on(
    links: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(MODELS, "diverging", Entry("made_models:DivergingModel", "diverges"))
    options = ("--set", "challengers=diverging,base", "--budget", "1h")
    ran = succeed("fit", links, "--horizon", 6, *options, "--out", tmp_path / "m")
    assert "left out: diverging; why: nettide explain-choice " in ran.out
    told = succeed("explain-choice", tmp_path / "m").out
    assert "left out: training diverged in epoch 2: the loss is not finite" in " ".join(told.split())


class _Without:
    """A finder of modules that does not see a library, as if it were not installed."""

    def __init__(self, finder: Any, library: str) -> None:
        self._finder, self._library = finder, library

    def __getattr__(self, name: str) -> Any:
        return getattr(self._finder, name)

    def find_spec(self, name: str, *more: Any) -> Any:
        return None if name.partition(".")[0] == self._library else self._finder.find_spec(name, *more)


@pytest.fixture
def _without_prophet(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [one for one in sys.modules if one.partition(".")[0] == "prophet"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [_Without(one, "prophet") for one in sys.meta_path])


@pytest.mark.usefixtures("_without_prophet")
def test_a_rival_that_is_not_installed_says_how_to_install_it(short: Path, tmp_path: Path) -> None:
    said = refuse("fit", short, "--model", "prophet", "--horizon", 6, "--out", tmp_path / "m")
    assert "pip install 'nettide[prophet]'" in said
    ran = succeed("fit", short, "--horizon", 6, "--set", "challengers=prophet,base", "--out", tmp_path / "auto")
    assert "left out: prophet; why: " in ran.out
    assert "pip install" in " ".join(succeed("explain-choice", tmp_path / "auto").out.split())


@pytest.mark.parametrize("verb", ["fit", "backtest", "forecast"])
def test_a_measured_day_that_is_not_that_of_the_clock_is_said(tmp_path: Path, verb: str) -> None:
    steps = np.arange(288 * 35)
    noise = np.random.default_rng(2).lognormal(0, 0.05, len(steps))
    path = write(tmp_path / "isp.csv", (1e9 * (2 + np.sin(2 * np.pi * steps / 283)) * noise)[None], minutes=5)
    options: tuple[object, ...] = ("--model", "naive", "--horizon", 12, "--out", tmp_path / "out")
    err = succeed(verb, path, *(() if verb == "forecast" else options)).err
    assert "the day of the data has 283 steps, not 288: rows are missing, or its clock is wrong" in err


def test_ctrl_c_keeps_what_is_there(links: Path, tmp_path: Path) -> None:
    folder, log = tmp_path / "m", tmp_path / "log"
    options = ("--horizon", 6, "--set", "challengers=base,lstm,theta", "--budget", "1h")
    process = start("fit", links, *options, "--out", folder, "--log", log)
    wait_until(lambda: lines_in(log) >= 1, process)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert "ended early (stopped by Ctrl-C): what was fitted by then is kept" in out
    assert "theta" in out.partition("left out: ")[2]
    assert "Traceback" not in err
    assert load_model(folder).training.ending == "interrupted"
    described = succeed("models", folder).out
    assert " s (stopped by Ctrl-C), " in described
    assert "epoch" not in out + described  # it has none of its own
    assert not list(folder.glob("checkpoint*"))
    assert nettide("forecast", folder, links).status == 0


@pytest.mark.slow
def test_a_killed_fit_goes_on_where_it_was_and_ends_as_one_that_was_not_killed(
    short: Path, whole: tuple[Path, Path], tmp_path: Path
) -> None:
    def purposes(log: Path) -> list[str]:
        return [json.loads(line)["purpose"] for line in log.read_text().splitlines()]

    log, again = tmp_path / "log", tmp_path / "again"
    process = start("fit", short, *TUNED, "--out", tmp_path / "killed", "--log", log)
    wait_until(lambda: log.exists() and "final" in purposes(log), process)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert "holds a training that has not ended" in refuse("forecast", tmp_path / "killed", short)
    # the budget may be another one: it does not decide what a challenger is
    succeed("fit", short, *TUNED, "--out", tmp_path / "killed", "--resume", "--log", again, "--budget", "2h")
    assert set(purposes(log)) == {"trial", "final"}
    assert set(purposes(again)) == {"final"}  # the trial was kept
    resumed, expected = load_model(tmp_path / "killed"), load_model(whole[0])
    assert {name: value.tobytes() for name, value in resumed.state.tensors.items()} == {
        name: value.tobytes() for name, value in expected.state.tensors.items()
    }
    assert not list((tmp_path / "killed").glob("checkpoint*"))


def test_resuming_a_fit_with_other_options_is_refused(short: Path, tmp_path: Path) -> None:
    process = start("fit", short, "--horizon", 6, "--budget", "1h", "--out", tmp_path / "m")
    wait_until((tmp_path / "m" / "checkpoint.json").exists, process)
    process.kill()
    process.communicate()
    said = nettide("fit", short, "--horizon", 12, "--budget", "1h", "--resume", "--out", tmp_path / "m").err
    assert "the checkpoint is of another fit: options, data or version differ; start without --resume" in said
