from __future__ import annotations

import json
import shlex
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest
from studio_pages import KEY, OTHER_KEY, answered, finished_run, made_data, opened, session, sound
from typer.testing import CliRunner

from nettide.cli.app import app
from nettide.studio.workspace import DataSet, Workspace
from nettide.tasks.forecast import forecast
from nettide.tasks.load import Reading
from nettide.tasks.plan import Plan


def csv_data(
    workspace: Workspace, *, ids: tuple[str, ...] = ("uplink",), hours: int = 400, step: int = 3600
) -> DataSet:
    """Daily traffic of some series in a CSV file that the session uses."""
    folder = workspace.new_folder(workspace.data_folder, "upload")
    times = np.datetime64("2026-01-01T00:00") + np.arange(hours) * np.timedelta64(step, "s")
    rows = [
        f'{time}Z,"{id}",{50 + hour % 24 + place}' for place, id in enumerate(ids) for hour, time in enumerate(times)
    ]
    (folder / "traffic.csv").write_text("time,series,value\n" + "\n".join(rows) + "\n")
    data = DataSet("traffic.csv", str(folder / "traffic.csv"), Reading(), "upload")
    workspace.use_data(data)
    return data


def said(at: AppTest) -> str:
    """All that the page says, without the marks that keep Markdown from reading it."""
    parts = [*at.info, *at.warning, *at.success, *at.error, *at.text, *at.caption, *at.markdown]
    return "\n".join(one.value for one in parts).replace("\\", "")


def lines_of(at: AppTest, place: int = 0) -> dict[str, dict]:
    """The lines of a chart by their names."""
    figure = json.loads(at.get("plotly_chart")[place].proto.spec)
    return {one.get("name", ""): one for one in figure["data"]}


def marks_of(at: AppTest, place: int = 0) -> list[str]:
    """The words at the vertical lines of a chart."""
    figure = json.loads(at.get("plotly_chart")[place].proto.spec)
    return [one["text"] for one in figure["layout"].get("annotations", [])]


def use(workspace: Workspace, run: str) -> None:
    workspace.use_model("run", run, label=run)


def test_without_data_the_page_says_where_to_get_some(root: Path) -> None:
    at = sound(opened(root, "forecast"))
    assert "There is no data yet." in said(at)
    assert not at.get("plotly_chart")


def test_data_that_cannot_be_read_is_one_sentence(root: Path, workspace: Workspace) -> None:
    workspace.use_data(DataSet("gone.csv", "/nowhere/gone.csv", Reading(), "path"))
    at = opened(root, "forecast")
    assert not at.exception
    assert "gone.csv" in at.error[0].value.replace("\\", "")
    assert "The data cannot be forecast yet." in said(at)


def test_without_any_run_the_pretrained_network_forecasts_at_once(root: Path, workspace: Workspace) -> None:
    data = made_data(workspace)
    at = sound(opened(root, "forecast"))
    assert at.selectbox(key="use.model").value == "pretrained"
    assert "no test part" in said(at)
    assert "now" in marks_of(at)
    made = forecast(None, data.location, data.reading).forecast
    drawn = lines_of(at)["forecast beyond the data"]
    assert len(drawn["x"]) == made.horizon == 24
    assert len(at.dataframe) == 1  # the forecast; nothing is known of errors
    assert at.dataframe[0].value["predicted (Gbit/s)"].to_numpy() == pytest.approx(made.point[0, 0] / 1e9)


def test_a_run_shows_its_test_part_the_future_and_scores_beside_the_naive_forecasts(root: Path, worked: Path) -> None:
    use(Workspace.of(root, KEY), "lstm-1")
    at = sound(opened(root, "forecast"))
    at.segmented_control(key="forecast.span").set_value("Test part").run()
    sound(at)
    lines = lines_of(at)
    assert {"actual", "lstm, test part", "seasonal-naive", "forecast beyond the data", "80 % band"} <= set(lines)
    assert len(lines["lstm, test part"]["x"]) == 78  # of 80 test steps, in windows of 6
    scores = at.dataframe[0].value
    assert set(scores["model"]) == {"lstm", "seasonal-naive", "naive"}
    for column in ("MSE", "RMSE", "MAE", "MAPE", "WAPE", "MASE", "80 % band holds", "relative MAE"):
        assert column in scores, column
    assert "(Gbit/s)²" in scores["MSE"].iloc[0]
    assert [one.label for one in at.metric] == ["MAE", "RMSE", "MAPE", "WAPE", "MASE", "80 % band holds"]


def test_a_model_that_loses_to_a_naive_forecast_is_said_to(root: Path, worked: Path) -> None:
    use(Workspace.of(root, KEY), "window-mean-1")
    at = sound(opened(root, "forecast"))
    assert "naive forecast is best here: use it." in at.warning[0].value.replace("\\", "")
    assert not at.success


