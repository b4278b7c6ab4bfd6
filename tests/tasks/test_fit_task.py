"""A fit that is ended early keeps what was learned; where nothing was, a model that was there stays as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from nettide.cli import main
from nettide.errors import StoppedError
from nettide.models.contract import Silent
from nettide.store.models import load_model
from nettide.tasks.choice import Choice
from nettide.tasks.fit import fit
from nettide.tasks.load import Reading
from nettide.tasks.synth import config_of, write_synthetic

CHOICE = Choice(6, epochs=1, options={"hidden": "4"})


class Stop(Silent):
    """Wants to end at once."""

    def stop_requested(self) -> bool:
        return True


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("data") / "a.parquet"
    config = config_of(days=None, points=300, step="1h", start="2026-01-01", zone="UTC", series=2)
    write_synthetic(config, path)
    return str(path)


def test_what_was_stopped_before_it_learned_anything_is_not_saved(data: str, tmp_path: Path) -> None:
    folder = tmp_path / "uplinks"
    with pytest.raises(StoppedError, match=r"^stopped before lstm had learned anything: nothing is saved$"):
        fit(data, Reading(), model="lstm", choice=CHOICE, folder=folder, monitor=Stop())
    assert not (folder / "model.json").exists()
    fit(data, Reading(), model="naive", choice=Choice(6), folder=folder)
    before = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    with pytest.raises(StoppedError, match=r"nothing is saved; .*uplinks is as it was$"):
        fit(data, Reading(), model="lstm", choice=CHOICE, folder=folder, monitor=Stop(), overwrite=True)
    assert load_model(folder).model == "naive"
    assert {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()} == before


@pytest.mark.parametrize("model", ["base-tuned", "auto"])
def test_what_begins_with_learned_weights_is_saved_however_early_it_is_stopped(
    model: str, data: str, tmp_path: Path
) -> None:
    choice = Choice(6, options={"challengers": "base"} if model == "auto" else {})
    fit(data, Reading(), model=model, choice=choice, folder=tmp_path / model, monitor=Stop())
    assert load_model(tmp_path / model).training.ending in ("requested", "finished")


def test_the_command_ends_as_after_any_ctrl_c(
    data: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stopped(*_: object, **__: object) -> None:
        raise StoppedError("stopped before lstm had learned anything: nothing is saved")

    monkeypatch.setattr("nettide.tasks.fit.fit", stopped)
    monkeypatch.setattr("sys.argv", ["nettide", "fit", data, "--horizon", "6", "--out", str(tmp_path / "m")])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 130
    assert capsys.readouterr().err == "nettide: stopped before lstm had learned anything: nothing is saved\n"
