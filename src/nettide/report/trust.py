"""What the intervals say, as cells of text: skill against naive forecasts, and whether the bands hold."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from nettide.backtest.coverage import BAND_NAME, Coverage, band_rows, worst_group
from nettide.backtest.skill import Comparison, Skill
from nettide.report.drawing import shortened

_KINDS = (("all", ""), ("steps", "steps ahead"), ("hours", "hour of day"), ("level", "traffic"), ("day", ""))
_LEAST_TOLD = -10.0
_GROUPS = {"all": "all forecasts", "low": "low", "middle": "middle", "high": "high"}


@dataclass(frozen=True, slots=True)
class TrustCell:
    """A value with its interval.

    Args:
        value: as text, ``–`` where there is none.
        interval: as text, empty where there is none.
        word: what it means, empty where it says nothing.
        colour: ``good`` or ``bad`` where the interval says so, else empty.
        about: how many points are behind it, for a tooltip.
    """

    value: str = "–"
    interval: str = ""
    word: str = ""
    colour: str = ""
    about: str = ""


@dataclass(frozen=True, slots=True)
class TrustRow:
    """A row of a table.

    Args:
        name: of the model or group.
        tag: what kind of group it is, in small letters.
        place: place of the model among the models, which gives its colour; None for a group.
        first: whether a line sets it apart from the row above.
        cells: one a column.
    """

    name: str
    tag: str
    place: int | None
    first: bool
    cells: tuple[TrustCell, ...]


@dataclass(frozen=True, slots=True)
class TrustTable:
    """A table: headings of its columns after the first, each with the place of its model or None, and its rows."""

    columns: tuple[tuple[str, int | None], ...]
    rows: tuple[TrustRow, ...]


def skill_table(comparisons: Sequence[Comparison], models: Sequence[str]) -> TrustTable | None:
    """Give the skill of each model against each naive forecast; None without any.

    Args:
        comparisons: of all models.
        models: their names in the order of the leaderboard.
    """
    found = {(one.model, one.rival): one for one in comparisons}
    rivals = list(dict.fromkeys(one.rival for one in comparisons))
    banded = any(not math.isnan(one.band.value) for one in comparisons)
    columns: list[tuple[str, int | None]] = []
    for rival in rivals:
        columns.append((f"Error against {_rival_text(rival)}", None))
        if banded:
            columns.append((f"Quantile loss against {_rival_text(rival)}", None))
    rows = []
    for place, model in enumerate(models):
        cells = []
        for rival in rivals:
            one = found.get((model, rival))
            cells.append(_skill_cell(one.error) if one else TrustCell())
            if banded:
                cells.append(_skill_cell(one.band) if one else TrustCell())
        if any(cell.value != "–" for cell in cells):
            rows.append(TrustRow(model, "", place, False, tuple(cells)))
    return TrustTable(tuple(columns), tuple(rows)) if rows else None


def band_table(coverages: Sequence[Coverage], models: Sequence[str]) -> TrustTable | None:
    """Give the coverage of the 80 % band, a row a group and a column a model; None where no model has a band.

    Args:
        coverages: of all models.
        models: their names in the order of the leaderboard.
    """
    banded = {one.model for one in coverages if one.measure == BAND_NAME}
    columns = [(model, place) for place, model in enumerate(models) if model in banded]
    if not columns:
        return None
    rows: list[TrustRow] = []
    for kind, tag in _KINDS:
        by_model = {model: {one.group: one for one in band_rows(coverages, model=model, kind=kind)} for model in banded}
        groups = list(dict.fromkeys(group for found in by_model.values() for group in found))
        if len(groups) < 2 and kind != "all":
            continue  # one group says what the row of all says
        for group in sorted(groups, key=_group_order) if kind in ("hours", "steps") else groups:
            cells = tuple(_band_cell(by_model[model].get(group)) for model, _ in columns)
            rows.append(TrustRow(_GROUPS.get(group, group), tag, None, group == groups[0], cells))
    return TrustTable(tuple(columns), tuple(rows))


def band_sentence(coverages: Sequence[Coverage], model: str) -> str:
    """Say how well the band of a model holds, overall and in its worst hours; empty where it has no band."""
    whole = band_rows(coverages, model=model, kind="all")
    if not whole:
        return ""
    said = f"The 80 % band of {model} covered {_covered(whole[0])} of the values"
    worst = worst_group(coverages, model=model)
    if worst is None:
        return f"{said}."
    hours = worst.group.replace(" to ", ":00 to ")
    return f"{said}; farthest from 80 % it was from {hours}:00 local time, {_covered(worst)}."


def doubt(comparisons: Sequence[Comparison], model: str) -> str:
    """Say which naive forecasts a model seems to beat though luck may explain it; empty where there is none."""
    same = [
        one
        for one in comparisons
        if one.model == model and one.error.verdict == "not distinguishable" and one.error.value > 0
    ]
    if not same:
        return ""
    rivals = " or ".join(_rival_text(one.rival) for one in same)
    return (
        f"{model} cannot be told from {rivals} with confidence: the 95 % interval of the error it saves is "
        f"{' or '.join(skill_interval_text(one.error) for one in same)}."
    )


def skill_text(skill: Skill) -> str:
    """Give a skill and its interval in short: ``12.3 % (8.1 to 16.2)``; ``–`` where it does not exist."""
    if math.isnan(skill.value):
        return "–"
    interval = skill_interval_text(skill)
    return f"{_percent(skill.value)} %" + (f" ({interval.removesuffix(' %')})" if interval else "")


def skill_interval_text(skill: Skill) -> str:
    """Give the interval of a skill: ``8.1 to 16.2 %``; empty where it is unknown."""
    return "" if math.isnan(skill.low) else f"{_percent(skill.low)} to {_percent(skill.high)} %"


def _skill_cell(skill: Skill) -> TrustCell:
    if math.isnan(skill.value):
        return TrustCell()
    if skill.value == skill.low == skill.high == 0:
        return TrustCell("0 %", word="the same forecast")
    word = {"unknown": "too few cutoffs"}.get(skill.verdict, skill.verdict)
    colour = {"better than naive": "good", "worse than naive": "bad"}.get(skill.verdict, "")
    return TrustCell(f"{_percent(skill.value)} %", skill_interval_text(skill), word, colour)


def _band_cell(one: Coverage | None) -> TrustCell:
    if one is None:
        return TrustCell()
    interval = "" if math.isnan(one.low) else f"{_percent(one.low)} to {_percent(one.high)} %"
    colour = "bad" if one.verdict == "too narrow" else "wide" if one.verdict == "too wide" else ""
    return TrustCell(f"{_percent(one.coverage)} %", interval, one.verdict, colour, f"{one.points:,} points")


def _covered(one: Coverage) -> str:
    interval = "" if math.isnan(one.low) else f" ({_percent(one.low)} to {_percent(one.high)} %)"
    return f"{_percent(one.coverage)} %{interval}"


def _percent(share: float) -> str:
    """Give a percentage with one digit, its sign a true minus; no minus before zero, and no more than is of use.

    A forecast that is nearly exact makes errors of any other a million per cent of its own.
    """
    if share < _LEAST_TOLD:
        return f"under −{-100 * _LEAST_TOLD:,.0f}"
    text = f"{100 * share:.1f}"
    return "0.0" if text == "-0.0" else text.replace("-", "−")


def _rival_text(rival: str) -> str:
    return f"the {rival}" if rival.endswith(" forecast") else shortened(rival, 30)


def _group_order(group: str) -> int:
    return int(group.split(" ", maxsplit=1)[0])
