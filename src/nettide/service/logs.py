"""One JSON object a line on stderr: constant events and fields, no secrets, and no line that a client could break."""

from __future__ import annotations

import json
import logging
import re
import sys
import traceback
from datetime import UTC, datetime
from typing import Any

LOGGER = "nettide.service"
_SECRET = re.compile(r"(ntd_[a-z2-7]{12}_)[A-Za-z0-9_-]+|(://[^:/@\s]+:)[^@\s]+(?=@)")


class JsonLines(logging.Formatter):
    """Formats a record as one line of ASCII JSON; what looks like a key or password is blacked out."""

    def format(self, record: logging.LogRecord) -> str:
        """Give the line."""
        fields: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            "process": record.process,
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            fields["trace"] = "".join(traceback.format_exception(*record.exc_info))
        return json.dumps(_without_secrets(fields), default=str)


def _without_secrets(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_secrets(one) for key, one in value.items()}
    if isinstance(value, str) and ("ntd_" in value or "://" in value):
        return _SECRET.sub(lambda found: f"{found[1] or found[2]}...", value)
    return value


def log(level: int, event: str, /, *, exc_info: BaseException | None = None, **fields: Any) -> None:
    """Log an event with its fields."""
    logger = logging.getLogger(LOGGER)
    if logger.isEnabledFor(level):
        logger.log(level, event, extra={"fields": fields}, exc_info=exc_info)


def configuration(level: str) -> dict[str, Any]:
    """Give what ``logging.config.dictConfig`` takes, for the service and for gunicorn alike."""
    own = {"level": level.upper(), "handlers": ["stderr"], "propagate": False}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": "nettide.service.logs.JsonLines"}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json", "stream": sys.stderr}},
        "root": {"level": "WARNING", "handlers": ["stderr"]},
        "loggers": {
            LOGGER: own,
            "gunicorn.error": own,
            "gunicorn.access": {"level": "CRITICAL", "handlers": [], "propagate": False},
            "alembic": {"level": "WARNING", "handlers": ["stderr"], "propagate": False},
        },
    }
