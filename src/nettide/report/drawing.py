"""Charts as plain data for plotly.js: numbers, times, texts and colours in their safe form.

Colours are names of variables of the style sheet, such as ``--model-0``, so that one chart serves
the light and the dark page; the page's script looks them up.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nettide.arrays import Floats, Ints

COLOURS = 9
"""How many ``--model-N`` colours the style sheet has."""
MOST_POINTS = 3000
"""Longest line that is drawn whole; a wide screen shows fewer."""
_LONGEST_NAME = 60
_DIGITS = 5

Trace = dict[str, Any]
"""A trace of plotly.js, with ``at`` instead of ``x`` where x is taken from the figure's times by position."""


@dataclass(frozen=True, slots=True, eq=False)
class Figure:
    """One chart.

    Args:
        id: its name in the page, letters, digits and dashes.
        title: plain text above it.
        caption: plain text below it.
        traces: what is drawn.
        layout: of plotly.js.
        times: shared x values of the traces that have none of their own.
    """

    id: str
    title: str
    caption: str
    traces: Sequence[Trace]
    layout: Mapping[str, Any]
    times: Sequence[str | None] = ()

    def to_json(self) -> str:
        """Give the chart as JSON that cannot end the script element it is put into."""
        document = {"data": list(self.traces), "layout": dict(self.layout), "times": list(self.times)}
        text = json.dumps(document, allow_nan=False, separators=(",", ":"))
        for mark in "<>&":
            text = text.replace(mark, f"\\u{ord(mark):04x}")
        return text


def numbers(values: Floats) -> list[float | None]:
    """Give values with five digits for drawing; unknown ones become None, which breaks a line."""
    return [float(f"{one:.{_DIGITS}g}") if math.isfinite(one) else None for one in values.tolist()]


def times(seconds: Ints) -> list[str]:
    """Give epoch seconds as UTC texts that plotly.js reads."""
    unit = "s" if (seconds % 60).any() else "m"
    return [str(one).replace("T", " ") for one in seconds.astype("datetime64[s]").astype(f"datetime64[{unit}]")]


def label(text: str) -> str:
    """Give a text that plotly.js, which reads some HTML in any text, shows as it is, shortened where long."""
    plain = shortened("".join(one if one.isprintable() else " " for one in text))
    for mark, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("{", "&#123;")):
        plain = plain.replace(mark, entity)
    return plain


def shortened(text: str, most: int = _LONGEST_NAME) -> str:
    """Give a text of at most so many characters, its end left out where it is longer."""
    return text if len(text) <= most else text[: most - 1] + "…"


def colour(place: int, opacity: float = 1.0) -> str:
    """Give the colour of the model at a place of the leaderboard."""
    name = f"--model-{place % COLOURS}"
    return name if opacity == 1 else f"{name}/{opacity:g}"


def line(place: int, **changes: Any) -> dict[str, Any]:
    """Give the line style of the model at a place of the leaderboard; colours that come again are dashed."""
    return {"color": colour(place), "width": 2, "dash": "solid" if place < COLOURS else "dash", **changes}


def axis(title: str = "", **changes: Any) -> dict[str, Any]:
    """Give an axis in the look of the report."""
    return {
        "title": {"text": title, "standoff": 10, "font": {"size": 13, "color": "--muted"}},
        "automargin": True,
        "gridcolor": "--line",
        "linecolor": "--line",
        "zeroline": False,
        "showspikes": False,
        **changes,
    }


def height(models: int) -> int:
    """Give the height in pixels of a chart whose legend names so many models, so that it leaves room for the lines."""
    return 360 + 12 * max(0, models - 4)


def layout(*, x: dict[str, Any], y: dict[str, Any], height: int = 360, **changes: Any) -> dict[str, Any]:
    """Give a layout in the look of the report."""
    return {
        "xaxis": x,
        "yaxis": y,
        "height": height,
        "margin": {"l": 10, "r": 16, "t": 10, "b": 10},
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "xanchor": "left"},
        "hovermode": "closest",
        **changes,
    }


