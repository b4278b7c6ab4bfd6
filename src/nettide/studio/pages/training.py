"""Page Training: watch runs, compare them, and keep their models."""

from __future__ import annotations

from nettide.studio.training_view import show_training

show_training()
