from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from streamlit.testing.v1 import AppTest
from studio_pages import KEY, answered, finished_run, made_data, opened, sound
from test_forecast_page import csv_data, lines_of, marks_of, said, use
from typer.testing import CliRunner

from nettide.cli.app import app
from nettide.insight.residuals import Autocorrelation, autocorrelation, moments
from nettide.studio import forecast_results
from nettide.studio.analysis_answers import Answers
from nettide.studio.analysis_errors import memory_words, squared_axis
from nettide.studio.forecast_scores import squared_text
from nettide.studio.runs import find_run
from nettide.studio.workspace import DataSet, Workspace
from nettide.tasks.load import Reading
from nettide.tasks.plan import Plan


def section(root: Path, name: str) -> AppTest:
    """A browser on a section of the page."""
    at = opened(root, "analysis")
    if name != "Errors":
        at.segmented_control(key="analysis.section").set_value(name).run()
    return at


def words(text: str) -> list[str]:
    """The words of a command as a shell reads them."""
    return shlex.split(text.replace("\\\n", " "))


def ran(text: str) -> dict[str, Any]:
    """What a command that a page shows gives as JSON."""
    done = CliRunner().invoke(app, [*words(text)[1:], "--json"])
    assert done.exit_code == 0, done.output
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


@pytest.fixture
def lstm(root: Path, worked: Path) -> Workspace:
    """A session whose model in use is lstm-1."""
    workspace = Workspace.of(root, KEY)
    use(workspace, "lstm-1")
    return workspace


def spiky(workspace: Workspace, path: Path, *, spike: int = 500) -> DataSet:
    """Three weeks of hours with a day's cycle, one burst of six hours, and a column that marks it."""
    generator = np.random.default_rng(0)
    hour = np.arange(24 * 28)
    values = 50 + 20 * np.sin(2 * np.pi * hour / 24) + generator.normal(0, 1, len(hour))
    values[spike : spike + 6] += 120
    times = np.datetime64("2026-01-01T00:00") + hour * np.timedelta64(1, "h")
    rows = [
        f"{time}Z,link,{value:.3f},{int(spike <= place < spike + 6)}"
        for place, (time, value) in enumerate(zip(times, values, strict=True))
    ]
    path.write_text("time,series,value,anomaly\n" + "\n".join(rows) + "\n")
    data = DataSet(path.name, str(path), Reading(unit="bit/s"), "path")
    workspace.use_data(data)
    return data


def test_without_data_the_page_says_where_to_get_some(root: Path) -> None:
    assert "There is no data yet." in said(sound(opened(root, "analysis")))


@pytest.mark.parametrize(
    ("name", "next_step"),
    [
        ("Errors", "Train and test one"),
        ("Importance", "Press the button"),
        ("What if", "Add a change"),
        ("Anomalies", "Press the button"),
        ("Capacity", "Say how much the link carries"),
        ("Compare", "once some were trained and tested"),
    ],
)
def test_each_section_without_anything_says_what_to_do_next(
    root: Path, workspace: Workspace, name: str, next_step: str
) -> None:
    made_data(workspace)
    at = sound(section(root, name))
    assert any(next_step in one.value for one in at.info)
    assert not at.get("plotly_chart")


def test_errors_are_those_of_the_test_part(root: Path, lstm: Workspace) -> None:
    at = sound(section(root, "Errors"))
    assert len(at.get("plotly_chart")) == 6
    one = forecast_results.joined(forecast_results.tested_series(find_run(lstm, "lstm-1"), "link-00001"), "lstm")
    table = pq.read_table(lstm.runs_folder / "lstm-1" / "result" / "forecasts.parquet").to_pandas()
    own = table[table["model"] == "lstm"]
    assert one.residuals == pytest.approx((own["y"] - own["y_hat"]).to_numpy())
    figures = dict(at.dataframe[0].value.to_numpy().tolist())
    assert figures["known errors"] == "78"
    score = find_run(lstm, "lstm-1").score
    assert figures["mean square (MSE)"] == squared_text(score["mse"], "bit/s")
    at.segmented_control(key="errors.model").set_value("naive").run()
    assert dict(sound(at).dataframe[0].value.to_numpy().tolist())["mean square (MSE)"] != figures["mean square (MSE)"]


