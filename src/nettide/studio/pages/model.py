"""Page Model: choose what to train, and see how to do the same without the studio."""

from __future__ import annotations

from nettide.studio.model_view import show_model

show_model()
