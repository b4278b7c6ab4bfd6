"""Models as folders: saved, loaded, listed, and what is said when that cannot be."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from records import assert_same, assert_whole, record, state
from surroundings import Child, make_read_only

from nettide.errors import BusyError, DamagedError, OptionError, StoreError
from nettide.models import make_model, restore_model
from nettide.models.contract import State
from nettide.panel import Channel, Panel, Series
from nettide.store.bundle import write_bundle
from nettide.store.lock import claim
from nettide.store.models import check_folder, check_name, list_models, load_model, save_model


@pytest.mark.parametrize("name", ["a", "7", "lstm", "core-1.eth0_in", "a" * 64])
def test_good_names_come_back(name: str) -> None:
    assert check_name(name) == name


@pytest.mark.parametrize(
    "name", ["", ".", "..", ".hidden", "-x", "_x", "A", "a b", "a/b", "a\\b", "é", "a" * 65, "a\n"]
)
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(OptionError, match=r"cannot be used; write 1 to 64 of a-z, 0-9, '\.', '_' and '-'"):
        check_name(name)


@settings(max_examples=200, derandomize=True)
@given(st.text(max_size=70))
def test_a_name_that_passes_stays_in_its_folder(name: str) -> None:
    try:
        check_name(name)
    except OptionError:
        return
    assert (Path("models") / name).resolve().parent == Path("models").resolve()
    assert name == name.lower()


def test_a_model_comes_back_as_it_was_saved(tmp_path: Path) -> None:
    save_model(tmp_path / "models" / "lstm", record(), overwrite=False)
    found = load_model(tmp_path / "models" / "lstm")
    assert_same(found.state, state())
    assert replace(found, state=State({})) == record(state=State({}))


def test_a_fitted_model_forecasts_the_same_after_a_trip_to_the_disk(tmp_path: Path) -> None:
    values = np.random.default_rng(0).random((2, 400, 1))
    panel = Panel(values, 0, 3600, (Series("a"), Series("b")), (Channel("y"),))
    model = make_model("seasonal-naive", horizon=24)
    model.fit(panel)
    save_model(tmp_path / "m", record(model="seasonal-naive", state=model.state()), overwrite=False)
    loaded = load_model(tmp_path / "m")
    again = restore_model(loaded.model, loaded.state).predict(panel, np.array([350, 399]))
    assert again.point.tobytes() == model.predict(panel, np.array([350, 399])).point.tobytes()


def test_a_model_is_kept_unless_overwriting_is_allowed(tmp_path: Path) -> None:
    save_model(tmp_path / "m", record(1.0), overwrite=False)
    expected = r"m already holds a model; choose another name or allow overwriting"
    with pytest.raises(StoreError, match=expected):
        save_model(tmp_path / "m", record(2.0), overwrite=False)
    with pytest.raises(StoreError, match=expected):
        check_folder(tmp_path / "m", overwrite=False)
    assert load_model(tmp_path / "m").state.document["fill"] == 1.0
    save_model(tmp_path / "m", record(2.0), overwrite=True)
    assert load_model(tmp_path / "m").state.document["fill"] == 2.0


def test_a_damaged_model_can_be_overwritten(tmp_path: Path) -> None:
    save_model(tmp_path / "m", record(), overwrite=False)
    (tmp_path / "m" / "model.json").write_bytes(b"")
    save_model(tmp_path / "m", record(2.0), overwrite=True)
    assert_whole(load_model(tmp_path / "m"))


def test_the_name_of_the_folder_is_checked_in_saving(tmp_path: Path) -> None:
    for folder in (tmp_path / "My Model", tmp_path / "a" / ".."):
        with pytest.raises(OptionError, match="cannot be used"):
            save_model(folder, record(), overwrite=False)
    assert not list(tmp_path.iterdir())


def test_a_file_in_place_of_the_folder_is_said(tmp_path: Path) -> None:
    (tmp_path / "m").write_bytes(b"")
    with pytest.raises(StoreError, match=r"cannot save a model as .*m: it is a file"):
        save_model(tmp_path / "m", record(), overwrite=True)


def test_a_folder_with_other_files_is_neither_written_nor_loaded(tmp_path: Path) -> None:
    folder = tmp_path / "home"
    folder.mkdir()
    (folder / "thesis.txt").write_text("precious")
    (folder / "zoo").mkdir()
    with pytest.raises(
        DamagedError, match=r"home holds 'thesis.txt' and 1 more, which nettide did not write; save the"
    ):
        save_model(folder, record(), overwrite=True)
    assert sorted(path.name for path in folder.iterdir()) == ["thesis.txt", "zoo"]


def test_a_foreign_file_in_a_model_is_named(tmp_path: Path) -> None:
    save_model(tmp_path / "m", record(), overwrite=False)
    (tmp_path / "m" / "weights.bin").write_bytes(b"")
    with pytest.raises(DamagedError, match=r"m holds 'weights.bin', which nettide did not write; move it out of the"):
        load_model(tmp_path / "m")


def test_hidden_files_and_those_of_killed_saves_do_not_matter(tmp_path: Path) -> None:
    save_model(tmp_path / "m", record(), overwrite=False)
    for name in (".DS_Store", ".nettide.lock", ".model.json.01234567.tmp", "weights-0123456789ab.safetensors"):
        (tmp_path / "m" / name).write_bytes(b"")
    write_bundle(tmp_path / "m", "checkpoint", state(3.0))
    assert_whole(load_model(tmp_path / "m"))


def test_a_model_that_does_not_exist_is_named_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=rf"no model at {tmp_path / 'lsmt'}"):
        load_model(tmp_path / "lsmt")
    save_model(tmp_path / "lstm", record(), overwrite=False)
    with pytest.raises(StoreError, match=r"unknown stored model 'lsmt'; did you mean 'lstm'\? known: lstm"):
        load_model(tmp_path / "lsmt")


def test_an_empty_folder_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(DamagedError, match=r"model\.json is missing"):
        load_model(tmp_path)


def test_a_training_that_has_not_ended_is_no_model_yet(tmp_path: Path) -> None:
    write_bundle(tmp_path, "checkpoint", state())
    with pytest.raises(StoreError, match="holds a training that has not ended, but no model yet; resume it"):
        load_model(tmp_path)


def test_a_description_of_another_shape_names_the_file(tmp_path: Path) -> None:
    write_bundle(tmp_path, "model", state())
    with pytest.raises(DamagedError, match=r"model\.json: the stored model has no usable description"):
        load_model(tmp_path)


def test_models_are_listed_by_name_with_what_is_kept_about_them(tmp_path: Path) -> None:
    for name in ("b", "a"):
        save_model(tmp_path / name, record(), overwrite=False)
    (tmp_path / "data").mkdir()
    (tmp_path / "notes.txt").write_text("no model")
    found = list_models(tmp_path)
    assert [(one.name, one.folder, one.damage) for one in found] == [
        ("a", tmp_path / "a", ""),
        ("b", tmp_path / "b", ""),
    ]
    assert found[0].record is not None
    assert (found[0].record.model, found[0].record.training.parameters, found[0].record.data.unit) == (
        "lstm",
        42,
        "bit/s",
    )
    assert not found[0].record.state.tensors


def test_damaged_models_are_listed_with_the_reason(tmp_path: Path) -> None:
    for name in ("a", "b", "c", "d"):
        save_model(tmp_path / name, record(), overwrite=False)
    (tmp_path / "a" / "model.json").unlink()
    next((tmp_path / "b").glob("weights-*")).write_bytes(b"")
    (tmp_path / "c" / "README.md").write_text("")
    found = list_models(tmp_path)
    assert [one.record is None for one in found] == [True, True, True, False]
    for one, reason in zip(found, ("model.json is missing", "is truncated", "'README.md'", ""), strict=True):
        assert reason in one.damage


def test_a_root_that_does_not_exist_is_said(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=rf"cannot list models in {tmp_path / 'models'}: it does not exist"):
        list_models(tmp_path / "models")


def test_the_description_can_be_read_by_a_person(tmp_path: Path) -> None:
    save_model(tmp_path / "m", record(), overwrite=False)
    body = json.loads((tmp_path / "m" / "model.json").read_text())["document"]
    assert (body["model"], body["created"], body["data"]["origin"]) == ("lstm", "2026-03-01T02:10:00Z", "traffic.csv")


SAVER = """
import sys
from pathlib import Path
from records import record
from nettide.errors import BusyError
from nettide.store.models import save_model
print("ready", flush=True)
sys.stdin.readline()
saved = busy = 0
while saved < 15:
    try:
        save_model(Path(sys.argv[1]), record(float(sys.argv[2]), size=2000), overwrite=True)
        saved += 1
    except BusyError:
        busy += 1
