"""What one can choose about boosted trees, and what is chosen where it is left open."""

from __future__ import annotations

from dataclasses import dataclass

from nettide.models.options import CONTEXTS, HORIZONS, SEEDS, check_ranges
from nettide.models.recurrent_config import RecurrentConfig, resolve
from nettide.panel import Panel


@dataclass(frozen=True, slots=True)
class BoostedConfig:
    """Everything one can choose about boosted trees; stored beside them.

    Args:
        horizon: steps ahead, 1 to 336.
        context: steps of history in a window; None chooses as the networks do: a week (a day at steps under an hour
            and short horizons, four weeks at daily steps), less where history is short.
        seed: of the rows, features and thresholds that are tried.
        trees: most rounds; each adds one tree to each of the quantiles that are learned.
        leaves: most leaves of a tree.
        learning_rate: share of what a tree says that is added.
        min_leaf: least rows of a leaf.
        rows: about how many (window, target step) pairs train, spread evenly over series and time.
        feature_fraction: share of the features that a tree may use.
        patience: tenths of the rounds without gain on the validation windows before training ends; 0 never ends it.
        validation_share: last share of the history, which chooses the number of rounds and sets the bands; where it
            has fewer than 100 windows, or 7 a step of the horizon, the last quarter does so in a training before the
            training, and then all of the history trains.
        adapt: whether the errors of the last forecasts move and widen the bands.
        threads: threads; None takes all that OpenMP may.

    Raises:
        OptionError: a value is outside its range.
    """

    horizon: int
    context: int | None = None
    seed: int = 0
    trees: int = 150
    leaves: int = 31
    learning_rate: float = 0.1
    min_leaf: int = 50
    rows: int = 300_000
    feature_fraction: float = 0.6
    patience: int = 3
    validation_share: float = 0.125
    adapt: bool = True
    threads: int | None = None

    def __post_init__(self) -> None:
        check_ranges(
            self,
            horizon=HORIZONS,
            context=CONTEXTS,
            seed=SEEDS,
            trees=(1, 10_000),
            leaves=(2, 4096),
            learning_rate=(1e-6, 1.0),
            min_leaf=(1, 10**9),
            rows=(1, 10**9),
            feature_fraction=(0.01, 1.0),
            patience=(0, 10**9),
            validation_share=(0.0, 0.9),
            threads=(1, 4096),
        )


def window_config(config: BoostedConfig, panel: Panel) -> RecurrentConfig:
    """Give the windows that a network would have on the same data, with the context chosen."""
    asked = RecurrentConfig(
        horizon=config.horizon, context=config.context, patch=1 if config.context else None,
        validation_share=config.validation_share,
    )  # fmt: skip
    return resolve(asked, panel)
