"""From readings to a regular panel: rates, grid, quality, scaling, calendar, windows."""
