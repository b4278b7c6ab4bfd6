from __future__ import annotations

import io
import shutil
from pathlib import Path

import pytest
from studio_pages import KEY, OTHER_KEY, made_data

from nettide.errors import DamagedError, OptionError, StoreError
from nettide.studio.runs import find_run
from nettide.studio.workspace import DataSet, Workspace, safe_name
from nettide.tasks.load import Reading
from nettide.tasks.plan import Plan


def test_sessions_have_folders_that_do_not_tell_their_keys(root: Path) -> None:
    one, other = Workspace.of(root, KEY), Workspace.of(root, OTHER_KEY)
    assert one.folder != other.folder
    assert KEY[:8] not in str(one.folder)
    assert one.data_folder.stat().st_mode & 0o777 == 0o700
    assert one.folder.stat().st_mode & 0o777 == 0o700


def test_what_one_session_uses_the_other_does_not_see(root: Path) -> None:
    one, other = Workspace.of(root, KEY), Workspace.of(root, OTHER_KEY)
    made_data(one)
    one.keep_plan(Plan("lstm", 6))
    assert one.data() is not None
    assert other.data() is None
    assert other.plan() is None
    assert other.models() == []
    assert other.active_model() is None


def test_data_and_plan_survive_a_restart(workspace: Workspace) -> None:
    data = made_data(workspace)
    plan = Plan("lstm", 6, 24, 0.3, 7, 2, None, (("hidden", "8"),))
    workspace.keep_plan(plan)
    again = Workspace(workspace.folder)
    assert again.data() == data
    assert again.plan() == plan


def test_other_data_forgets_the_plan_and_the_same_data_keeps_it(workspace: Workspace) -> None:
    data = made_data(workspace)
    workspace.keep_plan(Plan("lstm", 6))
    workspace.use_data(DataSet(data.name, data.location, Reading(unit="packets"), data.kind))
    assert workspace.plan() is not None
    workspace.use_data(DataSet("other", "/other", Reading(), "path"))
    assert workspace.plan() is None


def test_files_that_nothing_needs_are_dropped(workspace: Workspace) -> None:
    first, second, third = made_data(workspace), made_data(workspace), made_data(workspace)
    workspace.drop_unused_data([first.location])
    assert Path(first.location).exists()
    assert not Path(second.location).exists()
    assert Path(third.location).exists()


def test_a_damaged_description_is_said(workspace: Workspace) -> None:
    made_data(workspace)
    (workspace.folder / "data.json").write_text('{"name": 1}')
    with pytest.raises(DamagedError, match=r"data\.json does not describe data: 'location'"):
        workspace.data()
    (workspace.folder / "data.json").write_text("[")
    with pytest.raises(DamagedError, match=r"data\.json cannot be read"):
        workspace.data()
    (workspace.folder / "data.json").write_text("[]")
    with pytest.raises(DamagedError, match=r"data\.json holds no JSON object"):
        workspace.data()
    (workspace.folder / "plan.json").write_text('{"strange": 1}')
    assert workspace.plan() is None


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("traffic.csv", "traffic.csv"),
        ("../../etc/passwd", "passwd"),
        (r"C:\data\my file.csv", "my-file.csv"),
        (".hidden", "hidden"),
        ("<script>.csv", "script-.csv"),
        ("", "upload"),
        ("x" * 300 + ".parquet", "x" * 112 + ".parquet"),
    ],
)
def test_an_uploaded_name_keeps_only_what_is_harmless(name: str, kept: str) -> None:
    assert safe_name(name) == kept


def test_an_upload_is_copied_in_small_parts(workspace: Workspace) -> None:
    class Counted(io.BytesIO):
        largest = 0

        def read(self, size: int | None = -1) -> bytes:
            assert size is not None
            assert size > 0
            Counted.largest = max(Counted.largest, size)
            return super().read(size)

    content = bytes(range(256)) * 20_000
    folder = workspace.new_folder(workspace.data_folder, "upload")
    path = workspace.receive(folder, "a.csv", Counted(content))
    assert path.read_bytes() == content
    assert Counted.largest <= 1 << 20


def test_a_model_is_saved_listed_used_and_deleted(worked: Path) -> None:
    workspace = Workspace.of(worked, KEY)
    run = find_run(workspace, "lstm-1")
    workspace.save_model(run.model, "uplinks")
    (stored,) = workspace.models()
    assert stored.name == "uplinks"
    assert stored.record is not None
    assert stored.record.scores["lstm"]["rel_mae"] > 0
    with pytest.raises(StoreError, match="a model 'uplinks' exists already; choose another name or delete it first"):
        workspace.save_model(run.model, "uplinks")
    workspace.use_model("model", "uplinks", label="uplinks")
    active = workspace.active_model()
    assert active is not None
    assert active.folder == stored.folder
    assert active.run == ""
    workspace.delete_model("uplinks")
    assert workspace.models() == []
    assert workspace.active_model() is None
    with pytest.raises(StoreError, match="cannot delete model uplinks: it does not exist"):
        workspace.delete_model("uplinks")


@pytest.mark.parametrize("name", ["../x", "", "A", "a/b", "x" * 65])
def test_a_name_that_is_none_reaches_no_folder(worked: Path, name: str) -> None:
    workspace = Workspace.of(worked, KEY)
    with pytest.raises(OptionError, match="cannot be used"):
        workspace.delete_model(name)
    with pytest.raises(OptionError, match="cannot be used"):
        workspace.save_model(find_run(workspace, "lstm-1").model, name)


def test_the_model_of_a_run_is_in_use_until_the_run_is_gone(worked: Path) -> None:
    workspace = Workspace.of(worked, KEY)
    workspace.use_model("run", "lstm-1", label="lstm (lstm-1)")
    active = workspace.active_model()
    assert active is not None
    assert (active.label, active.run) == ("lstm (lstm-1)", "lstm-1")
    shutil.rmtree(workspace.runs_folder / "lstm-1")
    assert workspace.active_model() is None
