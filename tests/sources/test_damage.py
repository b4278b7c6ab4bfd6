"""Files damaged at random are read or refused in one sentence, never anything else."""

from __future__ import annotations

import random
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from source_conformance import WRITERS, Traffic

from nettide.errors import NettideError, SourceError
from nettide.prepare.grid import GridChoice, to_panel
from nettide.sources import Layout, open_source, read_rows

PIECES = tuple(b', \n " \r \0 \xff - NaN inf 999999999999999999999999 2026-03-01 Z 1e309 ;'.split(b" "))


def damaged(content: bytes, chance: random.Random) -> bytes:
    found, at = bytearray(content), chance.randrange(len(content))
    kind = chance.randrange(4)
    if kind == 0:
        found[at] = chance.randrange(256)
    elif kind == 1:
        found[at : at + chance.randrange(6)] = chance.choice(PIECES)
    elif kind == 2:
        del found[at : at + chance.randrange(60)]
    else:
        del found[at:]
    return bytes(found)


@pytest.mark.parametrize("name", [name for name, writer in WRITERS.items() if writer.source != "folder"])
def test_damage_ends_in_a_panel_or_in_one_sentence(name: str, tmp_path: Path) -> None:
    chance, writer = random.Random(name), WRITERS[name]
    sentences, panels = [], 0
    for style in ("utc", "naive", "seconds"):
        path = writer.write(tmp_path, Traffic(time_style=style))
        whole = path.read_bytes()
        for _ in range(40):
            path.write_bytes(damaged(whole, chance))
            choice = GridChoice(step_seconds=300, invalid=chance.choice(("gap", "error")), duplicates="mean")
            try:
                rows = open_source(writer.source).read(str(path), Layout(zone="Europe/Prague"))
                to_panel(rows, choice)
                panels += 1
            except NettideError as error:
                sentences.append(str(error))
    assert len(sentences) + panels == 120
    assert sentences
    assert not [one for one in sentences if "\n" in one or len(one) > 1000]


def test_text_of_a_parquet_file_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    table = pa.table({"ds": [10**9], "unique_id": ["fra-one"], "y": [1.0]})
    pq.write_table(table, path, compression="none", write_statistics=False)
    path.write_bytes(path.read_bytes().replace(b"fra-one", b"fra\xd1one"))
    with pytest.raises(SourceError, match=r"t.parquet: is no Parquet file or is damaged: .*UTF8"):
        read_rows(str(path), Layout())


def test_a_column_name_with_a_line_end_does_not_break_the_sentence(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text('ds,"y\n(in)"\n2026-03-01,1\n')
    assert read_rows(str(tmp_path / "t.csv"), Layout()).channels == ("y\n(in)",)
    with pytest.raises(SourceError, match=r"unknown column 'y'; known: ds, y \(in\)"):
        read_rows(str(tmp_path / "t.csv"), Layout(target="y"))