def test_errors_of_a_model_that_was_tested_elsewhere_are_not_shown(root: Path, lstm: Workspace) -> None:
    made_data(lstm, points=300)
    at = sound(section(root, "Errors"))
    assert "was not tested on this data" in said(at)


def test_errors_of_a_damaged_run_are_one_sentence(root: Path, lstm: Workspace) -> None:
    (lstm.runs_folder / "lstm-1" / "result" / "forecasts.parquet").write_bytes(b"nothing")
    at = section(root, "Errors")
    assert not at.exception
    assert "holds no forecasts" in at.error[0].value.replace("\\", "")


def test_errors_that_go_together_within_a_forecast_are_not_held_against_it() -> None:
    """Errors of one forecast from 12 to 1 steps ahead share what could not be known at its cutoff."""
    generator = np.random.default_rng(1)
    steps = np.cumsum(generator.normal(size=(400, 12)), axis=1).reshape(-1)  # an optimal forecast of a random walk
    found = autocorrelation(steps, lags=48)
    assert found.values[0] > 0.5
    assert "nothing more can be learned" in memory_words(found, count=moments(steps).count, horizon=12)


def test_errors_that_repeat_each_day_tell_of_something_left_to_learn() -> None:
    generator = np.random.default_rng(2)
    steps = generator.normal(size=2400) + np.tile(np.sin(np.arange(24) / 24 * 2 * np.pi), 100)
    told = memory_words(autocorrelation(steps, lags=48), count=2400, horizon=14)
    assert "something left to learn" in told


def test_nothing_is_said_of_the_memory_of_errors_that_are_all_alike() -> None:
    unknown = np.full(5, np.nan)
    assert not memory_words(Autocorrelation(unknown, np.nan, unknown, unknown), count=6, horizon=2)


def test_mean_squares_have_a_prefix_within_the_square() -> None:
    values, unit = squared_axis(np.array([4e18, np.nan, 9e18]), "bit/s")
    assert (unit, values[0], values[2]) == ("(Gbit/s)²", 4.0, 9.0)
    assert squared_axis(np.array([np.nan]), "bit/s")[1] == "(bit/s)²"
    assert squared_axis(np.array([9.0]), "")[1] == ""
    assert squared_text(4e18, "bit/s") == "4 (Gbit/s)²"
    assert squared_text(250_000.0, "ms") == "250,000 (ms)²"
    assert squared_text(float("nan"), "bit/s") == "–"


def test_importance_is_measured_on_a_button_and_kept(root: Path, lstm: Workspace) -> None:
    at = section(root, "Importance")
    at.number_input(key="importance.repeats").set_value(2)
    at.run()
    answered(at, "importance.ask")
    table = sound(at).dataframe[0].value
    assert "past of y" in set(table["input"])
    assert len(at.get("plotly_chart")) == 1
    command = at.code[0].value
    known = ran(command)
    assert {one["name"] for one in known["inputs"]} == set(table["input"])
    assert f"{100 * known['inputs'][0]['rise']:+.1f} %" == table["rise of loss"].iloc[0]
    at.segmented_control(key="analysis.section").set_value("Errors").run()
    at.segmented_control(key="analysis.section").set_value("Importance").run()
    assert sound(at).dataframe[0].value.equals(table)  # without the button
    assert at.number_input(key="importance.repeats").value == 2
    at.number_input(key="importance.repeats").set_value(3).run()
    assert not at.dataframe  # of other settings nothing is known yet


def test_importance_that_cannot_be_measured_is_one_sentence(root: Path, workspace: Workspace) -> None:
    made_data(workspace, points=100)
    at = section(root, "Importance")
    answered(at, "importance.ask")
    assert not at.exception
    assert "windows" in at.error[0].value


def test_what_if_shows_both_forecasts_with_bands_and_their_difference(root: Path, lstm: Workspace) -> None:
    at = section(root, "What if")
    at.button(key="what-if.add").click().run()
    assert "Multiply a channel: y=1.5" in said(at)
    answered(at, "what-if.ask")
    lines = lines_of(sound(at))
    assert {"history", "history, changed", "forecast, as it is", "forecast, changed", "80 % band, changed"} <= set(
        lines
    )
    assert "now" in marks_of(at)
    assert "with the same luck" in lines_of(at, 1)
    known = ran(at.code[0].value)["series"][0]
    assert known["difference"] != 0
    assert at.dataframe[0].value["in %"].iloc[0] == f"{100 * known['share']:+.1f} %"


