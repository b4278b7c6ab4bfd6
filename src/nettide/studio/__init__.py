"""The studio: data, model, training, forecast and analysis in the browser; only pages and charts, on top of tasks."""
