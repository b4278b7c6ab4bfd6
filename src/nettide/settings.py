"""Settings: one YAML file and the environment, read nowhere else; what is unknown is refused by name."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from nettide.errors import OptionError

PREFIX = "NETTIDE_"
_FILE = "NETTIDE_SETTINGS"
_ELSEWHERE = {_FILE, "NETTIDE_DATA"}  # the file itself, and where the tests find real data
_SECTION = ConfigDict(extra="forbid", frozen=True)


def _split(value: object) -> object:
    """Read names with commas between them, as a variable gives them."""
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


class Limits(BaseModel):
    """The most that one request or client may ask of the service."""

    model_config = _SECTION

    body_bytes: int = Field(default=16 * 2**20, ge=1024, le=2**30, description="bytes of a request, uploads apart")
    upload_bytes: int = Field(default=64 * 2**20, ge=1024, le=256 * 2**20, description="bytes of an uploaded file")
    depth: int = Field(default=8, ge=3, le=64, description="how deep JSON may nest")
    series: int = Field(default=1000, ge=1, le=100_000, description="series of a request")
    points: int = Field(default=2_000_000, ge=1, le=10**9, description="values of a request, over all its series")
    judged_points: int = Field(default=100_000, ge=1, le=10**8, description="values of a request that are judged")
    horizon: int = Field(default=336, ge=1, le=336, description="steps ahead")
    jobs: int = Field(default=20, ge=1, le=10_000, description="jobs of one key that wait or run")
    job_seconds: float = Field(default=3600.0, gt=0, le=7 * 86400, description="time a job may take")
    requests_per_minute: int = Field(default=60_000, ge=1, le=10**9, description="of one key, over all workers")
    burst: int = Field(default=2_000, ge=1, le=10**9, description="requests of one key that may come at once")
    request_seconds: float = Field(default=10.0, gt=0, le=600, description="time until a forecast is given up")
    keep_days: float = Field(default=30.0, gt=0, le=36_500, description="days that uploads, jobs and results are kept")
    waiting: int = Field(
        default=64, ge=1, le=100_000, description="requests of a worker that wait for a thread or a model"
    )


class ServiceSettings(BaseModel):
    """Where and how the service runs."""

    model_config = _SECTION

    host: str = Field(default="127.0.0.1", description="address to listen on; 0.0.0.0 for all")
    port: int = Field(default=8080, ge=0, le=65535, description="port to listen on; 0 takes a free one")
    workers: int | None = Field(default=None, ge=1, le=256, description="processes; one a core if absent")
    threads: int = Field(default=16, ge=2, le=256, description="threads of a worker")
    job_workers: int = Field(default=1, ge=0, le=64, description="processes that run jobs; 0 leaves them to others")
    connections: int = Field(default=2000, ge=16, le=100_000, description="open connections of a worker")
    batch: int = Field(default=64, ge=1, le=4096, description="most requests that a model forecasts at once")
    drain_seconds: int = Field(default=30, ge=1, le=3600, description="time to answer what was accepted, after SIGTERM")
    keepalive_seconds: int = Field(default=75, ge=1, le=3600, description="how long an idle connection stays open")
    receive_seconds: float = Field(default=20.0, gt=0, le=600, description="time a client has to send a whole request")
    model_slots: int = Field(
        default=8, ge=1, le=1000, description="stored models that stay in memory; pinned ones apart"
    )
    pinned: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)] = Field(
        default=(), description="stored models that are loaded at start and stay; with commas between them"
    )
    open_metrics: bool = Field(default=False, description="whether /metrics answers without a key")
    page: bool = Field(default=True, description="whether the pages / and /docs are served")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="least level that is logged"
    )


class Settings(BaseSettings):
    """Everything one can set."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True)

    models: Path = Field(default=Path("models"), description="folder of the stored models")
    database: SecretStr = Field(
        default=SecretStr("sqlite:///nettide.db"), description="where keys, jobs and results are: SQLite or PostgreSQL"
    )
    service: ServiceSettings = Field(default_factory=ServiceSettings)
    limits: Limits = Field(default_factory=Limits)


