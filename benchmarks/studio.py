"""The studio in a real Chromium: its default journey, page changes at 100,000 rows x 15 channels, a 300 MB upload."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from measuring import ROOT, keep, markdown, skip, versions

sys.path.insert(0, str(ROOT / "tests" / "studio" / "journeys"))  # the moves of a user, which the tests make too

if TYPE_CHECKING:
    from studio_browser import Studio, Visitor

_PAGES = {
    # page -> a text that stands at its end, and its number of charts
    "Model": ("The same without the studio", 0),
    "Training": ("Use this model", 0),
    "Forecast": ("The same on the command line", 1),
    "Analysis": ("The same on the command line", 6),
    "Data": ("The same on the command line", 3),
}
_CHANGE = """async ([title, text, charts]) => {
    const link = Array.from(document.querySelectorAll('[data-testid=stSidebarNavLink]'))
        .find(one => one.textContent.trim().endsWith(title));
    const begun = performance.now();
    link.click();
    const main = () => document.querySelector('[data-testid=stMain]');
    let titled = 0;
    while (performance.now() - begun < 60000) {
        await new Promise(requestAnimationFrame);
        if (main().querySelector('h1')?.textContent.trim() !== title) continue;
        titled = titled || performance.now() - begun;
        if (!document.querySelector('[data-test-script-state=notRunning]')) continue;
        if (main().querySelector('[data-stale=true]') || !main().textContent.includes(text)) continue;
        const drawn = Array.from(main().querySelectorAll('.js-plotly-plot')).filter(one => one.calcdata);
        if (drawn.length >= charts) return [titled / 1000, (performance.now() - begun) / 1000];
    }
    throw new Error(`page ${title} does not stand after 60 s`);
}"""
_GOAL_JOURNEY, _GOAL_CHANGE = 60.0, 0.5
_TICKS = os.sysconf("SC_CLK_TCK")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="10 epochs, 5,000 rows, two rounds, 10 MB")
    parser.add_argument("--only", choices=("journey", "pages", "upload"), help="one part alone; nothing is kept")
    given = parser.parse_args()
    quick = given.quick
    kept: dict[str, Any] = {}
    with browser() as chromium:
        if given.only in (None, "journey"):
            kept["journey"] = journey(chromium, epochs=10 if quick else 100)
        if given.only in (None, "pages"):
            rows, rounds = (5_000, 2) if quick else (100_000, 9)
            kept["pages"] = page_changes(chromium, rows=rows, rounds=rounds)
        if given.only in (None, "upload"):
            kept["upload"] = upload(chromium, megabytes=10 if quick else 300)
    if given.only is None:
        found = versions("nettide", "streamlit", "plotly", "playwright", "torch")
        keep("studio_quick" if quick else "studio", {**kept, "versions": found})


@contextmanager
def browser() -> Iterator[Any]:
    """Give a Chromium; skips where there is none."""
    try:
        from playwright import sync_api
    except ModuleNotFoundError:
        skip("needs playwright: pip install -e '.[dev]'")
    with sync_api.sync_playwright() as library:
        try:
            chromium = library.chromium.launch(executable_path=shutil.which("chromium"))
        except sync_api.Error as error:
            skip(f"Chromium does not start: {str(error).splitlines()[0]}")
        yield chromium
        chromium.close()


@contextmanager
def visit(chromium: Any) -> Iterator[tuple[Studio, Visitor]]:
    """Give a studio with an empty workspace and a browser on it."""
    from studio_browser import HEIGHT, WIDTH, Studio, Visitor

    with tempfile.TemporaryDirectory() as folder, Studio(Path(folder) / "workspace") as studio:
        context = chromium.new_context(viewport={"width": WIDTH, "height": HEIGHT})
        visitor = Visitor(context.new_page(), studio.address)
        visitor.open()
        visitor.page.set_default_timeout(1_200_000)
        yield studio, visitor
        context.close()
        if visitor.complaints or "Traceback" in studio.said:
            raise SystemExit(f"the studio failed: {visitor.complaints} {studio.said}")


def journey(chromium: Any, *, epochs: int) -> dict[str, Any]:
    """Go the prototype's way: its data, its network, its epochs."""
    with visit(chromium) as (_, visitor):
        begun = time.perf_counter()
        visitor.press("Make traffic")  # 1,000 points, 10 parameters, noise 5 % are what the form begins with
        visitor.see("1 series, 1,000 rows, step 1h")
        visitor.turn_to("Model")
        visitor.choose("Model", "lstm")
        visitor.fill("Window (steps of history)", "30")
        visitor.fill("Hidden units", "64")
        visitor.fill("Epochs (at most)", str(epochs))
        asked = time.perf_counter()
        visitor.press("Train and test")
        visitor.wait_for_run()
        done = time.perf_counter()
        drawn = len(visitor.chart("run.losses")[0]["y"])
        visitor.turn_to("Forecast")
        visitor.chart("forecast.chart")
        whole = time.perf_counter() - begun
    found = {"epochs": drawn, "training and test s": done - asked, "whole journey s": whole}
    holds = "holds" if whole < _GOAL_JOURNEY else "MISSES"
    print(markdown([{**found, "goal": f"under {_GOAL_JOURNEY:.0f} s: {holds}"}]), "\n")
    return found


