"""What nettide does: the one place that composes sources, models, store and report."""
