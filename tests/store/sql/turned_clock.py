"""A clock that tests turn."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class TurnedClock:
    """Stands at a time until it is turned."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def turn(self, seconds: float) -> datetime:
        """Turn it, and give the time it then shows."""
        self.now += timedelta(seconds=seconds)
        return self.now
