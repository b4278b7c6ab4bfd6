"""The automatic forecaster: challengers tried on the data, weighed for each series, guarded by recent errors."""
