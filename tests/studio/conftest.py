"""Fixtures of the studio: an empty folder for sessions, and one with data and two finished runs."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from studio_pages import KEY, finished_run, made_data

from nettide.studio.settings import StudioSettings, start_with
from nettide.studio.workspace import Workspace
from nettide.tasks.plan import Plan


@pytest.fixture(autouse=True)
def _nothing_remembered(tmp_path: Path) -> Iterator[None]:
    yield
    st.cache_resource.clear()
    start_with(StudioSettings(tmp_path))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The folder of all sessions."""
    return tmp_path / "studio"


@pytest.fixture
def workspace(root: Path) -> Workspace:
    """The workspace of the session that tests use."""
    return Workspace.of(root, KEY)


@pytest.fixture(scope="session")
def _worked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("worked")
    workspace = Workspace.of(root, KEY)
    data = made_data(workspace)
    finished_run(workspace, data, Plan("lstm", 6, context=24, epochs=2, options=(("hidden", "8"),)))
    finished_run(workspace, data, Plan("window-mean", 6))
    return root


@pytest.fixture
def worked(_worked: Path, root: Path) -> Path:
    """A folder of sessions in which one has data and two finished runs: lstm-1 and window-mean-1."""
    shutil.copytree(_worked, root)
    return root
