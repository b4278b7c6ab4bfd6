"""The pages of the studio as tests drive them: one session in a folder of its own, and runs without a process."""

from __future__ import annotations

import time
from pathlib import Path

from streamlit.testing.v1 import AppTest

import nettide.studio
from nettide.prepare.grid import GridChoice
from nettide.studio.runs import Run, find_run, order_run
from nettide.studio.session import SESSION_KEY
from nettide.studio.settings import StudioSettings, start_with
from nettide.studio.worker import work
from nettide.studio.workspace import DataSet, Workspace
from nettide.tasks.load import Reading
from nettide.tasks.plan import Plan
from nettide.tasks.synth import config_of, write_synthetic

APP = Path(nettide.studio.__file__).parent / "frame" / "app.py"
KEY, OTHER_KEY = "a" * 64, "b" * 64


def session(root: Path, key: str = KEY, *, paths: bool = True, upload_limit_bytes: int = 10**9) -> AppTest:
    """A browser that has not opened the studio yet."""
    start_with(StudioSettings(root, paths=paths, upload_limit_bytes=upload_limit_bytes))
    at = AppTest.from_file(str(APP), default_timeout=60)
    at.session_state[SESSION_KEY] = key
    return at


def opened(root: Path, page: str, key: str = KEY) -> AppTest:
    """A browser on a page: data, model or training."""
    return session(root, key).switch_page(f"../pages/{page}.py").run()  # as who types its address


def sound(at: AppTest) -> AppTest:
    """The browser, of which nothing went wrong."""
    assert not at.exception, at.exception[0].stack_trace
    assert not at.error, [one.value for one in at.error]
    return at


def button(at: AppTest, label: str):
    return next(one for one in at.button if one.label == label)


def answered(at: AppTest, key: str) -> AppTest:
    """The browser after a button of the page was pressed and what it asks for was worked out."""
    at.button(key=key).click().run()
    return settled(at)


def settled(at: AppTest, *, seconds: float = 60.0) -> AppTest:
    """The browser when nothing is worked out for its page any more."""
    end = time.monotonic() + seconds
    while any(str(one.key).startswith("answer.stop.") for one in at.button):
        assert time.monotonic() < end, [one.label for one in at.button]
        time.sleep(0.05)
        at.run()
    return at


def made_data(workspace: Workspace, *, points: int = 400, parameters: int = 2, series: int = 1) -> DataSet:
    """A little synthetic traffic that the session uses."""
    folder = workspace.new_folder(workspace.data_folder, "synthetic")
    config = config_of(
        days=None, points=points, step="1h", start="2026-01-01", zone="UTC", series=series, parameters=parameters
    )
    write_synthetic(config, folder / "traffic.parquet")
    data = DataSet(
        name="made",
        location=str(folder / "traffic.parquet"),
        reading=Reading(grid=GridChoice(step_seconds=3600), unit="bit/s"),
        kind="synthetic",
        units=(("y", "bit/s"), ("packet_count", "packets")),
    )
    workspace.use_data(data)
    return data


def finished_run(workspace: Workspace, data: DataSet, plan: Plan) -> Run:
    """A run that is done, in this process."""
    folder = order_run(workspace, data, plan)
    work(folder)
    return find_run(workspace, folder.name)