def test_a_point_model_has_no_band(root: Path, worked: Path) -> None:
    use(Workspace.of(root, KEY), "window-mean-1")
    at = sound(opened(root, "forecast"))
    assert not any("band" in name for name in lines_of(at))
    assert list(at.dataframe[1].value.columns)[1:] == ["predicted (Gbit/s)"]


def test_the_table_of_the_test_part_has_truth_forecast_band_and_error(root: Path, worked: Path) -> None:
    use(Workspace.of(root, KEY), "lstm-1")
    at = opened(root, "forecast")
    at.segmented_control(key="forecast.part").set_value("Test part").run()
    table = sound(at).dataframe[1].value
    actual, predicted, low, high, error = (table.iloc[:, place].to_numpy() for place in range(1, 6))
    assert len(table) == 78
    assert error == pytest.approx(actual - predicted)
    assert (low <= high).all()


def test_times_are_on_the_clock_of_the_side_bar(root: Path, workspace: Workspace) -> None:
    made_data(workspace)
    at = opened(root, "forecast")
    utc = at.dataframe[0].value.iloc[0, 0]
    at.sidebar.selectbox[0].set_value("Asia/Tokyo").run()
    shown = sound(at).dataframe[0].value
    assert shown.columns[0] == "time (Asia/Tokyo)"
    assert shown.iloc[0, 0] - utc == np.timedelta64(9, "h")


def test_downloads_are_what_the_command_line_writes(root: Path, worked: Path, tmp_path: Path) -> None:
    from nettide.forecast import Forecast
    from nettide.studio.forecast_download import forecast_bytes, tested_bytes
    from nettide.studio.runs import find_run

    workspace = Workspace.of(root, KEY)
    use(workspace, "lstm-1")
    at = sound(opened(root, "forecast"))
    labels = [one.label for one in at.get("download_button")]
    assert labels == ["Forecast as CSV", "Forecast as Parquet", "Test part as CSV", "Test part as Parquet"]
    words = shlex.split(at.code[0].value.partition("\n\n")[0].replace("\\\n", " "), comments=True)
    words[words.index("forecast.csv")] = str(tmp_path / "forecast.csv")
    done = CliRunner().invoke(app, words[1:])
    assert done.exit_code == 0, done.output
    run, data = find_run(workspace, "lstm-1"), workspace.data()
    assert data is not None
    made = forecast(run.model, data.location, data.reading).forecast
    assert forecast_bytes(made, ".csv") == (tmp_path / "forecast.csv").read_bytes()
    (tmp_path / "again.parquet").write_bytes(forecast_bytes(made, ".parquet"))
    import pyarrow.parquet as pq

    assert np.array_equal(Forecast.from_frame(pq.read_table(tmp_path / "again.parquet")).point, made.point)
    path = run.result / "forecasts.parquet"
    assert tested_bytes(path, ".parquet") == path.read_bytes()
    assert len(tested_bytes(path, ".csv").splitlines()) == 1 + pq.read_table(path).num_rows


def test_a_run_on_other_data_forecasts_this_and_says_that_its_quality_here_is_unknown(root: Path, worked: Path) -> None:
    workspace = Workspace.of(root, KEY)
    use(workspace, "lstm-1")
    made_data(workspace, points=300)
    at = sound(opened(root, "forecast"))
    assert "was tested on made, not on made" in said(at)
    assert len(lines_of(at)["forecast beyond the data"]["x"]) == 6
    assert not at.metric


def test_a_model_that_does_not_fit_the_data_is_one_sentence(root: Path, worked: Path) -> None:
    workspace = Workspace.of(root, KEY)
    use(workspace, "lstm-1")
    csv_data(workspace, step=300)
    at = opened(root, "forecast")
    assert not at.exception
    assert "step" in at.error[0].value
    assert at.code  # the rest of the page is there


def test_forecasts_that_are_gone_or_damaged_are_one_sentence(root: Path, worked: Path) -> None:
    workspace = Workspace.of(root, KEY)
    use(workspace, "lstm-1")
    path = workspace.runs_folder / "lstm-1" / "result" / "forecasts.parquet"
    path.write_bytes(b"PAR1 nothing")
    at = opened(root, "forecast")
    assert not at.exception
    assert "holds no forecasts" in at.error[0].value.replace("\\", "")
    path.unlink()
    at = opened(root, "forecast")
    assert "the forecasts of lstm-1 cannot be read" in at.error[0].value.replace("\\", "")


def test_a_model_chosen_here_is_in_use_on_all_pages_and_the_pretrained_until_another_is(
    root: Path, worked: Path
) -> None:
    workspace = Workspace.of(root, KEY)
    use(workspace, "lstm-1")
    at = opened(root, "forecast")
    at.selectbox(key="use.model").set_value("run:window-mean-1").run()
    active = workspace.active_model()
    assert active is not None
    assert active.run == "window-mean-1"
    at.selectbox(key="use.model").set_value("pretrained").run()
    assert "no test part" in said(sound(at))
    at.switch_page("../pages/analysis.py").run()
    assert at.selectbox(key="use.model").value == "pretrained"
    use(workspace, "lstm-1")
    at.run()
    assert at.selectbox(key="use.model").value == "run:lstm-1"


