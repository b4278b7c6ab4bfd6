"""Models that are served: listed, loaded, pinned, replaced, put out."""

from __future__ import annotations

import shutil
import time
from typing import Any

from made_service import END, Service, daily, save_model, service

from nettide.service.runtime import EXTENSION
from nettide.service.shelf import Shelf


def asked(model: str) -> dict[str, Any]:
    return {"model": model, "end": END, "series": [{"id": "a", "values": daily()}]}


def described(here: Service, name: str) -> dict[str, Any]:
    found: dict[str, Any] = here.get(f"/api/v1/models/{name}").get_json()
    return found


def test_models_are_listed_and_a_damaged_one_is_told(tmp_path: Any) -> None:
    save_model(tmp_path / "models", "uplinks")
    (tmp_path / "models" / "broken").mkdir()
    (tmp_path / "models" / "broken" / "model.json").write_text("{}")
    with service(tmp_path) as here:
        found = here.get("/api/v1/models").get_json()
        assert [one["name"] for one in found["models"]] == ["base", "uplinks"]
        assert list(found["unreadable"]) == ["broken"]
        answer = here.post("/api/v1/forecast", asked("broken"))
        assert (answer.status_code, str(tmp_path) in answer.text) == (503, False)
        uplinks = found["models"][1]
        assert (uplinks["kind"], uplinks["horizon"], uplinks["step"], uplinks["loaded"]) == ("lstm", 6, "1h", False)


def test_a_model_is_loaded_pinned_and_put_out_by_an_admin(tmp_path: Any) -> None:
    save_model(tmp_path / "models", "uplinks")
    with service(tmp_path) as here:
        assert here.post("/api/v1/models/uplinks/load", {}).get_json()["loaded"]
        assert here.post("/api/v1/models/uplinks/pin", {}).get_json()["pinned"]
        assert not here.post("/api/v1/models/uplinks/unpin", {}).get_json()["pinned"]
        here.post("/api/v1/models/uplinks/pin", {})
        put_out = here.post("/api/v1/models/uplinks/unload", {}).get_json()
        assert (put_out["loaded"], put_out["pinned"]) == (False, False)
        assert here.post("/api/v1/models/nothing/load", {}).status_code == 404
        assert here.post("/api/v1/models/base/unload", {}).get_json()["loaded"]


def test_other_workers_follow_what_an_admin_told_one(tmp_path: Any) -> None:
    save_model(tmp_path / "models", "uplinks")
    with service(tmp_path) as one, service(tmp_path) as other:

        def wait_for(name: str, is_so: bool) -> None:
            deadline = time.monotonic() + 20
            while described(other, "uplinks")[name] is not is_so:
                assert time.monotonic() < deadline
                time.sleep(0.1)

        one.post("/api/v1/models/uplinks/pin", {})
        wait_for("pinned", True)
        one.post("/api/v1/models/uplinks/unload", {})
        wait_for("loaded", False)


def test_a_model_that_was_replaced_is_read_again_and_one_that_is_gone_is_unknown(tmp_path: Any) -> None:

    save_model(tmp_path / "models", "uplinks", kind="naive", horizon=3)
    with service(tmp_path) as here:
        assert len(here.post("/api/v1/forecast", asked("uplinks")).get_json()["times"]) == 3
        shutil.rmtree(tmp_path / "models" / "uplinks")
        save_model(tmp_path / "models", "uplinks", kind="naive", horizon=5)
        time.sleep(2.1)
        assert len(here.post("/api/v1/forecast", asked("uplinks")).get_json()["times"]) == 5
        shutil.rmtree(tmp_path / "models" / "uplinks")
        time.sleep(2.1)
        assert here.post("/api/v1/forecast", asked("uplinks")).status_code == 404


def test_the_model_unused_for_longest_makes_room_but_never_a_pinned_one(tmp_path: Any) -> None:
    for name in ("a", "b", "c", "d"):
        save_model(tmp_path / "models", name, kind="naive")
    with service(tmp_path, service__model_slots=2, service__pinned=("a",)) as here:
        shelf = here.app.extensions[EXTENSION].shelf
        assert isinstance(shelf, Shelf)
        for name in ("b", "c", "b", "d"):
            shelf.get(name)
        assert [one for one in ("a", "b", "c", "d") if described(here, one)["loaded"]] == ["a", "b", "d"]
        assert described(here, "a")["pinned"]