@pytest.mark.parametrize(
    ("kind", "amount", "option"),
    [("shift", "-5M", "--shift y=-5M"), ("growth", "10%", "--growth y=10%"), ("scale", "0.8", "--scale y=0.8")],
)
def test_each_change_of_values_becomes_an_option(
    root: Path, workspace: Workspace, kind: str, amount: str, option: str
) -> None:
    made_data(workspace)
    at = section(root, "What if")
    at.selectbox(key="what-if.kind").set_value(kind).run()
    at.text_input(key=f"what-if.{kind}").set_value(amount).run()
    at.button(key="what-if.add").click().run()
    answered(at, "what-if.ask")
    assert option in sound(at).code[0].value
    assert ran(at.code[0].value)["changes"]


def test_holidays_and_events_can_be_added_and_removed(root: Path, workspace: Workspace) -> None:
    made_data(workspace)
    at = section(root, "What if")
    at.selectbox(key="what-if.kind").set_value("add").run()
    at.button(key="what-if.add").click().run()
    at.selectbox(key="what-if.add-kind").set_value("event").run()
    at.datetime_input(key="what-if.from").set_value(datetime(2026, 1, 17, 20, 0)).run()
    at.button(key="what-if.add").click().run()
    at.selectbox(key="what-if.kind").set_value("remove").run()
    at.selectbox(key="what-if.remove").set_value("holiday").run()
    at.button(key="what-if.add").click().run()
    sound(at)
    at.datetime_input(key="what-if.since").set_value(datetime(2026, 1, 1)).run()
    answered(at, "what-if.ask")
    given = words(sound(at).code[0].value)
    added = [given[place + 1] for place, word in enumerate(given) if word == "--add"]
    assert added == ["holiday=2026-01-17", "event=2026-01-17T20:00Z/2026-01-18T00:00Z"]
    assert "--remove" in given


def test_changes_of_old_data_can_be_asked_for_and_are_forgotten_with_it(root: Path, workspace: Workspace) -> None:
    old = csv_data(workspace)
    path = Path(old.location)
    path.write_text(path.read_text().replace("2026-", "2011-"))
    at = section(root, "What if")
    for kind in ("holiday", "event"):
        at.selectbox(key="what-if.kind").set_value("add").run()
        at.selectbox(key="what-if.add-kind").set_value(kind).run()
        at.button(key="what-if.add").click().run()
    answered(at, "what-if.ask")
    assert "--add holiday=2011-01-17" in sound(at).code[0].value
    made_data(workspace)
    at.run()
    assert "Add a change" in said(sound(at))
    assert at.datetime_input(key="what-if.since").value.year == 2026


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_a_zone_at_either_end_of_the_day_leaves_the_times_within_reach(
    root: Path, workspace: Workspace, zone: str
) -> None:
    made_data(workspace, points=30)
    at = section(root, "What if")
    for other in (zone, "Pacific/Kiritimati", "UTC"):
        at.sidebar.selectbox[0].set_value(other).run()
        sound(at)


def test_times_of_a_change_are_those_of_the_side_bar(root: Path, workspace: Workspace) -> None:
    made_data(workspace)
    at = section(root, "What if")
    at.sidebar.selectbox[0].set_value("Asia/Tokyo").run()
    at.button(key="what-if.add").click().run()
    at.datetime_input(key="what-if.since").set_value(datetime(2026, 1, 17, 0, 0)).run()
    answered(at, "what-if.ask")
    assert "--since 2026-01-16T15:00Z" in sound(at).code[0].value


def test_a_change_that_is_not_understood_is_refused_and_one_can_be_dropped(root: Path, workspace: Workspace) -> None:
    made_data(workspace)
    at = section(root, "What if")
    at.text_input(key="what-if.scale").set_value("much").run()
    at.button(key="what-if.add").click().run()
    assert "scale 'y=much' is not understood" in at.error[0].value.replace("\\", "")
    at.text_input(key="what-if.scale").set_value("2").run()
    at.button(key="what-if.add").click().run()
    at.button(key="what-if.add").click().run()
    assert "among the changes already" in at.error[0].value
    at.button(key="what-if.drop.0").click().run()
    assert "Add a change" in said(sound(at))