def guide(**ends: Any) -> dict[str, Any]:
    """Give a dashed guide line between two points (x0, y0, x1, y1 and what they refer to)."""
    return {"type": "line", "line": {"color": "--muted", "width": 1.5, "dash": "dash"}, **ends}


def outlined(low: Floats, high: Floats) -> tuple[list[int | None], list[float | None]]:
    """Give the outline of a band as positions and values: forth along its top, back along its bottom.

    Where the band is unknown it is broken into pieces, parted by None.

    Args:
        low: lower edge, shape (time,).
        high: upper edge, shape (time,).
    """
    at: list[int | None] = []
    values: list[float | None] = []
    known = np.flatnonzero(~np.isnan(low) & ~np.isnan(high))
    for piece in np.split(known, np.flatnonzero(np.diff(known) > 1) + 1):
        if not piece.size:
            continue
        if at:
            at.append(None)
            values.append(None)
        at.extend([*piece.tolist(), *piece[::-1].tolist()])
        values.extend([*numbers(high[piece]), *numbers(low[piece][::-1])])
    return at, values


class Thinning:
    """Lines of one length made short enough to draw, so that every peak and trough stays to be seen.

    Steps are put into buckets of equal length; a line keeps the smallest and largest value of each, in the
    order in which they came, a band its lowest and highest edge. Short lines are left as they are.

    Args:
        length: number of steps.
        most: number of points that may be drawn.
        whole_tail: number of last steps that are drawn whole, less than ``most``.
    """

    def __init__(self, length: int, *, most: int = MOST_POINTS, whole_tail: int = 0) -> None:
        self.thins = length > most
        self._head = length - whole_tail if self.thins else 0
        self._bucket = math.ceil(self._head / max(1, (most - whole_tail) // 2)) if self.thins else 1
        self._length = length

    def positions(self) -> Ints:
        """Give the step of each drawn point, shape (point,)."""
        starts = np.arange(0, self._head, self._bucket, dtype=np.int64)
        pairs = np.minimum(np.stack([starts, starts + self._bucket // 2], axis=1).reshape(-1), self._head - 1)
        return np.concatenate([pairs, np.arange(self._head, self._length, dtype=np.int64)])

    def values(self, line: Floats) -> Floats:
        """Give the drawn values of a line of shape (time,), shape (point,); NaN where a bucket knows nothing."""
        buckets = self._buckets(line)
        low, high = -_highest(-buckets), _highest(buckets)
        first_low = np.where(np.isnan(buckets), np.inf, buckets).argmin(axis=1)
        first_high = np.where(np.isnan(buckets), -np.inf, buckets).argmax(axis=1)
        pairs = np.where((first_low <= first_high)[:, None], np.stack([low, high], 1), np.stack([high, low], 1))
        return self._joined(pairs.reshape(-1), line)

    def lowest(self, line: Floats) -> Floats:
        """Give the lowest value around each drawn point, shape (point,)."""
        return self._joined(np.repeat(-_highest(-self._buckets(line)), 2), line)

    def highest(self, line: Floats) -> Floats:
        """Give the highest value around each drawn point, shape (point,)."""
        return self._joined(np.repeat(_highest(self._buckets(line)), 2), line)

    def _buckets(self, line: Floats) -> Floats:
        count = math.ceil(self._head / self._bucket)
        padded: Floats = np.full(count * self._bucket, np.nan)
        padded[: self._head] = line[: self._head]
        return padded.reshape(count, self._bucket)

    def _joined(self, head: Floats, line: Floats) -> Floats:
        return np.concatenate([np.where(np.isinf(head), np.nan, head), line[self._head :]])


def _highest(buckets: Floats) -> Floats:
    """Give the highest known value of each bucket, shape (bucket,); -inf where a bucket knows nothing."""
    return np.asarray(buckets.max(axis=1, initial=-np.inf, where=~np.isnan(buckets)), dtype=np.float64)


def same(texts: Iterable[str]) -> str:
    """Give the text that all are, or none."""
    distinct = set(texts)
    return distinct.pop() if len(distinct) == 1 else ""
