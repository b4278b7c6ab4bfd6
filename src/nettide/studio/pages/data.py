"""Page Data: make, upload or name data, and see what it is."""

from __future__ import annotations

from nettide.studio.data_choice import choose_data
from nettide.studio.data_view import show_data

choose_data()
show_data()