def test_a_saved_model_can_be_chosen_and_a_deleted_one_is_not_missed(root: Path, worked: Path) -> None:
    workspace = Workspace.of(root, KEY)
    workspace.save_model(workspace.runs_folder / "lstm-1" / "model", "mine")
    workspace.use_model("model", "mine", label="mine")
    at = sound(opened(root, "forecast"))
    assert at.selectbox(key="use.model").value == "model:mine"
    assert "no test part" in said(at)
    workspace.delete_model("mine")
    at.run()
    assert at.selectbox(key="use.model").value == "run:window-mean-1"  # the newest run


def test_what_was_chosen_stays_after_a_visit_to_another_page(root: Path, worked: Path) -> None:
    use(Workspace.of(root, KEY), "lstm-1")
    at = opened(root, "forecast")
    at.segmented_control(key="forecast.span").set_value("All").run()
    at.multiselect(key="forecast.beside").set_value(["naive"]).run()
    at.switch_page("../pages/data.py").run()
    at.switch_page("../pages/forecast.py").run()
    assert at.segmented_control(key="forecast.span").value == "All"
    assert at.multiselect(key="forecast.beside").value == ["naive"]


def test_names_are_shown_to_the_letter(root: Path, workspace: Workspace) -> None:
    name = "<script>alert(1)</script>"
    csv_data(workspace, ids=(name, "*other*"))
    data = workspace.data()
    assert data is not None
    finished_run(workspace, data, Plan("window-mean", 6))
    at = sound(opened(root, "forecast"))
    assert list(at.selectbox(key="use.series").options) == [name, "*other*"]
    spec = at.get("plotly_chart")[0].proto.spec
    assert "<script>" not in spec
    at.selectbox(key="use.series").set_value(1).run()
    assert "\\*other\\*" in sound(at).expander[0].label


def test_each_series_has_scores_of_its_own(root: Path, workspace: Workspace) -> None:
    csv_data(workspace, ids=("a", "b"))
    data = workspace.data()
    assert data is not None
    finished_run(workspace, data, Plan("window-mean", 6))
    at = sound(opened(root, "forecast"))
    own = at.dataframe[1].value
    assert set(own["model"]) == {"window-mean", "seasonal-naive", "naive"}
    assert "MASE" not in own
    naive = own[own["model"] == "seasonal-naive"]
    assert naive["MAE"].iloc[0] == "0"  # each day is like the other


def test_the_forecast_of_many_series_waits_to_be_asked_for(root: Path, workspace: Workspace) -> None:
    csv_data(workspace, ids=tuple(f"link-{place}" for place in range(301)), hours=60)
    at = sound(opened(root, "forecast"))
    assert not at.metric
    assert "forecast beyond the data" not in lines_of(at)
    answered(at, "forecast.ask")
    assert "forecast beyond the data" in lines_of(sound(at))
    at.run()
    assert "forecast beyond the data" in lines_of(sound(at))


def test_a_series_without_a_known_value_is_said_to_have_no_forecast(root: Path, workspace: Workspace) -> None:
    data = csv_data(workspace, ids=("a", "b"))
    lines = Path(data.location).read_text().splitlines()
    Path(data.location).write_text("\n".join(one.rpartition(",")[0] + "," if ',"b",' in one else one for one in lines))
    at = opened(root, "forecast")
    at.selectbox(key="use.series").set_value(1).run()
    assert "Nothing can be forecast of this series" in said(sound(at))


def test_another_session_has_no_part_in_it(root: Path, worked: Path) -> None:
    use(Workspace.of(root, KEY), "lstm-1")
    at = sound(session(root, OTHER_KEY).run())
    at.switch_page("../pages/forecast.py").run()
    assert "There is no data yet." in said(at)


def test_a_copied_session_still_reads_its_own_forecasts(root: Path, worked: Path, tmp_path: Path) -> None:
    moved = tmp_path / "moved"
    shutil.copytree(root, moved)
    use(Workspace.of(moved, KEY), "lstm-1")
    at = sound(opened(moved, "forecast"))
    assert at.metric


def test_the_unit_of_the_file_is_on_the_axis(root: Path, workspace: Workspace) -> None:
    data = csv_data(workspace)
    workspace.use_data(replace(data, reading=replace(data.reading, unit="packets")))
    at = sound(opened(root, "forecast"))
    figure = json.loads(at.get("plotly_chart")[0].proto.spec)
    assert figure["layout"]["yaxis"]["title"]["text"] == "value (packets)"
