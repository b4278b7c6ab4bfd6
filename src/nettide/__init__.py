"""nettide forecasts network traffic, with bands that hold and the naive forecast beside every number."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nettide.forecast import Forecast
    from nettide.models import make_model
    from nettide.occasions import Occasion
    from nettide.panel import Channel, Panel, Series
    from nettide.tasks.forecaster import Forecaster

__version__ = "0.1.0"
__all__ = ["Channel", "Forecast", "Forecaster", "Occasion", "Panel", "Series", "__version__", "make_model"]

_HOMES = {
    "Channel": "nettide.panel",
    "Forecast": "nettide.forecast",
    "Forecaster": "nettide.tasks.forecaster",
    "Occasion": "nettide.occasions",
    "Panel": "nettide.panel",
    "Series": "nettide.panel",
    "make_model": "nettide.models",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that ``import nettide`` itself stays light."""
    if name not in _HOMES:
        raise AttributeError(f"module 'nettide' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
