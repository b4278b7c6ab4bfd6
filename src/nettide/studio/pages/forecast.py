"""Page Forecast: the test part beside the naive forecasts, and what is to come."""

from __future__ import annotations

from nettide.studio.forecast_view import show_forecast

show_forecast()
