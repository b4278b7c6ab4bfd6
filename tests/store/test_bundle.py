"""A state on disk: what comes back, and every way in which the files can be wrong."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from records import assert_same, state

from nettide.errors import DamagedError, StoreError
from nettide.models.contract import State
from nettide.store.bundle import read_bundle, remove_bundle, write_bundle


def weights_of(folder: Path) -> Path:
    (found,) = folder.glob("weights-*.safetensors")
    return found


def reseal(path: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    """Write a changed description with a right hash, as an attacker or a newer version would."""
    body = json.loads(path.read_text())
    del body["sha256"]
    changed = change(body)
    text = json.dumps(body if changed is None else changed, indent=1).encode().removesuffix(b"\n}")
    path.write_bytes(text + f',\n "sha256": "{hashlib.sha256(text).hexdigest()}"\n}}\n'.encode())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_bundle(tmp_path, "model", state())
    return tmp_path


def test_what_is_written_comes_back_bit_for_bit(folder: Path) -> None:
    assert_same(read_bundle(folder, "model"), state())


def test_the_description_is_json_and_names_weights_by_their_hash(folder: Path) -> None:
    body = json.loads((folder / "model.json").read_text())
    digest = hashlib.sha256(weights_of(folder).read_bytes()).hexdigest()
    assert body["tensors"]["sha256"] == digest
    assert weights_of(folder).name == f"weights-{digest[:12]}.safetensors"
    assert (body["format"], body["format_version"]) == ("nettide model", 1)


def test_a_state_without_tensors_needs_no_second_file(folder: Path) -> None:
    write_bundle(folder, "model", State({"season": "week"}))
    assert [path.name for path in folder.iterdir()] == ["model.json"]
    assert_same(read_bundle(folder, "model"), State({"season": "week"}))


def test_overwriting_removes_the_older_weights_and_left_over_temp_files(folder: Path) -> None:
    (folder / ".model.json.0123abcd.tmp").write_bytes(b"{")
    (folder / ".weights-0123456789ab.safetensors.0123abcd.tmp").write_bytes(b"")
    write_bundle(folder, "model", state(2.0))
    assert sorted(path.name for path in folder.iterdir()) == ["model.json", weights_of(folder).name]
    assert_same(read_bundle(folder, "model"), state(2.0))


def test_a_model_and_a_checkpoint_share_a_folder_and_do_not_touch_each_other(folder: Path) -> None:
    write_bundle(folder, "checkpoint", state(2.0))
    write_bundle(folder, "model", state(3.0))
    remove_bundle(folder, "checkpoint")
    assert_same(read_bundle(folder, "model"), state(3.0))
    assert not list(folder.glob("checkpoint*"))


def test_strided_and_scalar_tensors_come_back_as_they_are(tmp_path: Path) -> None:
    tensors = {"turned": np.arange(6.0).reshape(2, 3).T, "every": np.arange(10)[::3], "one": np.array(7, np.int32)}
    write_bundle(tmp_path, "model", State({}, tensors))
    assert_same(read_bundle(tmp_path, "model"), State({}, tensors))


def test_loaded_tensors_may_be_written(folder: Path) -> None:
    read_bundle(folder, "model").tensors["a.weight"][:] = 0


def any_tensor(kind: str, shape: list[int], seed: int) -> Any:
    """A tensor of any bits: NaN of all kinds, infinities and subnormal numbers among them."""
    content = np.random.default_rng(seed).bytes(int(np.prod(shape, dtype=int)) * np.dtype(kind).itemsize)
    if kind == "?":
        content = bytes(one % 2 for one in content)
    return np.frombuffer(content, dtype=kind).reshape(shape)


@settings(max_examples=25, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    document=st.dictionaries(
        st.text(max_size=5),
        st.recursive(
            st.none()
            | st.booleans()
            | st.integers()
            | st.floats(allow_nan=False, allow_infinity=False, allow_subnormal=False)
            | st.text(),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
            max_leaves=6,
        ).filter(lambda value: "\ud800" not in repr(value)),
        max_size=4,
    ),
    tensors=st.dictionaries(
        st.text(min_size=1, max_size=5).filter(lambda name: name != "__metadata__"),
        st.builds(
            any_tensor,
            st.sampled_from(["f4", "f8", "f2", "i8", "i4", "i2", "i1", "u8", "u1", "?"]),
            st.lists(st.integers(0, 4), max_size=3),
            st.integers(0, 2**32),
        ),
        max_size=3,
    ),
)
def test_any_state_comes_back(tmp_path: Path, document: dict[str, Any], tensors: dict[str, Any]) -> None:
    write_bundle(tmp_path, "model", State(document, tensors))
    assert_same(read_bundle(tmp_path, "model"), State(document, tensors))


def test_each_flipped_bit_of_the_description_is_noticed(folder: Path) -> None:
    path = folder / "model.json"
    good = path.read_bytes()
    for place in range(len(good)):
        bad = bytearray(good)
        bad[place] ^= 1 << (place % 8)
        path.write_bytes(bad)
        with pytest.raises(DamagedError, match=r"model\.json (was altered after it was saved|is truncated)"):
            read_bundle(folder, "model")


def test_each_flipped_bit_of_the_weights_is_noticed(folder: Path) -> None:
    path = weights_of(folder)
    good = path.read_bytes()
    for place in range(0, len(good), 3):
        bad = bytearray(good)
        bad[place] ^= 1 << (place % 8)
        path.write_bytes(bad)
        with pytest.raises(DamagedError, match=r"is damaged or belongs to another model: its SHA-256 begins"):
            read_bundle(folder, "model")


@pytest.mark.parametrize("kept", [0, 1, 50, -1, -2, -83])
def test_a_truncated_description_is_noticed(folder: Path, kept: int) -> None:
    path = folder / "model.json"
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(DamagedError, match=r"model\.json is truncated, or was not written by nettide; restore it"):
        read_bundle(folder, "model")


@pytest.mark.parametrize("kept", [0, 8, -1])
def test_truncated_weights_are_noticed(folder: Path, kept: int) -> None:
    path = weights_of(folder)
    size = path.stat().st_size
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(DamagedError, match=rf"safetensors has \d+ bytes, model.json says {size}; it is truncated"):
        read_bundle(folder, "model")


def test_grown_weights_are_noticed_without_reading_them(folder: Path) -> None:
    path = weights_of(folder)
    os.truncate(path, 2**40)  # sparse: a terabyte that takes no room
    with pytest.raises(DamagedError, match=r"has 1099511627776 bytes, \d+ are the most it may have"):
        read_bundle(folder, "model")


def test_a_huge_description_is_refused_without_reading_it(folder: Path) -> None:
    os.truncate(folder / "model.json", 2**40)
    with pytest.raises(DamagedError, match=r"model\.json has 1099511627776 bytes, 67108864 are the most it may have"):
        read_bundle(folder, "model")


@pytest.mark.parametrize("file", ["model.json", "weights"])
def test_a_missing_file_is_named(folder: Path, file: str) -> None:
    path = folder / file if file == "model.json" else weights_of(folder)
    path.unlink()
    with pytest.raises(DamagedError, match=rf"{path.name} is missing; restore it from a backup or fit again"):
        read_bundle(folder, "model")


def test_the_weights_of_another_model_are_noticed(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    write_bundle(other, "model", state(2.0))
    shutil.copy(weights_of(other), weights_of(folder))
    with pytest.raises(DamagedError, match="belongs to another model"):
        read_bundle(folder, "model")


@pytest.mark.parametrize("content", [b"{}", b"[1, 2]\n", b"\x89PNG\r\n\x1a\n", b'{"format": "nettide model"}'])
def test_a_foreign_description_is_noticed(folder: Path, content: bytes) -> None:
    (folder / "model.json").write_bytes(content)
    with pytest.raises(DamagedError, match="was not written by nettide"):
        read_bundle(folder, "model")


def test_a_checkpoint_is_no_model(folder: Path) -> None:
    write_bundle(folder, "checkpoint", State({}))
    (folder / "checkpoint.json").replace(folder / "model.json")
    with pytest.raises(DamagedError, match=r"model\.json is not a nettide model"):
        read_bundle(folder, "model")


def test_a_newer_format_is_refused_with_both_versions(folder: Path) -> None:
    reseal(folder / "model.json", lambda body: body.update(format_version=2, nettide="9.1"))
    with pytest.raises(
        StoreError, match=r"was written by nettide 9\.1 in format 2; this is 0\.1\.\d+, which reads up to 1: upgrade"
    ) as caught:
        read_bundle(folder, "model")
    assert not isinstance(caught.value, DamagedError)


@pytest.mark.parametrize(
    "name",
    [
        "../secret.safetensors",
        "/etc/passwd",
        "weights-000000000000.safetensors",
        "weights-../../abcdef.safetensors",
        "",
        None,
        7,
    ],
)
def test_a_name_of_weights_that_leads_elsewhere_is_refused(folder: Path, name: object) -> None:
    (folder.parent / "secret.safetensors").write_bytes(weights_of(folder).read_bytes())
    reseal(folder / "model.json", lambda body: body["tensors"].update(file=name))
    with pytest.raises(DamagedError, match="names no usable file of tensors"):
        read_bundle(folder, "model")


@pytest.mark.parametrize(
    "tensors", [[], "weights", {"size": True}, {"size": -1}, {"size": 2**50}, {"sha256": "0" * 63}]
)
def test_an_unusable_entry_of_the_weights_is_refused(folder: Path, tensors: object) -> None:
    def change(body: dict[str, Any]) -> None:
        body["tensors"] = {**body["tensors"], **tensors} if isinstance(tensors, dict) else tensors

    reseal(folder / "model.json", change)
    with pytest.raises(DamagedError, match="names no usable file of tensors"):
        read_bundle(folder, "model")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda body: [body], "holds no JSON that nettide writes"),
        (lambda body: body.update(document=[]), "holds no description of the model"),
        (lambda body: body.update(format_version="1"), "in format 1; this is"),
        (lambda body: body.update(document={"a": float("nan")}), "holds no JSON that nettide writes"),
        (lambda body: {**body, "document": None}, "holds no description of the model"),
    ],
)
def test_a_description_of_another_shape_is_refused(
    folder: Path, change: Callable[[dict[str, Any]], Any], message: str
) -> None:
    reseal(folder / "model.json", change)
    with pytest.raises(StoreError, match=message):
        read_bundle(folder, "model")


@pytest.mark.parametrize("nested", [b"[" * 200_000 + b"]" * 200_000, b"1" * 6000])
def test_a_description_too_deep_or_with_a_number_too_long_is_refused(folder: Path, nested: bytes) -> None:
    text = b'{\n "format": "nettide model",\n "document": ' + nested
    sealed = text + f',\n "sha256": "{hashlib.sha256(text).hexdigest()}"\n}}\n'.encode()
    (folder / "model.json").write_bytes(sealed)
    with pytest.raises(DamagedError, match="holds no JSON that nettide writes"):
        read_bundle(folder, "model")


def test_weights_with_a_right_hash_that_are_no_tensors_are_refused(folder: Path) -> None:
    content = b"\x08\0\0\0\0\0\0\0nothing!"
    digest = hashlib.sha256(content).hexdigest()
    name = f"weights-{digest[:12]}.safetensors"
    (folder / name).write_bytes(content)
    reseal(folder / "model.json", lambda body: body.update(tensors={"file": name, "sha256": digest, "size": 16}))
    with pytest.raises(DamagedError, match="holds no tensors that nettide writes"):
        read_bundle(folder, "model")


def test_the_hash_is_checked_before_tensors_are_parsed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    weights_of(folder).write_bytes(bytes(weights_of(folder).stat().st_size))
    monkeypatch.setattr(safetensors.numpy, "load", lambda _: pytest.fail("parsed what was not checked"))
    with pytest.raises(DamagedError, match="its SHA-256 begins"):
        read_bundle(folder, "model")


@pytest.mark.parametrize("which", ["model.json", "weights"])
def test_symbolic_links_are_followed_neither_in_reading_nor_in_writing(folder: Path, which: str) -> None:
    path = folder / which if which == "model.json" else weights_of(folder)
    outside = folder.parent / "outside"
    outside.write_bytes(path.read_bytes())
    path.unlink()
    path.symlink_to(outside)
    before = outside.read_bytes()
    message = "is a symbolic link, which nettide does not follow"
    with pytest.raises(DamagedError, match=message):
        read_bundle(folder, "model")
    with pytest.raises(DamagedError, match=message):
        write_bundle(folder, "model", state())
    assert outside.read_bytes() == before


@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo])
def test_a_folder_or_pipe_in_place_of_a_file_is_refused(folder: Path, make: Callable[[Path], None]) -> None:
    path = weights_of(folder)
    path.unlink()
    make(path)
    with pytest.raises(DamagedError, match="is not a regular file"):
        read_bundle(folder, "model")


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (State({"loss": float("nan")}), r"model\.json: JSON cannot hold the description: .*nan"),
        (State({"size": np.int64(3)}), "JSON cannot hold the description: .*int64"),
        (State({"x": "\ud800"}), "JSON cannot hold the description: .*surrogates"),
        (State({}, {"z": np.array([1j])}), "tensor 'z' is complex128, which safetensors cannot hold"),
        (State({}, {"s": np.array(["text"])}), "tensor 's' is <U4, which safetensors cannot hold"),
    ],
)
def test_a_state_that_cannot_be_kept_leaves_the_old_one(folder: Path, bad: State, message: str) -> None:
    with pytest.raises(StoreError, match=message):
        write_bundle(folder, "model", bad)
    assert_same(read_bundle(folder, "model"), state())
