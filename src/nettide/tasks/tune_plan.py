"""How long a search lasts, and on which part of the data it looks."""

from __future__ import annotations

from dataclasses import dataclass

from nettide.errors import OptionError

DEFAULT_TRIALS = 50


@dataclass(frozen=True, slots=True)
class SearchPlan:
    """How long to search, and on which part of the data.

    Args:
        trials: sets of options to try in all, those of earlier runs of the study included.
        budget_seconds: time for trials in all, that of earlier runs of the study included; None has no end.
        test_fraction: last share of the steps that is not looked at; 0 keeps none.
        validation_fraction: share of the steps, those before the test part, that scores the trials.
        repeats: further seeds with which the defaults and the best are fitted again at the end.

    Raises:
        OptionError: a value is outside its range.
    """

    trials: int = DEFAULT_TRIALS
    budget_seconds: float | None = None
    test_fraction: float = 0.2
    validation_fraction: float = 0.2
    repeats: int = 2

    def __post_init__(self) -> None:
        if self.trials < 1:
            raise OptionError(f"trials {self.trials} must be at least 1")
        if self.repeats < 0:
            raise OptionError(f"repeats {self.repeats} must be at least 0")
        if self.budget_seconds is not None and not self.budget_seconds > 0:
            raise OptionError(f"budget {self.budget_seconds:g} s must be longer than zero")
        if not 0 <= self.test_fraction < 1:
            raise OptionError(f"test fraction {self.test_fraction} must be 0 or more and below 1")
        if not 0 < self.validation_fraction < 1 - self.test_fraction:
            raise OptionError(
                f"validation fraction {self.validation_fraction} must lie between 0 and "
                f"{1 - self.test_fraction:g}, what the test fraction {self.test_fraction:g} leaves"
            )
