"""Make docs/images/studio-*.png anew: python tests/studio/journeys/pictures.py.

One picture of each journey, 1280 pixels wide, in 96 colours. Look at them before they are kept.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from made_files import traffic_csv
from PIL import Image
from playwright.sync_api import sync_playwright
from studio_browser import WIDTH, Studio, Visitor

ROOT = Path(__file__).parents[3]
IMAGES = ROOT / "docs" / "images"
DATA = Path(os.environ.get("NETTIDE_DATA", ROOT.parent / "shared" / "data"))
_COLOURS, _MOST_BYTES = 96, 150_000
_DARK = {"color_scheme": "dark"}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as library:
        chromium = library.chromium.launch(executable_path=shutil.which("chromium"))
        workspace = Path(folder) / "workspace"

        def visit(studio: Studio, **looks: str) -> Visitor:
            context = chromium.new_context(
                viewport={"width": WIDTH, "height": 1000}, timezone_id="Europe/Prague", **looks
            )
            visitor = Visitor(context.new_page(), studio.address)
            visitor.open()
            return visitor

        with Studio(workspace) as studio:
            visitor = visit(studio)
            synthetic(visitor)
            compare(visitor)
            save(visitor)
            upload(visit(studio), Path(folder))
            what_if(visit(studio))
            anomalies(visit(studio, **_DARK))
            visitor.leave()
        with Studio(workspace) as studio:
            visitor.come_back(studio.address)
            visitor.turn_to("Training")
            visitor.tab("Saved models")
            visitor.table("name", "fitted on")
            keep(visitor, "saved", height=620)
        chromium.close()


def synthetic(visitor: Visitor) -> None:
    visitor.fill("Points", "2000")
    visitor.press("Make traffic")
    visitor.see("1 series, 2,000 rows")
    visitor.turn_to("Model")
    visitor.press("Balanced")
    visitor.fill("Epochs (at most)", "40")
    visitor.press("Train and test")
    visitor.wait_for_run()
    visitor.turn_to("Forecast")
    visitor.segment("7 d")
    visitor.chart("forecast.chart")
    keep(visitor, "forecast", height=1300)


def compare(visitor: Visitor) -> None:
    for model in ("base", "auto-ets"):
        visitor.turn_to("Model")
        visitor.choose("Model", model)
        visitor.press("Train and test")
        visitor.wait_for_run()
    visitor.turn_to("Analysis")
    visitor.segment("Compare")
    visitor.chart("compare.chart.0")
    keep(visitor, "compare", height=860)


def save(visitor: Visitor) -> None:
    visitor.turn_to("Training")
    visitor.tab("Saved models")
    for run, name in (("lstm-1", "uplinks-lstm"), ("base-1", "uplinks-base")):
        visitor.choose("Model of run", run)
        visitor.fill("Name", name)
        visitor.press("Save")
        visitor.see(f"saved as {name}")


def upload(visitor: Visitor, folder: Path) -> None:
    visitor.segment("Upload")
    visitor.upload(traffic_csv(folder / "links.csv", ids=("uplink", "peering", "transit"), hours=2000))
    visitor.see("3 series, 6,000 rows")
    visitor.expand("How it is read")
    visitor.fill("Unit of the target", "bit/s")
    visitor.press("Read it so")
    visitor.see("The usual week")
    visitor.chart("view.week")
    visitor.expand("How it is read")  # and fold it again
    keep(visitor, "data", height=1280)


def what_if(visitor: Visitor) -> None:
    visitor.fill("Points", "2000")
    visitor.press("Make traffic")
    visitor.see("1 series, 2,000 rows")
    visitor.turn_to("Analysis")
    visitor.segment("What if")
    visitor.press("Add")
    visitor.press("Compare the forecasts")
    visitor.chart("what-if.difference")
    keep(visitor, "what-if", height=1480)


def anomalies(visitor: Visitor) -> None:
    visitor.segment("Upload")
    visitor.upload(DATA / "nab_aws_network_5min.parquet")
    visitor.see("while readings mostly come every 5min")
    visitor.fill("Step", "5min")
    visitor.press("Read it so")
    visitor.see("5 series, ")
    visitor.chart("view.week")
    visitor.turn_to("Analysis")
    visitor.segment("Anomalies")
    visitor.press("Find anomalies")
    visitor.see("Against the labels")
    visitor.chart("anomalies.chart")
    keep(visitor, "anomalies", height=1400)


def keep(visitor: Visitor, name: str, *, height: int) -> None:
    """Take a picture of the page as it stands, with as few colours as look the same."""
    visitor.page.set_viewport_size({"width": WIDTH, "height": height})
    visitor.settle()
    visitor.page.get_by_test_id("stMain").evaluate("one => one.scrollTo(0, 0)")
    visitor.page.mouse.move(WIDTH - 5, height - 5)
    visitor.page.wait_for_timeout(1500)  # charts take the new width, and what was said is gone
    path = IMAGES / f"studio-{name}.png"
    visitor.page.screenshot(path=path)
    picture = Image.open(path).convert("RGB").quantize(_COLOURS, method=Image.Quantize.MEDIANCUT, dither=0)
    picture.save(path, optimize=True)
    size = path.stat().st_size
    assert size <= _MOST_BYTES, f"{path} has {size} bytes"
    assert not visitor.complaints, visitor.complaints
    print(f"{path.relative_to(ROOT)}: {size:,} bytes")


if __name__ == "__main__":
    main()
