"""What is said of the choice of ``auto``: sentences, and rows of a table, for the terminal and the report."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from nettide.models.auto.config import NAIVE_MEMBERS
from nettide.report.content import Choice
from nettide.report.trust import skill_text
from nettide.tasks.explain import Explanation, Part

_LEAST_SHOWN = 0.005
_TIMES = 10.0  # from where on an error is told as a multiple
COLUMNS = ("model", "weight", "error saved (95 %)", "note")


def choice_sentences(found: Explanation) -> tuple[str, ...]:
    """Say the mixture, what it carries over, its skill, and where naive forecasts are best, a sentence each."""
    said = (found.note, _mixture(found), _carry(found), _skill(found), _naive_best(found))
    return tuple(one for one in said if one)


def choice_rows(found: Explanation) -> tuple[tuple[str, ...], ...]:
    """Give the cells of ``COLUMNS``, a row a model: members by weight, then what was left out."""
    return tuple(
        (
            one.model,
            f"{one.weight:.1%}" if one.weight or not one.note else "–",
            _saved(found, one),
            one.note or ("always takes part" if one.model in NAIVE_MEMBERS else ""),
        )
        for one in found.parts
    )


def choice_section(found: Explanation) -> Choice:
    """Give what a report shows of the choice."""
    return Choice(choice_sentences(found), COLUMNS, choice_rows(found))


def left_out(found: Explanation) -> tuple[str, ...]:
    """Give the names of the challengers that have no part in the mixture."""
    return tuple(one.model for one in found.parts if not one.weight and one.model not in NAIVE_MEMBERS)


def choice_document(found: Explanation) -> dict[str, Any]:
    """Give JSON values of an explanation; what is unknown is None."""
    document: dict[str, Any] = _plain(asdict(found))
    return document


def _saved(found: Explanation, part: Part) -> str:
    if part.model != found.naive:
        return skill_text(part.skill)
    return "exact (the best naive)" if _all_exact(found) else "0 (it is the best naive)"


def _mixture(found: Explanation) -> str:
    naive = sum(one.weight for one in found.parts if one.model in NAIVE_MEMBERS)
    others = [one for one in found.parts if one.model not in NAIVE_MEMBERS and one.weight >= _LEAST_SHOWN]
    texts = [*(f"{one.model} {_percent(one.weight)}" for one in others), f"naive forecasts {_percent(naive)}"]
    return (
        f"mixture{f' for {found.id}' if found.id else ''}: {', '.join(texts)}; recent errors move it at each forecast"
    )


def _carry(found: Explanation) -> str:
    if not found.carry:
        return ""
    least, most = min(found.carry.values()), max(found.carry.values())
    share = _percent(least) if most == least else f"{_percent(least)} to {_percent(most)}"
    where = (
        "here" if found.id is not None or found.series == 1 else f"on {len(found.carry):,} of {found.series:,} series"
    )
    return f"misses persist {where}: {share} of what the last forecasts missed is added to the next"


def _skill(found: Explanation) -> str:
    if math.isnan(found.mixture.value):
        return ""
    word = {
        "not distinguishable": "luck may explain it",
        "unknown": "too few forecasts to tell it from luck",
    }.get(found.mixture.verdict, found.mixture.verdict)
    part = "the validation part, which also chose the weights"
    if found.exact:
        count = f"{len(found.exact):,}" if len(found.exact) > 1 else "one"
        part += f", without the {count} series that a naive forecast gets exactly right"
    saved = f"it saves {skill_text(found.mixture)} of the error of {found.naive}, the best naive forecast there"
    if found.mixture.value < 0:
        times = 1 - found.mixture.value
        above = f"{times:,.0f} times that" if times > _TIMES else f"{100 * (times - 1):.1f} % above that"
        saved = (
            f"its error is {above} of {found.naive}, the best naive forecast there "
            f"(it saves {skill_text(found.mixture)})"
        )
    return f"on {part}, {saved}: {word}"


def _naive_best(found: Explanation) -> str:
    best = found.naive_best
    if not best.compared:
        return ""
    if found.exact and best.compared == 1:
        where = "here" if found.id is not None else "on the one series"
        return (
            f"nothing beats {best.rivals[0][0]} {where}, which is exactly right on the validation part: "
            f"naive forecasts have {_percent(best.weight)} of the weight"
        )
    if found.id is not None:
        if best.series:
            return f"nothing beats {best.rivals[0][0]} here: naive forecasts have {_percent(best.weight)} of the weight"
        return ""
    if not best.series:
        compared = " compared" if best.compared < found.series else ""
        each = f"each of the {best.compared:,} series{compared}" if best.compared > 1 else f"the one series{compared}"
        beaten = f"on {each} some challenger beats the naive forecasts by quantile loss"
        more = found.series - best.compared
        return beaten + (f"; of {more:,} too little was known to compare" if more > 0 else "")
    rivals = ", ".join(f"{name} {count:,}" for name, count in best.rivals)
    exact = ""
    if found.exact:
        count = "all" if len(found.exact) == best.series else f"{len(found.exact):,}"
        exact = f", which is exactly right on {count} of them" if best.series > 1 else ", which is exactly right there"
    return (
        f"by quantile loss nothing beats a naive forecast on {best.series:,} of {best.compared:,} series "
        f"({rivals}){exact}: "
        f"naive forecasts have {_percent(best.weight)} of the weight there"
        + ("; what never changes goes on as it is, whoever has the weight" if found.exact else "")
    )


def _all_exact(found: Explanation) -> bool:
    return bool(found.exact) and len(found.exact) == found.naive_best.compared


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
