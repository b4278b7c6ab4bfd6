"""Words of the pages: texts that came from data, shown to the letter, and figures with units."""

from __future__ import annotations

import re

_MARKUP = re.compile(r"([\\`*_{}\[\]()#+\-.!|~<>$:&])")


def plain(text: str) -> str:
    """Give a text as Markdown that shows it to the letter, for calls of Streamlit that read Markdown."""
    return _MARKUP.sub(r"\\\1", text)


def seconds_text(seconds: float) -> str:
    """Write a time: ``0.8 s``, ``42 s``, ``3 min 20 s``, ``1 h 5 min``."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s" if whole % 60 else f"{whole // 60} min"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
