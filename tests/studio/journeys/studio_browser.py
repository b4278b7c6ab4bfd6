"""A studio that really runs, and the moves of a user in its pages."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from nettide.studio.serve import free_port

PATIENCE_SECONDS = 60
WIDTH, HEIGHT = 1280, 900
_TRACES = "one => one._fullData.map(t => ({name: t.name, y: Array.from(t.y ?? []), mode: t.mode, type: t.type}))"
_ROWS = """one => {
    const cells = row => Array.from(row.querySelectorAll('th, td')).map(cell => cell.textContent.trim());
    const names = one.querySelector('canvas table thead tr');
    if (!names) return [];
    return Array.from(one.querySelectorAll('canvas table tbody tr')).map(
        row => Object.fromEntries(cells(row).map((cell, at) => [cells(names)[at], cell])));
}"""


class Studio:
    """A process of ``nettide studio`` on a free port of this machine; it ends with the ``with`` block.

    Args:
        workspace: its folder of sessions.
        options: further words of the command line.
    """

    def __init__(self, workspace: Path, *options: str) -> None:
        port = free_port("127.0.0.1", 0)
        self.address = f"http://127.0.0.1:{port}"
        self._log = workspace.parent / f"studio-{port}.log"
        command = [sys.executable, "-m", "nettide", "studio", "--no-browser", "--port", str(port)]
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"}
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [*command, "--workspace", str(workspace), *options],
                stdout=log, stderr=subprocess.STDOUT, env=environment,
            )  # fmt: skip

    @property
    def said(self) -> str:
        """What the server wrote so far."""
        return self._log.read_text()

    def __enter__(self) -> Studio:
        end = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                urllib.request.urlopen(self.address, timeout=5).close()
            except (urllib.error.URLError, TimeoutError):
                if self.process.poll() is not None or time.monotonic() > end:
                    self.stop()
                    raise AssertionError(f"the studio does not answer: {self.said}") from None
                time.sleep(0.1)
            else:
                return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End it as Ctrl-C does."""
        if self.process.poll() is None:
            self.process.send_signal(2)
        self.process.wait(PATIENCE_SECONDS)