def page_changes(chromium: Any, *, rows: int, rounds: int) -> list[dict[str, Any]]:
    """Turn pages with data and a tested model; times from the click until the new page stands."""
    with visit(chromium) as (studio, visitor):
        visitor.fill("Points", str(rows))
        visitor.page.get_by_role("slider", name="Parameters").first.press("End")  # 15, the most
        visitor.press("Make traffic")
        visitor.see(f"1 series, {rows:,} rows, step 1h")
        visitor.turn_to("Model")
        visitor.choose("Model", "window-mean")
        visitor.press("Train and test")
        visitor.wait_for_run()
        ticks = visitor.page.context.new_cdp_session(visitor.page)
        ticks.send("Performance.enable", {"timeDomain": "threadTicks"})
        times: dict[str, list[tuple[float, float, float, float]]] = {name: [] for name in _PAGES}
        for _ in range(rounds + 1):
            for name, (text, charts) in _PAGES.items():
                before = _processor_seconds(studio.process.pid), _page_seconds(ticks)
                titled, stood = visitor.page.evaluate(_CHANGE, [name, text, charts])
                after = _processor_seconds(studio.process.pid), _page_seconds(ticks)
                times[name].append((titled, stood, after[0] - before[0], after[1] - before[1]))
                visitor.page.wait_for_timeout(500)
    found = []
    for name, measured in times.items():
        titled, stood, server, page = (sorted(one) for one in zip(*measured[1:], strict=True))
        found.append(
            {
                "page": name,
                "first visit s": measured[0][1],
                "title s": median(titled),
                "stands s": median(stood),
                "least ... most": f"{stood[0]:.2f} ... {stood[-1]:.2f}",
                "server processor s": median(server),
                "browser processor s": median(page),
                "goal": f"under {_GOAL_CHANGE} s: {'holds' if median(stood) < _GOAL_CHANGE else 'MISSES'}",
            }
        )
    print(markdown(found), "\n")
    return found


def upload(chromium: Any, *, megabytes: int) -> dict[str, Any]:
    """Upload a CSV file; times until it is kept and until its verdict stands, and the most memory of the server."""
    with visit(chromium) as (studio, visitor), tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "links.csv"
        rows = _write_csv(path, megabytes)
        visitor.segment("Upload")
        visitor.page.wait_for_timeout(3000)  # until what is loaded beforehand is there
        idle = _memory_mb(studio.process.pid)
        begun = time.perf_counter()
        visitor.upload(path)
        visitor.page.get_by_test_id("stSidebar").get_by_text("links.csv").wait_for()
        there = time.perf_counter() - begun
        visitor.see(f"series, {rows:,} rows, step 5min")
        visitor.settle()
        read = time.perf_counter() - begun
        found = {
            "MB": path.stat().st_size / 1e6,
            "rows": f"{rows:,}",
            "on disk s": there,
            "verdict s": read,
            "server idle MB": idle,
            "server peak MB": _memory_mb(studio.process.pid),
        }
    print(markdown([found]), "\n")
    return found


def _write_csv(path: Path, megabytes: int) -> int:
    """Write 5-minute traffic of 20 links, 3 channels; gives the number of rows."""
    import numpy as np
    import pyarrow as pa
    from pyarrow import csv

    steps, links = megabytes * 892, 20
    times = np.datetime64("2020-01-01", "s") + 300 * np.arange(steps)
    noise = np.random.default_rng(0)
    day = 2 + np.sin(2 * np.pi * np.arange(steps) / 288)
    channels = [(name, pa.float64()) for name in ("y", "packets", "flows")]
    with csv.CSVWriter(path, pa.schema([("unique_id", pa.string()), ("ds", pa.timestamp("s")), *channels])) as file:
        for link in range(links):
            values = np.round(1e6 * (link + 1) * day[:, None] * noise.uniform(0.8, 1.2, (steps, 3)))
            columns = [pa.array([f"link-{link:02d}"] * steps), pa.array(times), *map(pa.array, values.T)]
            file.write_table(pa.table(columns, names=["unique_id", "ds", *(name for name, _ in channels)]))
    return steps * links


def _processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _memory_mb(pid: int) -> float:
    """Give the most memory that a process had at once, in 10^6 bytes."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) * 1024 / 1e6


def _page_seconds(session: Any) -> float:
    metrics = session.send("Performance.getMetrics")["metrics"]
    return float(next(one["value"] for one in metrics if one["name"] == "TaskDuration"))


if __name__ == "__main__":
    main()
