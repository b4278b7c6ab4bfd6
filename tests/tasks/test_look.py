from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nettide.errors import SourceError
from nettide.prepare.grid import GridChoice
from nettide.tasks.load import Reading
from nettide.tasks.look import look


def write(path: Path, sign: int) -> str:
    times = np.datetime64("2026-01-01T00") + np.arange(400).astype("timedelta64[h]")
    path.write_text("time,value,other\n" + "".join(f"{t}Z,{sign * (1 + i % 24)},{i}\n" for i, t in enumerate(times)))
    return str(path)


def test_data_is_judged_and_put_on_its_grid_in_one_reading(tmp_path: Path) -> None:
    seen = look(write(tmp_path / "a.csv", 1), Reading())
    assert seen.columns == ("value", "other")
    assert seen.panel is not None
    assert seen.panel.steps == 400
    assert seen.verdict.rows == 400
    assert seen.trouble == ""


def test_data_that_no_model_takes_is_judged_all_the_same_and_says_what_helps(tmp_path: Path) -> None:
    location = write(tmp_path / "a.csv", -1)
    seen = look(location, Reading())
    assert seen.panel is None
    assert seen.verdict.series[0].figures.negative == 400
    assert "--invalid gap" in seen.trouble
    assert look(location, Reading(grid=GridChoice(invalid="gap"))).panel is None


def test_a_zone_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    location = write(tmp_path / "a.csv", 1)
    with pytest.raises(SourceError, match="time zone 'No/where' does not exist; write for example Europe/Prague"):
        look(location, Reading(zone="No/where"))


def test_what_is_no_traffic_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such file or folder"):
        look(str(tmp_path / "none.csv"), Reading())
