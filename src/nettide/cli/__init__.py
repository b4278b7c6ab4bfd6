"""The command line: ``nettide VERB``; each verb lives in its own file, imported when it is called."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line; our own errors end as one line on stderr and exit status 1."""
    from nettide.cli.app import app
    from nettide.errors import NettideError

    try:
        app()
    except NettideError as error:
        sys.stderr.write(f"nettide: {error}\n")
        sys.exit(1)
