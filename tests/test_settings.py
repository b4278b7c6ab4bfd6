"""Settings: a file and variables, refused by name where unknown."""

from __future__ import annotations

from pathlib import Path

import pytest

from nettide.errors import OptionError
from nettide.settings import Settings, known_settings, read_settings


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for name in list(os.environ):
        if name.upper().startswith("NETTIDE_"):
            monkeypatch.delenv(name)


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "nettide.yaml"
    path.write_text(text)
    return path


def test_overrides_go_before_variables_those_before_the_file_and_that_before_what_is_usual(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path, "service:\n  port: 1\n  threads: 5\n  batch: 7\nmodels: there\n")
    monkeypatch.setenv("NETTIDE_SERVICE__PORT", "2")
    monkeypatch.setenv("NETTIDE_SERVICE__THREADS", "6")
    found = read_settings(path, overrides={"service.port": 3, "service.host": None})
    assert (found.service.port, found.service.threads, found.service.batch) == (3, 6, 7)
    assert found.service.host == Settings.model_fields["service"].default_factory().host  # type: ignore[call-arg,misc,union-attr]
    assert found.models == Path("there")


def test_the_file_may_be_named_by_a_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETTIDE_SETTINGS", str(written(tmp_path, "limits: {series: 9}")))
    assert read_settings().limits.series == 9


def test_pinned_models_are_named_with_commas_or_as_a_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_settings(written(tmp_path, "service: {pinned: [a, b]}")).service.pinned == ("a", "b")
    monkeypatch.setenv("NETTIDE_SERVICE__PINNED", "uplinks, core")
    assert read_settings().service.pinned == ("uplinks", "core")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("prot: 1", "unknown setting 'prot'; did you mean"),
        ("service: {prot: 1}", "unknown setting 'service.prot'; did you mean 'service.port'"),
        ("service: 1", "service is a section"),
        ("[1, 2]", "must be a mapping"),
        ("a: [", "are no YAML"),
        ("service: {port: 70000}", "service.port: input should be less than or equal to 65535, given 70000"),
        ("service: {log_level: loud}", "service.log_level: input should be 'debug'"),
    ],
)
def test_what_is_wrong_in_a_file_is_said_in_one_sentence(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(OptionError, match=message.replace("[", r"\[")) as caught:
        read_settings(written(tmp_path, text))
    assert "\n" not in str(caught.value)


def test_a_file_that_is_absent_is_named(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=r"absent\.yaml cannot be read: No such file"):
        read_settings(tmp_path / "absent.yaml")


def test_an_unknown_variable_is_refused_and_the_nearest_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETTIDE_SERVICE__PROT", "1")
    with pytest.raises(OptionError, match="did you mean 'NETTIDE_SERVICE__PORT'"):
        read_settings()


def test_a_variable_with_an_impossible_value_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETTIDE_LIMITS__SERIES", "many")
    with pytest.raises(OptionError, match=r"limits\.series: input should be a valid integer"):
        read_settings()


def test_a_password_of_the_store_is_never_shown(tmp_path: Path) -> None:
    found = read_settings(written(tmp_path, "database: postgresql://nettide:secret@db/nettide"))
    assert "secret" not in repr(found)
    with pytest.raises(OptionError) as caught:
        read_settings(written(tmp_path, "database: [secret]"))
    assert "secret" not in str(caught.value)


def test_everything_one_can_set_is_described() -> None:
    names = [name for name, _, about in known_settings() if len(about) > 8]
    assert "service.port" in names
    assert len(names) == len(known_settings())
