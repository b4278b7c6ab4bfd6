"""The thread that does in one worker what an admin told another: load, unload, pin."""

from __future__ import annotations

import logging
import threading

from nettide.errors import NettideError
from nettide.service.logs import log
from nettide.service.shelf import Shelf
from nettide.store.sql.models import ServedModel, ServedModels

_PAUSE_SECONDS = 1.0


class Follower(threading.Thread):
    """Looks at the served models of the store, and lets the shelf follow them.

    Args:
        shelf: of this worker.
        models: of the store.
    """

    def __init__(self, shelf: Shelf, models: ServedModels) -> None:
        super().__init__(name="follow", daemon=True)
        self._shelf, self._models = shelf, models
        self._over = threading.Event()

    def stop(self) -> None:
        """Let the thread end, and wait for it."""
        self._over.set()
        if self.is_alive():
            self.join(timeout=30)

    def run(self) -> None:
        """Look at the store now and then until told to stop."""
        before: dict[str, ServedModel] = {}
        while not self._over.is_set():
            try:
                wanted = {one.name: one for one in self._models.list()}
                for sentence in self._shelf.follow(wanted, before):
                    log(logging.WARNING, "model cannot be loaded", why=sentence)
                before = wanted
            except NettideError as error:
                log(logging.WARNING, "store does not answer", why=str(error))
            self._over.wait(_PAUSE_SECONDS)
