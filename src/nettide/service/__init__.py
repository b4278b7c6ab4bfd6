"""The service: forecasts over HTTP, with keys, limits, jobs and metrics."""
