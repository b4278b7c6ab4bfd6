"""Statistical forecasters, fitted anew to each series at each cutoff."""
