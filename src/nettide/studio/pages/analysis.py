"""Page Analysis: errors, importance, what-if, anomalies, capacity, and all models beside each other."""

from __future__ import annotations

from nettide.studio.analysis_view import show_analysis

show_analysis()
