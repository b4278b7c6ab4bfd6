from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from studio_pages import KEY, OTHER_KEY, button, made_data, opened, session, sound

from nettide.prepare.grid import GridChoice
from nettide.studio.workspace import DataSet, Workspace
from nettide.tasks.load import Reading


def csv(path: Path, *, id: str = "uplink", sign: int = 1, hours: int = 400) -> Path:
    rows = [
        f"{np.datetime64('2026-01-01T00:00') + np.timedelta64(hour, 'h')}Z,{id},{sign * (5 + hour % 24)}"
        for hour in range(hours)
    ]
    path.write_text("time,series,value\n" + "\n".join(rows) + "\n")
    return path


def use(root: Path, path: Path, reading: Reading | None = None, kind: str = "path") -> Workspace:
    workspace = Workspace.of(root, KEY)
    workspace.use_data(DataSet(path.name, str(path), reading or Reading(), kind))
    return workspace


def test_without_data_the_page_says_what_to_do(root: Path) -> None:
    at = sound(session(root).run())
    assert [one.value for one in at.info] == ["There is no data yet: make some traffic, or bring your own."]


def test_every_knob_of_synthetic_traffic_reaches_the_data(root: Path, workspace: Workspace) -> None:
    at = session(root).run()
    at.number_input(key="synth.points").set_value(3000)
    at.selectbox(key="synth.step").set_value("5min")
    at.number_input(key="synth.series").set_value(2)
    at.slider(key="synth.parameters").set_value(3)
    at.toggle(key="synth.noisy").set_value(False)
    at.toggle(key="synth.cycles").set_value(False)
    at.toggle(key="synth.holidays").set_value(False)
    at.toggle(key="synth.peaks").set_value(False)
    at.slider(key="synth.trend").set_value(50.0)
    at.number_input(key="synth.shifts").set_value(1)
    at.slider(key="synth.gaps").set_value(10.0)
    at.number_input(key="synth.seed").set_value(7)
    at.text_input(key="synth.zone").set_value("Europe/Prague")
    button(at, "Make traffic").click()
    assert not at.run().exception
    data = workspace.data()
    assert data is not None
    for option in (
        "--points 3000", "--step 5min", "--series 2", "--parameters 3", "--noise 0 ", "--no-cycles", "--no-holidays",
        "--events-per-month 0 ", "--trend 0.5", "--shifts 1", "--gaps 0.1", "--seed 7", "--zone Europe/Prague",
        "--start 2026-01-01",
    ):  # fmt: skip
        assert option in data.command, option
    assert data.units == (("y", "bit/s"), ("packet_count", "packets"), ("latency", "ms"))
    assert data.reading.zone == "Europe/Prague"
    assert at.multiselect[0].options == ["y", "packet_count", "latency"]
    assert list(at.selectbox(key="view.series").options) == ["link-00001", "link-00002"]


def test_the_shown_command_makes_the_same_traffic(root: Path, workspace: Workspace, tmp_path: Path) -> None:
    import shlex

    from typer.testing import CliRunner

    from nettide.cli.app import app

    at = session(root).run()
    at.number_input(key="synth.points").set_value(200)
    at.number_input(key="synth.seed").set_value(5)
    button(at, "Make traffic").click()
    at.run()
    data = workspace.data()
    assert data is not None
    words = shlex.split(data.command)[1:]
    words[1] = str(tmp_path / "again.parquet")
    assert CliRunner().invoke(app, words).exit_code == 0
    assert Path(words[1]).read_bytes() == Path(data.location).read_bytes()


def test_a_knob_out_of_range_is_one_sentence(root: Path) -> None:
    at = session(root).run()
    at.text_input(key="synth.zone").set_value("Mars/Base")
    button(at, "Make traffic").click()
    at.run()
    assert "time zone 'Mars/Base' does not exist" in at.error[0].value.replace("\\", "")
    assert not at.exception


