"""The page of one question, such as what a model depends on: one HTML file that needs no network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from nettide.report.drawing import Figure
from nettide.report.page import fill


@dataclass(frozen=True, slots=True, eq=False)
class AnswerContent:
    """Everything such a page shows. All texts are plain: they are escaped where they are written.

    Args:
        kind: what was asked, in a few words.
        title: usually the name of the data.
        headline: the answer in a sentence.
        remarks: further sentences.
        figures: charts, in order.
        columns: headings of the table.
        rows: cells, the first names the row.
        caption: what the table means.
        command: how to repeat the run.
        versions: name -> version of what took part.
        made: when the page was made.
    """

    kind: str
    title: str
    headline: str
    remarks: tuple[str, ...]
    figures: tuple[Figure, ...]
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    caption: str
    command: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    made: str = ""


def render_answer(content: AnswerContent) -> str:
    """Give the page as one self-contained HTML text, under the same policy as the report of a backtest."""
    return fill("answer.html", **{name: getattr(content, name) for name in AnswerContent.__dataclass_fields__})