print(saved, busy, flush=True)
sys.stdin.readline()
"""


def test_two_processes_saving_to_one_name_take_turns_and_a_reader_sees_whole_models(
    tmp_path: Path, child: type[Child]
) -> None:
    folder = tmp_path / "m"
    save_model(folder, record(1.0, size=2000), overwrite=False)
    savers = [child(SAVER, folder, fill) for fill in (2.0, 3.0)]
    assert [saver.hear() for saver in savers] == ["ready", "ready"]
    for saver in savers:
        assert saver.process.stdin is not None
        saver.process.stdin.write("\n")
        saver.process.stdin.flush()
    for _ in range(30):
        assert_whole(load_model(folder))
    counts = [saver.hear().split() for saver in savers]
    assert [saved for saved, _ in counts] == ["15", "15"]
    found = load_model(folder)
    assert_whole(found)
    assert found.state.document["fill"] in (2.0, 3.0)
    assert len(list(folder.iterdir())) == 2


def test_saving_where_another_process_saves_is_refused_by_name(tmp_path: Path, child: type[Child]) -> None:
    holder = child(
        "import sys; from pathlib import Path; from nettide.store.lock import claim\n"
        "with claim(Path(sys.argv[1])): print('held', flush=True); sys.stdin.readline()",
        tmp_path / "m",
    )
    assert holder.hear() == "held"
    with pytest.raises(BusyError, match=rf"m is in use by another nettide process \(pid {holder.process.pid}\)"):
        save_model(tmp_path / "m", record(), overwrite=True)


def test_a_fit_that_claimed_the_folder_may_save_in_it(tmp_path: Path) -> None:
    with claim(tmp_path / "m"):
        save_model(tmp_path / "m", record(), overwrite=False)
    assert_whole(load_model(tmp_path / "m"))


@pytest.mark.parametrize("size", [60_000, 140_000])
def test_a_full_disk_leaves_the_old_model_and_nothing_else(small_disk: Path, size: int) -> None:
    folder = small_disk / "m"
    save_model(folder, record(1.0, size=70_000), overwrite=False)
    before = sorted(path.name for path in folder.iterdir())
    with pytest.raises(StoreError, match=r"cannot write .*weights-.*: the disk is full"):
        save_model(folder, record(2.0, size=size), overwrite=True)
    found = load_model(folder)
    assert_whole(found)
    assert found.state.document["fill"] == 1.0
    assert sorted(path.name for path in folder.iterdir()) == before


def test_a_disk_that_fills_up_with_the_description_leaves_the_old_model(small_disk: Path) -> None:
    folder = small_disk / "m"
    save_model(folder, record(1.0, size=10_000), overwrite=False)
    with pytest.raises(StoreError, match=r"cannot write .*model\.json: the disk is full"):
        save_model(folder, record(2.0, size=10_000, scores={"long": "x" * 2**20}), overwrite=True)
    found = load_model(folder)
    assert_whole(found)
    assert found.state.document["fill"] == 1.0
    save_model(folder, record(3.0), overwrite=True)
    assert len(list(folder.iterdir())) == 2


def test_a_read_only_disk_can_be_loaded_from_but_not_saved_to(small_disk: Path) -> None:
    save_model(small_disk / "m", record(), overwrite=False)
    make_read_only(small_disk)
    assert_whole(load_model(small_disk / "m"))
    for name in ("m", "new"):
        with pytest.raises(StoreError, match=rf"cannot write in .*{name}: the file system is read-only"):
            save_model(small_disk / name, record(2.0), overwrite=True)


def test_a_folder_of_models_and_a_file_are_named_as_such(tmp_path: Path) -> None:
    save_model(tmp_path / "models" / "one", record(), overwrite=False)
    with pytest.raises(StoreError, match=r"models is no model but a folder of models; name one of them, such .*one$"):
        load_model(tmp_path / "models")
    save_model(tmp_path / "models" / "two", record(), overwrite=False)
    with pytest.raises(StoreError, match=r"such as .*one and 1 more$"):
        load_model(tmp_path / "models")
    (tmp_path / "traffic.csv").write_text("ds,y\n")
    with pytest.raises(StoreError, match=r"traffic.csv is a file, not a model; the model comes first, then the data$"):
        load_model(tmp_path / "traffic.csv")