def test_a_change_that_would_make_traffic_negative_is_one_sentence(root: Path, workspace: Workspace) -> None:
    made_data(workspace)
    at = section(root, "What if")
    at.selectbox(key="what-if.kind").set_value("shift").run()
    at.text_input(key="what-if.shift").set_value("-900G").run()
    at.button(key="what-if.add").click().run()
    answered(at, "what-if.ask")
    assert not at.exception
    assert "negative" in at.error[0].value


def test_what_if_of_one_series_leaves_the_others(root: Path, workspace: Workspace) -> None:
    csv_data(workspace, ids=("a", "b"))
    at = section(root, "What if")
    at.button(key="what-if.add").click().run()
    at.toggle(key="what-if.alone").set_value(True).run()
    answered(at, "what-if.ask")
    table = sound(at).dataframe[0].value.set_index("series")
    changed, other = (abs(float(table.loc[one, "in %"].split()[0])) for one in ("a", "b"))
    assert other < 0.2  # it hears of its companion
    assert changed > 1.0
    assert "--series a" in at.code[0].value


def test_a_planted_burst_is_found_explained_and_scored_by_its_labels(
    root: Path, workspace: Workspace, tmp_path: Path
) -> None:
    spiky(workspace, tmp_path / "spiky.csv")
    at = section(root, "Anomalies")
    assert at.selectbox(key="anomalies.labels").value == "anomaly"  # found by itself
    answered(at, "anomalies.ask")
    incidents, scores = (one.value for one in sound(at).dataframe)
    assert "usual for" in incidents["what"].iloc[0]
    ours = scores[scores["method"] == "nettide"].iloc[0]
    assert ours["windows found"] == "1 of 1"
    assert float(ours["recall"]) == 1.0
    assert len(scores) == 3
    lines = lines_of(at)
    assert {"actual", "expected", "80 % band", "anomaly"} <= set(lines)
    assert "The worst: " in said(at)
    known = ran(at.code[0].value)
    assert len(known["incidents"]) == len(incidents)
    assert known["incidents"][0]["text"] in set(incidents["what"])
    at.sidebar.selectbox[0].set_value("Asia/Tokyo").run()
    in_tokyo = sound(at).dataframe[0].value  # the answer is kept, and told by the clock of the side bar
    start = datetime.fromisoformat(incidents.iloc[0, 0]) + timedelta(hours=9)
    assert in_tokyo.iloc[0, 0] == f"{start:%Y-%m-%d %H:%M}"
    assert f"usual for {start:%A}" in in_tokyo["what"].iloc[0]
    assert in_tokyo["what"].iloc[0] != incidents["what"].iloc[0]
    assert f"The worst: {in_tokyo['what'].iloc[0]}" in said(at)
    figure = json.loads(at.get("plotly_chart")[0].proto.spec)
    assert [one["type"] for one in figure["layout"]["shapes"]] == ["rect"]


def test_anomalies_of_the_test_part_alone_are_judged_from_its_begin(root: Path, lstm: Workspace) -> None:
    at = section(root, "Anomalies")
    assert at.selectbox(key="anomalies.part").value == "the test part alone"
    at.number_input(key="anomalies.allowed").set_value(5.0).run()
    answered(at, "anomalies.ask")
    command = sound(at).code[0].value
    assert "--since 2026-01-14T08:00:00Z" in command
    assert "--false-alarms 5" in command
    ran(command)


def test_too_many_false_alarms_are_refused_in_one_sentence(root: Path, workspace: Workspace) -> None:
    made_data(workspace)
    at = section(root, "Anomalies")
    at.number_input(key="anomalies.allowed").set_value(1000.0).run()
    answered(at, "anomalies.ask")
    assert not at.exception
    assert "false alarms per week" in at.error[0].value