@dataclass  # without slots: Playwright sets attributes of what handles its events
class Visitor:
    """One browser, with cookies of its own, on a studio.

    Args:
        page: of Playwright.
        address: of the studio.
        complaints: errors of the console and of scripts, requests to other hosts, and dialogs.
    """

    page: Any
    address: str
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.set_default_timeout(PATIENCE_SECONDS * 1000)
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", self._request)
        self.page.on("dialog", self._dialog)

    def open(self, page: str = "") -> None:
        """Go to an address of the studio, as one who types it."""
        self.page.goto(f"{self.address}/{page}")
        self.settle()

    def turn_to(self, name: str) -> None:
        """Go to a page by the side bar."""
        self.page.get_by_test_id("stSidebarNav").get_by_role("link", name=name, exact=True).click()
        self.page.get_by_test_id("stMain").get_by_role("heading", name=name, exact=True, level=1).wait_for()
        self.settle()

    def settle(self) -> None:
        """Wait until the script of the page has run and what it drew stands."""
        self.page.locator("[data-test-connection-state=CONNECTED]").wait_for()
        self.page.locator("[data-test-script-state=notRunning]").wait_for()
        self.page.locator("[data-stale=true]").first.wait_for(state="detached")

    def press(self, label: str) -> None:
        """Press a button, and wait for what it does."""
        self.page.get_by_test_id("stMain").get_by_role("button", name=label, exact=True).click()
        self.settle()

    def fill(self, label: str, text: str) -> None:
        """Write into a field and leave it."""
        box = self.page.get_by_test_id("stMain").get_by_label(label, exact=True).first
        box.fill(text)
        box.press("Tab")
        self.settle()

    def choose(self, label: str, option: str) -> None:
        """Choose an option of a list."""
        self.page.get_by_test_id("stMain").get_by_role("combobox", name=label).first.click()
        self.page.get_by_role("option", name=option, exact=True).first.click()
        self.settle()

    def segment(self, name: str) -> None:
        """Choose one of the words that stand beside each other."""
        self.page.get_by_test_id("stMain").get_by_role("radio", name=name, exact=True).click()
        self.settle()

    def tab(self, name: str) -> None:
        """Choose a tab."""
        self.page.get_by_test_id("stMain").get_by_role("tab", name=name, exact=True).click()
        self.settle()

    def expand(self, name: str) -> None:
        """Unfold what is folded away."""
        self.page.get_by_test_id("stMain").locator("summary").filter(has_text=name).first.click()

    def chosen(self, label: str) -> str:
        """Give what a list has chosen."""
        box = self.page.get_by_test_id("stMain").get_by_role("combobox", name=label).first
        return str(box.evaluate("one => one.value || one.closest('[data-baseweb=select]').textContent"))

    def another_tab(self) -> Visitor:
        """Open the studio in a second tab of the same browser."""
        beside = Visitor(self.page.context.new_page(), self.address, self.complaints)
        beside.open()
        return beside

    def leave(self) -> None:
        """Close the studio, but not the browser."""
        self.page.goto("about:blank")

    def come_back(self, address: str) -> None:
        """Open a studio at another address; cookies are of the host, so they go with it."""
        self.address = address
        self.open()

    def see(self, text: str | re.Pattern[str]) -> None:
        """Wait until a text can be read."""
        from playwright.sync_api import TimeoutError as TooLate

        try:
            self.page.get_by_text(text).filter(visible=True).first.wait_for()
        except TooLate:
            there = self.page.locator("body").inner_text()
            raise AssertionError(f"{text!r} cannot be read on this page:\n{there}") from None

    def chart(self, key: str) -> Any:
        """Wait for a chart by its key, and give what it draws as Plotly has it: a list of traces."""
        from playwright.sync_api import Error

        drawn = self.page.locator(f".{_class_of(key)} .js-plotly-plot")
        end = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < end:
            drawn.first.locator(".main-svg").first.wait_for()
            with contextlib.suppress(Error):  # it was drawn anew between two looks, and has no traces yet
                return drawn.first.evaluate(_TRACES, timeout=10_000)
            self.page.wait_for_timeout(100)
        raise AssertionError(f"chart {key!r} has no traces")

    def table(self, *columns: str) -> list[dict[str, str]]:
        """Wait for a table that has columns of these names, and give the rows that are in view."""
        from playwright.sync_api import Error

        end = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < end:
            for frame in self.page.get_by_test_id("stDataFrame").filter(visible=True).all():
                rows: list[dict[str, str]] = []
                with contextlib.suppress(Error):  # it was drawn anew between two looks
                    frame.scroll_into_view_if_needed(timeout=10_000)  # out of view nothing is drawn
                    rows = frame.evaluate(_ROWS, timeout=10_000)
                if rows and set(columns) <= rows[0].keys():
                    return rows
            self.page.wait_for_timeout(100)
        raise AssertionError(f"no table with columns {columns}")

    def download(self, label: str, folder: Path) -> Path:
        """Press a download button, and give the file that came."""
        with self.page.expect_download() as coming:
            self.page.get_by_test_id("stMain").get_by_role("button", name=label).click()
        path = folder / str(coming.value.suggested_filename)
        coming.value.save_as(path)
        return path

    def upload(self, file: Path) -> None:
        """Bring a file on page Data."""
        whole = self.page.get_by_test_id("stFileUploader").filter(has_text="A CSV or Parquet file")
        fields = whole.locator("input[type=file]")
        fields.nth(1).wait_for(state="detached")  # while the page changes, the field of before stands beside the new
        fields.set_input_files(file)

    def wait_for_run(self) -> None:
        """Wait on page Training until the run that is shown is done."""
        self.page.get_by_test_id("stMain").get_by_text("Done in").first.wait_for()
        self.settle()

    def _console(self, message: Any) -> None:
        asked_twice = "/_stcore/" in message.location["url"]  # on a page's own address Streamlit tries there first
        if message.type == "error" and not asked_twice:
            self.complaints.append(message.text)

    def _request(self, request: Any) -> None:
        if not request.url.startswith((self.address, self.address.replace("http", "ws", 1), "data:", "blob:")):
            self.complaints.append(f"asked another host: {request.url}")

    def _dialog(self, dialog: Any) -> None:
        self.complaints.append(f"dialog: {dialog.message}")
        dialog.dismiss()


def _class_of(key: str) -> str:
    """Give the class that Streamlit gives an element with a key."""
    return "st-key-" + re.sub(r"[^a-zA-Z0-9_-]", "-", key)
