"""``python -m nettide`` is the command line."""

from __future__ import annotations

from nettide.cli import main

main()