def test_data_is_judged_described_and_drawn(root: Path, workspace: Workspace) -> None:
    made_data(workspace)
    at = sound(session(root).run())
    assert "1 series, 400 rows, step 1h" in at.get("success")[0].value.replace("\\", "") or at.warning
    verdict, statistics, preview = (one.value for one in at.dataframe)
    assert verdict["verdict"].iloc[0] in ("fit to forecast", "with care")
    assert list(statistics["channel"]) == ["y", "packet_count"]
    assert "bit/s" in statistics["mean"].iloc[0]
    assert "packets" in statistics["mean"].iloc[1]
    assert len(preview) == 400
    assert len(at.get("plotly_chart")) == 3


def test_channels_of_different_units_have_charts_of_their_own_and_none_says_so(
    root: Path, workspace: Workspace
) -> None:
    made_data(workspace)
    at = session(root).run()
    at.multiselect[0].set_value(["y", "packet_count"])
    sound(at.run())
    assert len(at.get("plotly_chart")) == 4
    at.multiselect[0].set_value([])
    sound(at.run())
    assert "Choose a channel to draw." in [one.value for one in at.info]


def test_the_time_zone_of_charts_is_the_users(root: Path, workspace: Workspace) -> None:
    made_data(workspace)
    at = session(root).run()
    at.sidebar.selectbox(key="side.zone").set_value("Asia/Tokyo")
    sound(at.run())
    preview = at.dataframe[2].value
    assert str(preview["time (Asia/Tokyo)"].iloc[0]) == "2026-01-01 09:00:00"
    at.switch_page("../pages/training.py").run()
    assert at.sidebar.selectbox(key="side.zone").value == "Asia/Tokyo"


@pytest.mark.parametrize("zone", ["Etc/Unknown", "../etc/passwd", ""])
def test_a_zone_of_the_browser_that_does_not_exist_here_is_utc(root: Path, workspace: Workspace, zone: str) -> None:
    made_data(workspace)
    at = session(root)
    at.context["timezone"] = zone
    sound(at.run())
    assert at.sidebar.selectbox(key="side.zone").value == "UTC"
    assert "time (UTC)" in at.dataframe[2].value


def test_a_path_is_read(root: Path, workspace: Workspace, tmp_path: Path) -> None:
    path = csv(tmp_path / "traffic.csv")
    at = session(root).run()
    at.segmented_control(key="data.kind").set_value("Path")
    at.run()
    at.text_input(key="data.path").set_value(str(path))
    button(at, "Read it").click()
    sound(at.run())
    data = workspace.data()
    assert data is not None
    assert (data.name, data.kind) == ("traffic.csv", "path")
    assert list(at.selectbox(key="view.series").options) == ["uplink"]


@pytest.mark.parametrize(
    ("path", "said"), [("", "no path is given"), ("/nowhere/at/all.csv", "no such file or folder")]
)
def test_a_path_that_leads_nowhere_is_one_sentence(root: Path, path: str, said: str) -> None:
    at = session(root).run()
    at.segmented_control(key="data.kind").set_value("Path")
    at.run()
    at.text_input(key="data.path").set_value(path)
    button(at, "Read it").click()
    at.run()
    assert said in at.error[0].value.replace("\\", "")


def test_paths_are_offered_only_where_they_are_allowed(root: Path) -> None:
    at = session(root, paths=False).run()
    assert list(at.segmented_control(key="data.kind").options) == ["Synthetic", "Upload"]


def test_an_upload_is_kept_on_disk_and_read(root: Path, workspace: Workspace, tmp_path: Path) -> None:
    path = csv(tmp_path / "up load.csv")
    at = session(root).run()
    at.segmented_control(key="data.kind").set_value("Upload")
    at.run()
    at.get("file_uploader")[0].set_value((path.name, path.read_bytes(), "text/csv"))
    sound(at.run())
    data = workspace.data()
    assert data is not None
    assert data.name == "up load.csv"
    assert Path(data.location).read_bytes() == path.read_bytes()
    assert Path(data.location).is_relative_to(workspace.data_folder)
    assert at.get("file_uploader")[0].value is None  # the server has let go of its copy


