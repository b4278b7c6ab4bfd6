"""What ``nettide tune`` tries of boosted trees."""

from __future__ import annotations

from nettide.models.boosted_config import BoostedConfig
from nettide.models.search_space import Choices, Range, Real, SearchSpace, Whole
from nettide.panel import Panel

BOOSTED_SPACE: dict[str, Range] = {
    "trees": Choices((75, 150, 300)),
    "leaves": Whole(7, 127, log=True),
    "learning_rate": Real(0.02, 0.3, log=True),
    "min_leaf": Whole(10, 400, log=True),
    "feature_fraction": Real(0.3, 1.0),
}


def boosted_space(config: BoostedConfig, panel: Panel) -> SearchSpace:
    """Give what to try, the same for all data."""
    del panel
    return SearchSpace(BOOSTED_SPACE, {name: getattr(config, name) for name in BOOSTED_SPACE})
