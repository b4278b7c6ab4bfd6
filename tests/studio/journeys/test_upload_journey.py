"""From a file of one's own to a forecast, by way of files that cannot be read."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from made_files import traffic_csv
from studio_browser import Visitor


def test_an_uploaded_file_becomes_a_forecast_in_its_unit(visitor: Visitor, tmp_path: Path) -> None:
    visitor.segment("Upload")
    visitor.upload(traffic_csv(tmp_path / "links.csv"))
    visitor.see("2 series, 1,200 rows, step 1h")
    visitor.expand("How it is read")
    visitor.fill("Unit of the target", "bit/s")
    visitor.press("Read it so")
    visitor.see("y (Mbit/s)")
    assert {row["series"] for row in visitor.table("verdict")} == {"peering", "uplink"}

    visitor.turn_to("Forecast")
    visitor.see("This model has no test part here")
    visitor.choose("Series", "uplink")
    visitor.see("24 h ahead: ")
    ahead = {one["name"]: one["y"] for one in visitor.chart("forecast.chart")}["forecast beyond the data"]
    assert len(ahead) == 24
    assert 0.5 < min(ahead) < 2 < 4 < max(ahead) < 6  # Mbit/s: the cycle goes from 1 to 5
    made = pd.read_parquet(visitor.download("Forecast as Parquet", tmp_path))
    assert set(made["unique_id"]) == {"uplink", "peering"}
    assert len(made) == 2 * 24


def test_files_that_cannot_be_read_are_told_of_in_one_sentence(visitor: Visitor, tmp_path: Path) -> None:
    bad_value, no_parquet = tmp_path / "bad.csv", tmp_path / "bad.parquet"
    bad_value.write_text("time,value\n2026-01-01T00:00,5\n2026-01-01T01:00,many\n")
    no_parquet.write_bytes(b"PAR1 but no more")
    visitor.segment("Upload")
    for path, said in (
        (bad_value, "bad.csv line 3: 'many' in column 'value' is not a number"),
        (no_parquet, "is no Parquet file"),
    ):
        visitor.upload(path)
        visitor.see(said)
    visitor.turn_to("Forecast")
    visitor.see("The data cannot be forecast yet.")


def test_series_named_like_scripts_are_text_on_every_page(visitor: Visitor, tmp_path: Path) -> None:
    names = ("<script>alert(1)</script>", "<img src=x onerror=alert(2)>")
    visitor.segment("Upload")
    visitor.upload(traffic_csv(tmp_path / "evil.csv", ids=names))
    visitor.see("2 series, 1,200 rows")
    visitor.choose("Series", names[1])
    visitor.chart("view.week")
    for page in ("Model", "Training", "Forecast", "Analysis"):
        visitor.turn_to(page)
        if page in ("Forecast", "Analysis"):
            for name in names:
                visitor.choose("Series", name)
                assert visitor.chosen("Series") == name
        injected = "[onerror], script:not([src]):not([type=module])"
        texts = visitor.page.locator(injected).evaluate_all("all => all.map(one => one.outerHTML)")
        assert not [one for one in texts if "alert" in one]
    assert visitor.complaints == []
