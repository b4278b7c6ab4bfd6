"""``nettide keys``: make, list and revoke the API keys of a service."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nettide.errors import OptionError

if TYPE_CHECKING:
    from nettide.store.sql.keys import KeyRecord, Keys

_MOST_DAYS = 3650


class Action(StrEnum):
    """What to do with keys."""

    create = "create"
    list = "list"
    revoke = "revoke"


class ScopeName(StrEnum):
    """What a key may do; the names of ``store.sql.keys.Scope``, which is imported only on use."""

    read = "read"
    forecast = "forecast"
    admin = "admin"


def keys(
    action: Annotated[Action, typer.Argument(metavar="ACTION", help="One of create, list and revoke.")],
    which: Annotated[
        str | None, typer.Argument(metavar="WHICH", help="create: whom the key is for. revoke: its id.")
    ] = None,
    *,
    scope: Annotated[
        list[ScopeName] | None,
        typer.Option("--scope", help="What the key may do, repeated for more; read and forecast if absent."),
    ] = None,
    expires: Annotated[
        str | None, typer.Option("--expires", help="Time until it expires, as 90d, or never; 365d if absent.")
    ] = None,
    database: Annotated[
        str,
        typer.Option(
            "--database",
            metavar="URL",
            envvar="NETTIDE_DATABASE",
            show_envvar=False,
            help="The service's database, SQLite or PostgreSQL; NETTIDE_DATABASE names it too.",
        ),
    ] = "sqlite:///nettide.db",
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Make, list or revoke the keys that clients of the service show.

    A new key's token is printed once, alone on stdout; only a hash of it is kept. A service that runs refuses a
    revoked key within two seconds, for ever.

    Example: nettide keys create grafana --scope read --expires 90d
    """
    from nettide.store.sql.engine import open_store

    _refuse(action, which, scope=scope, expires=expires)
    store = open_store(database, create=action is Action.create)
    try:
        if action is Action.create:
            _create(store.keys, str(which), scope or [ScopeName.read, ScopeName.forecast], expires or "365d", json=json)
        elif action is Action.list:
            _list(store.keys, store.database.clock(), json=json)
        else:
            _revoke(store.keys, str(which), json=json)
    finally:
        store.close()


def _refuse(action: Action, which: str | None, *, scope: object, expires: object) -> None:
    """Refuse what an action has no use for, and a name or id that is missing."""
    wanted = {Action.create: "a name: whom it is for", Action.revoke: "the id of a key; nettide keys list shows it"}
    if action in wanted and which is None:
        raise OptionError(f"keys {action} needs {wanted[action]}")
    if action is Action.list and which is not None:
        raise OptionError("keys list takes no name or id; it lists all keys")
    for option, value in (("--scope", scope), ("--expires", expires)):
        if action is not Action.create and value:
            raise OptionError(f"keys {action} takes no {option}; a key keeps what it was made with: create another")


def _create(keys: Keys, name: str, scopes: list[ScopeName], expires: str, *, json: bool) -> None:
    from nettide.store.sql.keys import Scope

    now = keys.database.clock()
    until = None if expires == "never" else now + _lifetime(expires)
    token, record = keys.create(name, frozenset(Scope(one) for one in scopes), until)
    if json:
        _print_json({"token": token, **_document(record, now)})
        return
    typer.echo(token)
    until_text = "without end" if until is None else f"until {_time(until)} UTC"
    what = f"key {record.id} for {record.name!r} may {', '.join(sorted(record.scopes))}, {until_text}"
    typer.echo(f"{what}. Keep the token: it is not shown again.", err=True)


def _list(keys: Keys, now: datetime, *, json: bool) -> None:
    records = keys.list()
    if json:
        _print_json([_document(one, now) for one in records])
        return
    from nettide.cli.words import plain_table, show

    table = plain_table("id", "name", "scopes", "state", "created (UTC)", "expires")
    for one in records:
        table.add_row(
            one.id, one.name, ", ".join(sorted(one.scopes)), _state(one, now), _time(one.created), _time(one.expires)
        )
    show(table)


def _revoke(keys: Keys, which: str, *, json: bool) -> None:
    from nettide.store.sql.keys import id_of, is_key_id

    key_id = id_of(which)
    record = keys.revoke(key_id)
    if record is None:
        shown = repr(key_id) if is_key_id(key_id) else "of this id"  # a mistyped token must not be shown
        raise OptionError(f"there is no key {shown}; nettide keys list shows them")
    if json:
        _print_json(_document(record, keys.database.clock()))
    else:
        typer.echo(f"revoked key {record.id} for {record.name!r}")


def _lifetime(text: str) -> timedelta:
    from nettide.units import parse_duration

    seconds = parse_duration(text)
    if seconds > _MOST_DAYS * 86_400:
        raise OptionError(f"--expires {text} is longer than {_MOST_DAYS}d; write never for a key that does not expire")
    return timedelta(seconds=seconds)


def _state(record: KeyRecord, now: datetime) -> str:
    if record.revoked is not None:
        return "revoked"
    return "active" if record.is_active(now) else "expired"


def _time(value: datetime | None) -> str:
    return "never" if value is None else value.strftime("%Y-%m-%d %H:%M")


def _document(record: KeyRecord, now: datetime) -> dict[str, Any]:
    times = {"created": record.created, "expires": record.expires, "revoked": record.revoked}
    return {
        "id": record.id,
        "name": record.name,
        "scopes": sorted(record.scopes),
        "state": _state(record, now),
        **{name: None if value is None else value.isoformat() for name, value in times.items()},
    }


def _print_json(document: object) -> None:
    from json import dumps

    typer.echo(dumps(document, ensure_ascii=False))