def test_an_upload_over_the_limit_is_refused(root: Path, workspace: Workspace, tmp_path: Path) -> None:
    at = session(root, upload_limit_bytes=100).run()
    at.segmented_control(key="data.kind").set_value("Upload")
    at.run()
    at.get("file_uploader")[0].set_value(("big.csv", b"x" * 101, "text/csv"))
    at.run()
    assert "big.csv has 101 B, more than the 100 B that nettide studio --upload-limit allows" in at.error[
        0
    ].value.replace("\\", "")
    assert workspace.data() is None


def test_a_malformed_file_is_one_sentence_and_how_it_is_read_can_be_changed(root: Path, tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    path.write_bytes(b"a,b\n1,\x00\n")
    use(root, path)
    at = session(root).run()
    assert not at.exception
    assert "bad.csv line 2: is not CSV text but binary" in at.error[0].value.replace("\\", "")
    assert at.text_input(key="reading.time").value == ""


def test_values_that_cannot_be_forecast_are_judged_and_can_be_made_unknown(root: Path, tmp_path: Path) -> None:
    workspace = use(root, csv(tmp_path / "minus.csv", sign=-1))
    at = session(root).run()
    assert not at.exception
    assert len(at.dataframe) == 1  # the verdict
    assert any("--invalid gap" in one.value.replace("\\", "") for one in at.error)
    at.selectbox(key="reading.invalid").set_value("gap")
    at.text_input(key="reading.unit").set_value("bit/s")
    at.text_input(key="reading.capacity").set_value("10G")
    at.text_input(key="reading.step").set_value("1h")
    button(at, "Read it so").click()
    at.run()
    data = workspace.data()
    assert data is not None
    assert data.reading.grid == GridChoice(step_seconds=3600, invalid="gap")
    assert (data.reading.unit, data.reading.capacity) == ("bit/s", 1e10)


def test_a_step_that_is_none_is_one_sentence(root: Path, tmp_path: Path) -> None:
    use(root, csv(tmp_path / "a.csv"))
    at = session(root).run()
    at.text_input(key="reading.step").set_value("soon")
    button(at, "Read it so").click()
    at.run()
    assert "step 'soon' is not understood" in at.error[0].value.replace("\\", "")


def test_a_series_named_like_a_script_is_text_everywhere(root: Path, tmp_path: Path) -> None:
    name = "<script>alert(1)</script>"
    use(root, csv(tmp_path / "evil.csv", id=name))
    at = sound(session(root).run())
    assert list(at.selectbox(key="view.series").options) == [name]
    assert at.dataframe[0].value["series"].iloc[0] == name
    for one in at.markdown:
        assert "<script" not in one.value
        assert not one.allow_html
    for page in ("model", "training"):
        assert not opened(root, page).exception


def test_a_file_that_was_changed_is_read_again(root: Path, tmp_path: Path) -> None:
    path = csv(tmp_path / "a.csv", hours=400)
    use(root, path)
    at = session(root).run()
    assert "400 rows" in _verdict(at)
    csv(path, hours=401)
    assert "401 rows" in _verdict(at.run())


def _verdict(at) -> str:
    return next(one.value for one in [*at.success, *at.warning] if "rows" in one.value).replace("\\", "")


def test_two_browsers_do_not_see_each_others_data(root: Path, workspace: Workspace) -> None:
    made_data(workspace)
    assert sound(session(root).run()).subheader[0].value == "made"
    stranger = sound(session(root, OTHER_KEY).run())
    assert not stranger.subheader
    again = sound(session(root).run())
    assert again.subheader[0].value == "made"
