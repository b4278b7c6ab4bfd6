"""Every source of the table through the conformance suite, and the table itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from source_conformance import WRITERS, SourceConformance

from nettide.errors import SourceError
from nettide.sources import SOURCES, SUFFIXES, Layout, open_source, read_rows, source_for


@pytest.mark.parametrize("writer", WRITERS.values(), ids=WRITERS.keys())
class TestEverySource(SourceConformance):
    """The suite, once a writer."""


def test_every_source_of_the_table_is_written_for() -> None:
    assert {writer.source for writer in WRITERS.values()} == set(SOURCES)


def test_every_suffix_leads_to_a_source_of_the_table() -> None:
    assert set(SUFFIXES.values()) <= set(SOURCES)


def test_an_unknown_source_is_refused_with_the_known_ones() -> None:
    with pytest.raises(SourceError, match=r"unknown source 'sflow'; known: csv, folder, parquet"):
        open_source("sflow")


def test_a_location_finds_its_source_by_ending_or_because_it_is_a_folder(tmp_path: Path) -> None:
    (tmp_path / "a.CSV.GZ").touch()
    (tmp_path / "a.pq").touch()
    assert source_for(str(tmp_path / "a.CSV.GZ")) == "csv"
    assert source_for(str(tmp_path / "a.pq")) == "parquet"
    assert source_for(str(tmp_path)) == "folder"


def test_an_unknown_kind_of_file_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    (tmp_path / "traffic.xlsx").touch()
    with pytest.raises(SourceError, match=r"traffic.xlsx: the ending '.xlsx' is of no known kind of file; known: .csv"):
        read_rows(str(tmp_path / "traffic.xlsx"), Layout())