def test_capacity_says_when_the_link_is_full(root: Path, workspace: Workspace, tmp_path: Path) -> None:
    growing = tmp_path / "growing.csv"
    times = np.datetime64("2025-01-01T00:00") + np.arange(24 * 120) * np.timedelta64(1, "h")
    rows = [f"{time}Z,{1e9 + 5e5 * place + 1e8 * (place % 24):.0f}" for place, time in enumerate(times)]
    growing.write_text("time,value\n" + "\n".join(rows) + "\n")
    workspace.use_data(DataSet("growing.csv", str(growing), Reading(unit="bit/s"), "path"))
    at = section(root, "Capacity")
    at.text_input(key="capacity.size").set_value("6G").run()
    answered(at, "capacity.ask")
    assert len(sound(at).get("plotly_chart")) == 1
    known = ran(at.code[0].value)["series"][0]
    assert f"{known['thresholds'][0]['p50']}" in said(at)
    assert {"70 %", "85 %", "100 %"} <= set(at.dataframe[0].value.columns)


def test_a_short_history_and_a_bad_capacity_are_said_plainly(root: Path, workspace: Workspace) -> None:
    made_data(workspace)
    at = section(root, "Capacity")
    at.text_input(key="capacity.size").set_value("60G").run()
    answered(at, "capacity.ask")
    assert "too short a history" in said(sound(at))
    at.text_input(key="capacity.size").set_value("big").run()
    assert "quantity 'big' is not understood" in at.error[0].value.replace("\\", "")
    at.text_input(key="capacity.size").set_value("60G").run()
    at.multiselect(key="capacity.thresholds").set_value([]).run()
    assert "no threshold is given" in at.error[0].value


def test_all_models_and_each_baseline_once_are_compared(root: Path, lstm: Workspace) -> None:
    at = sound(section(root, "Compare"))
    table = at.dataframe[0].value
    assert sorted(table["model"]) == ["lstm (lstm-1)", "naive", "seasonal-naive", "window-mean (window-mean-1)"]
    assert list(table["relative MAE"]) == sorted(table["relative MAE"])
    assert len(at.get("plotly_chart")) == 1
    assert at.code[0].value.count("nettide backtest") == 2


def test_models_of_other_data_or_horizons_are_compared_apart(root: Path, lstm: Workspace) -> None:
    data = lstm.data()
    assert data is not None
    finished_run(lstm, data, Plan("window-mean", 3))
    at = sound(section(root, "Compare"))
    assert [len(one.value) for one in at.dataframe] == [3, 4]
    assert said(at).count("steps of 1h ahead") == 2
    assert "is better here than all that was trained: use it." in said(at)


def test_a_model_in_use_that_is_gone_is_one_sentence(root: Path, lstm: Workspace) -> None:
    path = lstm.runs_folder / "lstm-1" / "model" / "model.json"
    path.write_text("{}")
    for name, act in (("Importance", "importance.ask"), ("Anomalies", "anomalies.ask")):
        at = section(root, name)
        answered(at, act)
        assert not at.exception
        assert "model.json" in at.error[0].value.replace("\\", "")


def test_answers_are_kept_until_too_many_are() -> None:
    kept = Answers(most=2)
    for key in ("a", "b"):
        kept.keep((key,), key)
    assert kept.find(("a",)) == "a"
    kept.keep(("c",), "c")
    assert kept.find(("b",)) is None  # not looked at for longest
    assert (kept.find(("a",)), kept.find(("c",))) == ("a", "c")


@pytest.mark.parametrize("name", ["Errors", "Importance", "What if", "Anomalies", "Capacity", "Compare"])
def test_names_are_shown_to_the_letter_in_each_section(root: Path, workspace: Workspace, name: str) -> None:
    strange = "<script>alert(1)</script>"
    data = csv_data(workspace, ids=(strange, "b"))
    finished_run(workspace, data, Plan("window-mean", 6))
    at = section(root, name)
    actions: dict[str, Callable[[], object]] = {
        "Importance": lambda: answered(at, "importance.ask"),
        "What if": lambda: at.button(key="what-if.add").click().run() and answered(at, "what-if.ask"),
        "Anomalies": lambda: answered(at, "anomalies.ask"),
        "Capacity": lambda: at.text_input(key="capacity.size").set_value("1k").run() and answered(at, "capacity.ask"),
    }
    actions.get(name, at.run)()
    assert not at.exception
    for chart in at.get("plotly_chart"):
        assert "<script>" not in chart.proto.spec
    for one in (*at.markdown, *at.caption, *at.info, *at.error, *at.warning, *at.success):
        assert "<script>" not in one.value
