"""What-if as a task: changes as texts, answers in words, tables and pages."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet
import pytest

from made_driver import driven, learned
from nettide.errors import OptionError
from nettide.insight.what_if import what_if
from nettide.insight.what_if_changes import AddOccasion, RemoveOccasions, ValueChange
from nettide.occasions import Occasion
from nettide.tasks.what_if import WhatIfResult, answers, what_if_table, write_what_if
from nettide.tasks.what_if_text import parse_changes
from nettide.tasks.what_if_words import answer_row, what_if_sentences, write_what_if_page

LATE = int(driven().seconds[1998])


@pytest.fixture(scope="module")
def done() -> WhatIfResult:
    found = what_if(learned(), driven(), [ValueChange("scale", 1.2, "driver", since=LATE)])
    return WhatIfResult(found, driven(), "lstm", ())


def test_changes_are_read_as_they_are_typed() -> None:
    changes = parse_changes(
        scale=["load=1.5", "2"],
        shift=["-5M", "a=b=+3"],
        growth=["10%", "users=-2.5 %"],
        remove=["holiday"],
        add=["event=2026-03-01T10:00/2026-03-01T14:00Z", "holiday=2026-07-01"],
        since="2026-03-01",
        zone="Europe/Prague",
    )
    begin = 1_772_319_600  # midnight in Prague
    assert changes == [
        ValueChange("scale", 1.5, "load", begin),
        ValueChange("scale", 2.0, None, begin),
        ValueChange("shift", -5e6, None, begin),
        ValueChange("shift", 3.0, "a=b", begin),
        ValueChange("growth", 10.0, None, begin),
        ValueChange("growth", -2.5, "users", begin),
        RemoveOccasions("holiday", begin),
        AddOccasion(Occasion("event", begin + 36_000, begin + 3600 + 50_400)),
        AddOccasion(Occasion("holiday", 1_782_856_800, 1_782_856_800 + 86_400)),  # from midnight in Prague
    ]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"scale": ["load="]}, "scale 'load=' is not understood; write for example load=1.5 or 1.5"),
        ({"growth": ["much"]}, "growth 'much' is not understood; write for example load=10% or 10%"),
        ({"shift": ["--5"]}, "shift '--5' is not understood"),
        ({"scale": ["2"], "since": "soon"}, "time 'soon' is not understood"),
        ({"add": ["party=2026-01-01"]}, "occasion 'party=2026-01-01': unknown kind 'party'"),
        ({"add": ["holiday=someday"]}, "occasion 'holiday=someday' is not understood"),
        ({"add": ["holiday=9999-12-31"]}, "occasion 'holiday=9999-12-31' is not understood"),
        ({"add": ["holiday=2026-03-02"], "zone": "/x"}, "time zone '/x' does not exist; write for example Europe/Pra"),
        ({"add": ["event=2026-01-02/2026-01-01"]}, "does not end after it begins"),
        ({}, "no change is given; add for example --scale 1.5"),
    ],
)
def test_texts_that_mean_nothing_are_refused(given: dict[str, list[str]], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        parse_changes(**given)  # type: ignore[arg-type]  # since and zone are texts


def test_the_answer_is_the_mean_over_the_horizon(done: WhatIfResult) -> None:
    (answer,) = answers(done.found)
    assert answer.difference == pytest.approx(answer.after - answer.before)
    assert answer.share == pytest.approx(answer.difference / answer.before)
    assert answer.low <= answer.difference <= answer.high
    assert answer_row(answer)[0] == "link"
    assert answer_row(answer)[3].startswith("+")
    said = what_if_sentences(done)
    assert said[0].startswith("With driver x 1.2 since 2026-03-25T06:00Z the mean forecast of lstm for link moves by +")
    assert "in 80 of 100 cases" in said[1]
    assert "at least 60" in said[1]
    assert "need not be a cause" in said[-1]


def test_a_change_without_effect_is_the_headline() -> None:
    found = what_if(learned(), driven(), [ValueChange("scale", 2.0, "driver", until=LATE - 3600 * 500)])
    said = what_if_sentences(WhatIfResult(found, driven(), "lstm", ()))
    assert said[0].endswith("the forecast of lstm stays as it is.")


def test_the_table_holds_both_forecasts_with_their_quantiles(done: WhatIfResult, tmp_path: Path) -> None:
    table = what_if_table(done.found)
    assert table.column_names[:10] == [
        "unique_id", "ds", "step", "before", "after", "difference", "low", "high", "least", "most",
    ]  # fmt: skip
    assert {"before_q0.1", "after_q0.9"} <= set(table.column_names)
    difference = np.array(table.column("after")) - np.array(table.column("before"))
    np.testing.assert_allclose(np.array(table.column("difference")), difference)
    write_what_if(done.found, tmp_path / "x.parquet", overwrite=False)
    assert pyarrow.parquet.read_table(tmp_path / "x.parquet").num_rows == 2
    write_what_if(done.found, tmp_path / "x.csv", overwrite=False)
    assert (tmp_path / "x.csv").read_text().splitlines()[1].startswith('"link",2026-03-25 08:00:00Z,1,')
    with pytest.raises(OptionError, match=r"the ending '\.xlsx' is of no known kind"):
        write_what_if(done.found, tmp_path / "x.xlsx", overwrite=False)


def test_the_page_draws_both_forecasts_and_their_difference(done: WhatIfResult, tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    write_what_if_page(done, path, title="<b>data</b>")
    page = path.read_text()
    assert 'data-chart="forecasts-0"' in page
    assert 'data-chart="difference-0"' in page
    assert "<b>data</b>" not in page
