"""What one can choose about the pretrained network."""

from __future__ import annotations

from dataclasses import dataclass

from nettide.models.options import CONTEXTS, HORIZONS, SEEDS, check_ranges

SHOWN_SECONDS = 300, 86_400
"""The shortest and the longest step that the weights that come with nettide were trained on."""


@dataclass(frozen=True, slots=True)
class PretrainedConfig:
    """Everything one can choose about the pretrained network; stored beside its weights.

    Args:
        horizon: steps ahead, 1 to 336.
        context: taken for the sake of the other models; the network sees seven days, and lags of four weeks.
        seed: of the order of histories, of dropout and of what each member weighs.
        batches: of tuning; 0 uses the network as it is, None takes 800, fewer where there is little history.
        members: networks that are tuned side by side, each with histories weighed in its own way, and averaged; None
            takes each pretrained one once.
        batch_size: histories a batch; None takes 128, 64 for up to three series.
        learning_rate: its highest value; it falls to zero along a cosine.
        dropout: share dropped while tuning.
        weight_decay: of the weights.
        average: batches over which weights are averaged.
        adapt: whether the errors of the last forecasts move and widen the bands.

    Raises:
        OptionError: a value is outside its range.
    """

    horizon: int
    context: int | None = None
    seed: int = 0
    batches: int | None = None
    members: int | None = None
    batch_size: int | None = None
    learning_rate: float = 2e-3
    dropout: float = 0.1
    weight_decay: float = 1e-4
    average: int = 100
    adapt: bool = True

    def __post_init__(self) -> None:
        check_ranges(
            self,
            horizon=HORIZONS,
            context=CONTEXTS,
            seed=SEEDS,
            batches=(0, 1_000_000),
            members=(1, 64),
            batch_size=(1, 1_000_000),
            average=(1, 10**9),
            learning_rate=(1e-12, 100.0),
            dropout=(0.0, 0.95),
            weight_decay=(0.0, 100.0),
        )
