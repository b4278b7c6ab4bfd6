"""What a report is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from nettide.backtest.coverage import Coverage
from nettide.backtest.evaluate import Backtest
from nettide.backtest.leaderboard import Score
from nettide.backtest.skill import Comparison
from nettide.forecast import Forecast
from nettide.panel import Panel


@dataclass(frozen=True, slots=True, eq=False)
class Future:
    """A forecast beyond the data.

    Args:
        model: who made it.
        forecast: its last cutoff is "now".
        history: the data up to now; what is older than needed is not drawn.
    """

    model: str
    forecast: Forecast
    history: Panel


@dataclass(frozen=True, slots=True)
class Choice:
    """How a model that mixes others chose among them.

    Args:
        sentences: what is to be said.
        columns: headings.
        rows: cells, a row a model.
    """

    sentences: tuple[str, ...]
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, eq=False)
class ReportContent:
    """Everything a report shows. All texts are plain: they are escaped where they are written.

    Args:
        title: usually the name of the data.
        backtest: the forecasts of the test part.
        scores: what ``score`` gave for it, best first.
        coverages: what ``coverages`` gave for it; none leaves its table and chart out.
        comparisons: what ``compare_with_naive`` gave for it; none leaves its table out.
        verdict: sentences on the quality of the data.
        command: how to repeat the run.
        versions: name -> version of what took part.
        made: when the report was made.
        future: a forecast beyond the data.
        choice: how ``auto`` chose, where it took part.
    """

    title: str
    backtest: Backtest
    scores: tuple[Score, ...]
    coverages: tuple[Coverage, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    verdict: tuple[str, ...] = ()
    command: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    made: str = ""
    future: Future | None = None
    choice: Choice | None = None
