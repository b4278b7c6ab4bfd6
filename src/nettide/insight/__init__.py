"""What a forecast is good for: run-out dates, billing, anomalies, what matters, what if."""
