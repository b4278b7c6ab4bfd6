"""``nettide keys``: a token once, a list without secrets, and refusals."""

from __future__ import annotations

import inspect
import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from command_line import nettide, succeed

from nettide.cli.keys import ScopeName, keys
from nettide.store.sql.database import DEFAULT_URL
from nettide.store.sql.engine import open_store
from nettide.store.sql.keys import KeyRecord, Scope


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'keys.db'}"


def verified(url: str, token: str) -> KeyRecord | None:
    store = open_store(url, create=False)
    try:
        return store.keys.verify(token)
    finally:
        store.close()


def test_a_new_key_prints_its_token_alone_and_the_rest_beside_it(url: str) -> None:
    ran = succeed("keys", "create", "grafana", "--scope", "read", "--expires", "90d", "--database", url)
    token = ran.out.removesuffix("\n")
    record = verified(url, token)
    assert record is not None
    assert (record.name, record.scopes) == ("grafana", {Scope.read})
    assert record.expires is not None
    assert timedelta(days=89) < record.expires - datetime.now(UTC) < timedelta(days=91)
    until = f"{record.expires:%Y-%m-%d %H:%M}"
    said = f"key {record.id} for 'grafana' may read, until {until} UTC. Keep the token: it is not shown again.\n"
    assert ran.err == said


def test_without_options_a_key_may_read_and_forecast_for_a_year(url: str) -> None:
    record = verified(url, succeed("keys", "create", "a", "--database", url).out.strip())
    assert record is not None
    assert record.scopes == {Scope.read, Scope.forecast}
    assert record.expires is not None
    assert timedelta(days=364) < record.expires - datetime.now(UTC) < timedelta(days=366)


def test_a_key_that_never_expires_says_so(url: str) -> None:
    ran = succeed("keys", "create", "a", "--scope", "admin", "--scope", "read", "--expires", "never", "--database", url)
    assert "may admin, read, without end." in ran.err
    record = verified(url, ran.out.strip())
    assert record is not None
    assert record.expires is None


def test_the_list_shows_each_key_and_no_secret(url: str) -> None:
    token = succeed("keys", "create", "alpha", "--database", url).out.strip()
    succeed("keys", "create", "beta", "--scope", "admin", "--expires", "never", "--database", url)
    succeed("keys", "revoke", token.split("_")[1], "--database", url)
    lines = succeed("keys", "list", "--database", url).out.splitlines()
    assert lines[0].split() == ["id", "name", "scopes", "state", "created", "(UTC)", "expires"]
    assert [line.split()[1:5] for line in lines[1:]] == [
        ["alpha", "forecast,", "read", "revoked"],
        ["beta", "admin", "active", lines[2].split()[4]],
    ]
    shown = json.loads(succeed("keys", "list", "--json", "--database", url).out)
    assert [(one["name"], one["scopes"], one["state"]) for one in shown] == [
        ("alpha", ["forecast", "read"], "revoked"),
        ("beta", ["admin"], "active"),
    ]
    assert shown[1]["expires"] is None
    assert datetime.fromisoformat(shown[0]["revoked"]).tzinfo is not None
    assert token.split("_", 2)[2] not in json.dumps(shown) + "".join(lines)


def test_a_revoked_key_opens_nothing(url: str) -> None:
    token = succeed("keys", "create", "a", "--database", url).out.strip()
    key_id = token.split("_")[1]
    assert succeed("keys", "revoke", key_id, "--database", url).out == f"revoked key {key_id} for 'a'\n"
    assert verified(url, token) is None
    assert json.loads(succeed("keys", "revoke", key_id, "--json", "--database", url).out)["state"] == "revoked"


def test_a_leaked_token_can_be_revoked_as_it_was_found_without_showing_it(url: str) -> None:
    token = succeed("keys", "create", "a", "--database", url).out.strip()
    ran = succeed("keys", "revoke", token, "--database", url)
    assert verified(url, token) is None
    assert token.split("_", 2)[2] not in ran.out + ran.err
    refused = nettide("keys", "revoke", token[:-1], "--database", url)
    assert refused.status == 1
    assert token[17:-1] not in refused.out + refused.err


def test_json_of_a_new_key_holds_its_token(url: str) -> None:
    made = json.loads(succeed("keys", "create", "ünder", "--json", "--database", url).out)
    assert verified(url, made["token"]) is not None
    assert (made["name"], made["state"]) == ("ünder", "active")


def test_the_environment_names_the_database_too(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETTIDE_DATABASE", url)
    token = succeed("keys", "create", "a").out.strip()
    assert verified(url, token) is not None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["create"], "keys create needs a name: whom it is for"),
        (["revoke"], "keys revoke needs the id of a key; nettide keys list shows it"),
        (["list", "x"], "keys list takes no name or id; it lists all keys"),
        (["list", "--scope", "read"], "keys list takes no --scope; a key keeps what it was made with: create another"),
        (["revoke", "x", "--expires", "1d"], "keys revoke takes no --expires; a key keeps what it was made with"),
        (["create", "a\nb"], "key name 'a\\nb' cannot be used; write 1 to 100 printable characters"),
        (["create", "a", "--expires", "soon"], "time 'soon' is not understood; write for example 90s, 10m or 1.5h"),
        (["create", "a", "--expires", "4000d"], "--expires 4000d is longer than 3650d; write never for a key that"),
        (["create", "a", "--database", "x.db"], "URL 'x.db' is not understood; write for example sqlite:///nettide.db"),
        (["revoke", "aaaaaaaaaaaa"], "there is no key 'aaaaaaaaaaaa'; nettide keys list shows them"),
        (["revoke", "ntd_oops"], "there is no key of this id; nettide keys list shows them"),
    ],
)
def test_what_cannot_be_done_is_refused_in_one_line(
    url: str, monkeypatch: pytest.MonkeyPatch, arguments: list[str], message: str
) -> None:
    monkeypatch.setenv("NETTIDE_DATABASE", url)
    succeed("keys", "create", "there")
    ran = nettide("keys", *arguments)
    assert ran.status == 1
    assert ran.out == ""
    assert ran.err.startswith(f"nettide: {message}")
    assert ran.err.count("\n") == 1


@pytest.mark.parametrize("action", [("list",), ("revoke", "aaaaaaaaaaaa")])
def test_listing_and_revoking_make_no_database(url: str, tmp_path: Path, action: tuple[str, ...]) -> None:
    ran = nettide("keys", *action, "--database", url)
    assert ran.status == 1
    assert "there is no database" in ran.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("arguments", [("make", "x"), ("create", "a", "--scope", "root"), ()])
def test_an_unknown_action_or_scope_is_a_matter_of_usage(url: str, arguments: tuple[str, ...]) -> None:
    assert nettide("keys", *arguments, "--database", url).status == 2


def test_what_the_option_says_is_what_the_store_has() -> None:
    assert [one.value for one in ScopeName] == [one.value for one in Scope]
    assert inspect.signature(keys).parameters["database"].default == DEFAULT_URL


def test_a_process_of_its_own_makes_a_key_without_loading_torch(url: str) -> None:
    script = "import sys; from nettide.cli import main; sys.argv = ['nettide', *sys.argv[1:]]\ntry: main()\n"
    script += "finally: print('torch' in sys.modules, file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", script, "keys", "create", "a", "--database", url],
        check=False, capture_output=True, text=True, env={**os.environ, "PYTHONWARNINGS": "error"},
    )  # fmt: skip
    assert done.stdout.startswith("ntd_"), done.stderr
    assert done.stderr.splitlines()[-1] == "False"
