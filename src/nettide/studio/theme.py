"""The looks of the studio: one theme in light and dark, as options of Streamlit."""

from __future__ import annotations

from typing import Any

from nettide.studio.settings import ThemeName

LINES = ("#1f6feb", "#d1570a", "#1a7f5a", "#8250df", "#b3261e", "#0f7c8f", "#8a6d00", "#5b6472")
"""Colours of lines on either ground, the most telling first."""
JUDGEMENT_COLOURS = {"fit to forecast": "#1a7f37", "with care": "#c2620a", "not": "#cf222e"}
"""Of words on either ground."""
_LIGHT = {
    "primaryColor": "#1f6feb",
    "backgroundColor": "#ffffff",
    "secondaryBackgroundColor": "#f4f6f9",
    "textColor": "#1b2430",
    "borderColor": "#d8dee6",
}
_DARK = {
    "primaryColor": "#3b82f6",
    "backgroundColor": "#10151c",
    "secondaryBackgroundColor": "#1a212b",
    "textColor": "#e6ebf2",
    "borderColor": "#323c4a",
}


def theme_options(theme: ThemeName) -> dict[str, Any]:
    """Give the options of Streamlit for a theme; ``system`` follows the browser, and its menu may change it."""
    shared = {
        "theme.chartCategoricalColors": list(LINES),
        "theme.baseRadius": "0.4rem",
        "theme.baseFontSize": 15,
        "theme.headingFontSizes": ["1.9rem", "1.35rem", "1.1rem", "1rem", "0.95rem", "0.9rem"],
        "theme.showWidgetBorder": True,
        "theme.paddingTop": "2.5rem",
    }
    if theme != "system":
        colours = _LIGHT if theme == "light" else _DARK
        return {**shared, "theme.base": theme, **{f"theme.{name}": value for name, value in colours.items()}}
    light = {f"theme.light.{name}": value for name, value in _LIGHT.items()}
    return {**shared, **light, **{f"theme.dark.{name}": value for name, value in _DARK.items()}}
