"""Occasions: what is known of the future before it comes, such as holidays, maintenance windows and events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeAlias, get_args

from nettide.errors import PanelError, unknown

OccasionKind: TypeAlias = Literal["holiday", "maintenance", "event"]
KINDS: tuple[OccasionKind, ...] = get_args(OccasionKind)


@dataclass(frozen=True, slots=True)
class Occasion:
    """A span of time in which traffic may differ from its habit, known before it comes.

    Args:
        kind: holiday, maintenance or event.
        start: epoch second at which it begins.
        end: epoch second at which it is over, after ``start``.
        name: what people call it; only shown.
        series: ids of the series that it concerns; empty for all.

    Raises:
        PanelError: the kind is unknown, a bound is no whole number, or it ends before it begins.
    """

    kind: OccasionKind
    start: int
    end: int
    name: str = ""
    series: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise PanelError(f"occasion {self.name!r}: {unknown('kind', str(self.kind), KINDS)}")
        for what, second in (("start", self.start), ("end", self.end)):
            if type(second) is not int:
                raise PanelError(f"occasion {self.name!r}: {what} {second!r} is no whole epoch second")
        if self.end <= self.start:
            raise PanelError(
                f"occasion {self.name!r}: end {self.end} does not come after start {self.start}; exchange them"
            )
        if type(self.series) is not tuple:
            raise PanelError(f"occasion {self.name!r}: series {self.series!r} must be a tuple of ids")

    def touches(self, first: int, last: int) -> bool:
        """Say whether any of it lies in a span of epoch seconds, ``last`` excluded."""
        return self.start < last and self.end > first


def occasion_document(occasion: Occasion) -> dict[str, Any]:
    """Give JSON values that ``occasion_from`` reads."""
    return {**asdict(occasion), "series": list(occasion.series)}


def occasion_from(document: Mapping[str, Any]) -> Occasion:
    """Read what ``occasion_document`` gave.

    Raises:
        PanelError: what it says is no occasion.
        TypeError: a field is missing or foreign.
    """
    occasion = Occasion(**{**document, "series": tuple(document.get("series", ()))})
    if not all(isinstance(one, str) for one in (occasion.name, *occasion.series)):
        raise TypeError("name and series are texts")
    return occasion
