"""nettide forecasts network traffic, with bands that hold and the naive forecast beside every number."""

__version__ = "0.1.0"
