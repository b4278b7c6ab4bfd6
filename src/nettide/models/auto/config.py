"""What one can choose about the automatic forecaster."""

from __future__ import annotations

from dataclasses import dataclass

from nettide.errors import OptionError, UnitError, unknown
from nettide.models import MODELS
from nettide.models.options import CONTEXTS, HORIZONS, SEEDS, check_ranges
from nettide.units import parse_duration

NAIVE_MEMBERS = ("naive", "seasonal-naive-day", "seasonal-naive", "window-mean")
"""Always there: what every challenger must beat, and what remains where none does."""
UNTRAINED = ("base", "similar-day")
"""Challengers that cost next to nothing."""


@dataclass(frozen=True, slots=True)
class AutoConfig:
    """Everything one can choose about the automatic forecaster; stored beside its weights.

    Args:
        horizon: steps ahead, 1 to 336.
        context: given to the challengers that have one.
        seed: of everything random.
        challengers: names of models, comma between them, tried in this order as far as the budget lasts.
        budget: time for fitting, such as 60s or 5m; trials and final fits together.
        validation_share: last share of the history on which challengers are compared; more where that is few forecasts.
        refit: whether challengers that count are fitted again on the whole history.
        guard: how strongly recent errors of each member move its weight; 0 never does, nor follows breaks of the level.
        adapt: whether the errors of the last forecasts move and widen the bands.
        carry: whether what the last forecasts of a series missed is carried over to the next where that pays.

    Raises:
        OptionError: a value is outside its range, or no challenger is named, or one that cannot be.
    """

    horizon: int
    context: int | None = None
    seed: int = 0
    challengers: str = "base-tuned,lightgbm,lstm,base,similar-day,theta,auto-ets"
    budget: str = "180s"
    validation_share: float = 0.125
    refit: bool = True
    guard: float = 1.0
    adapt: bool = True
    carry: bool = True

    def __post_init__(self) -> None:
        check_ranges(
            self,
            horizon=HORIZONS,
            context=CONTEXTS,
            seed=SEEDS,
            validation_share=(0.01, 0.5),
            guard=(0.0, 100.0),
        )
        names = self.names
        if not names:
            raise OptionError("no challenger is named; name some, such as challengers=base-tuned,lightgbm")
        if strange := [one for one in names if one not in MODELS]:
            raise OptionError(f"challengers: {unknown('model', strange[0], MODELS)}")
        if again := [one for one in names if names.count(one) > 1]:
            raise OptionError(f"challenger {again[0]!r} is named more than once")
        if own := [one for one in names if one == "auto" or one in NAIVE_MEMBERS]:
            raise OptionError(f"{own[0]!r} cannot be a challenger: it always takes part" if own[0] != "auto" else
                              "'auto' cannot be a challenger of itself")  # fmt: skip
        _ = self.budget_seconds

    @property
    def names(self) -> tuple[str, ...]:
        """The challengers."""
        return tuple(one.strip() for one in self.challengers.split(",") if one.strip())

    @property
    def budget_seconds(self) -> float:
        """The time for fitting, in seconds.

        Raises:
            OptionError: the text is no time.
        """
        try:
            return parse_duration(self.budget)
        except UnitError as error:
            raise OptionError(f"budget: {error}") from None