def read_settings(path: Path | None = None, *, overrides: Mapping[str, Any] | None = None) -> Settings:
    """Read settings: ``overrides`` go before variables, those before the file, that before what is usual.

    Args:
        path: a YAML file; None takes the one that ``NETTIDE_SETTINGS`` names, if any.
        overrides: dotted name -> value, such as ``{"service.port": 0}``; None values are left out.

    Raises:
        OptionError: the file cannot be read, or a name is unknown or its value impossible.
    """
    if path is None and os.environ.get(_FILE):
        path = Path(os.environ[_FILE])
    from_file = {} if path is None else _read_yaml(path)
    _check_names(from_file, Settings, where=str(path))
    _check_variables()

    class Read(Settings):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            del dotenv_settings, file_secret_settings  # nothing is read that nobody named
            return init_settings, env_settings, InitSettingsSource(settings_cls, from_file)

    try:
        return Read(**_nested(overrides or {}))
    except (ValidationError, SettingsError) as error:
        raise OptionError(f"settings: {_told(error)}") from None


def user_data_folder() -> Path:
    """Give the folder for data of programs of this user: ``XDG_DATA_HOME``, or what is usual where it is not set.

    Source:
        XDG Base Directory Specification 0.8, https://specifications.freedesktop.org: paths in it must be absolute.
    """
    data = Path(os.environ.get("XDG_DATA_HOME", ""))
    return data if data.is_absolute() else Path.home() / ".local" / "share"


def known_settings() -> list[tuple[str, str, str]]:
    """Give dotted name, default and description of everything one can set, for the documentation."""
    found = []
    for name, field in Settings.model_fields.items():
        section = field.annotation
        if isinstance(section, type) and issubclass(section, BaseModel):
            for key, one in section.model_fields.items():
                found.append((f"{name}.{key}", _default_text(one.default), one.description or ""))
        else:
            found.append((name, _default_text(field.default), field.description or ""))
    return found


def _default_text(value: object) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return "" if value is None else ", ".join(value) if isinstance(value, tuple) else str(value).lower()


def _read_yaml(path: Path) -> dict[str, Any]:
    try:
        found = yaml.safe_load(path.read_text("utf-8"))
    except OSError as error:
        raise OptionError(f"settings {path} cannot be read: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise OptionError(f"settings {path} are no YAML: {' '.join(str(error).split())}") from None
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise OptionError(f"settings {path} must be a mapping of names to values, as in docs/service.md")
    return found


def _check_names(values: Mapping[Any, Any], model: type[BaseModel], *, where: str, before: str = "") -> None:
    """Refuse an unknown name of a file, naming the nearest one."""
    for key, value in values.items():
        field = model.model_fields.get(str(key))
        if field is None:
            raise OptionError(f"{where}: {_unknown(f'{before}{key}', (before + one for one in model.model_fields))}")
        section = field.annotation
        if isinstance(section, type) and issubclass(section, BaseModel):
            if not isinstance(value, Mapping):
                raise OptionError(f"{where}: {before}{key} is a section: write its names below it, indented")
            _check_names(value, section, where=where, before=f"{before}{key}.")


def _check_variables() -> None:
    """Refuse a variable that sets nothing, naming the nearest one."""
    known = [PREFIX + one.replace(".", "__").upper() for one, *_ in known_settings()]
    for name in os.environ:
        if name.upper().startswith(PREFIX) and name.upper() not in (*known, *_ELSEWHERE):
            raise OptionError(_unknown(name, known, kind="variable"))


def _unknown(name: str, known: Iterable[str], *, kind: str = "setting") -> str:
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.0)
    return f"unknown {kind} {name!r}; did you mean {near[0]!r}?" if near else f"unknown {kind} {name!r}"


def _nested(dotted: Mapping[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, value in dotted.items():
        if value is not None:
            *sections, last = name.split(".")
            place = values
            for section in sections:
                place = place.setdefault(section, {})
            place[last] = value
    return values


def _told(error: ValidationError | SettingsError) -> str:
    """Say what is wrong in one sentence, without the value where it may hold a password."""
    if isinstance(error, SettingsError):
        return " ".join(str(error).split())
    first = error.errors()[0]
    at = ".".join(map(str, first["loc"]))
    given = "" if at == "database" else f", given {first['input']!r}"
    return f"{at}: {first['msg'][:1].lower()}{first['msg'][1:]}{given}"
