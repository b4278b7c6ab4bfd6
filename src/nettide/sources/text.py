"""The text of a plain or compressed file, checked while it is read, and where its records stand."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from nettide.arrays import Ints
from nettide.errors import SourceError

_PIECE = 1 << 20
_LONGEST_LINE = 64 << 20
_KINDS = {
    b"PAR1": "Parquet; name it .parquet",
    b"\x1f\x8b": "gzip; name it .csv.gz",
    b"\x28\xb5\x2f\xfd": "Zstandard; name it .csv.zst",
    b"PK\x03\x04": "a ZIP archive or a spreadsheet; export it as CSV",
    b"\xff\xfe": "UTF-16 text; save it as UTF-8",
    b"\xfe\xff": "UTF-16 text; save it as UTF-8",
}
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_NEWLINE, _RETURN, _QUOTE = 10, 13, 34


class _TextCheck:
    """Sees to it that pieces of a file are UTF-8 text, and knows the line that it has come to."""

    def __init__(self, origin: str) -> None:
        self._origin = origin
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._line = 1
        self._first = True
        self._without_newline = 0

    def feed(self, piece: bytes, *, final: bool = False) -> None:
        if self._first and piece:
            self._first = False
            for magic, kind in _KINDS.items():
                if piece.startswith(magic):
                    raise SourceError(f"{self._origin}: is not CSV text but {kind}")
        zero = piece.find(b"\0")
        if zero >= 0:
            line = self._line + piece.count(b"\n", 0, zero)
            raise SourceError(f"{self._origin} line {line}: is not CSV text but binary (it holds a zero byte)")
        try:
            self._decoder.decode(piece, final)
        except UnicodeDecodeError as error:
            seen = error.object
            line = self._line + seen.count(b"\n", 0, error.start)
            raise SourceError(
                f"{self._origin} line {line}: byte 0x{seen[error.start]:02x} is not UTF-8; "
                "convert the file, for example with: iconv -f latin1 -t utf-8"
            ) from None
        lines = piece.count(b"\n")
        self._line += lines
        self._without_newline = 0 if lines or b"\r" in piece else self._without_newline + len(piece)
        if self._without_newline > _LONGEST_LINE:
            raise SourceError(f"{self._origin}: is not CSV text (no end of line within {_LONGEST_LINE >> 20} MiB)")


def read_text(path: Path, origin: str, *, limit_bytes: int) -> pa.Buffer:
    """Read a file as UTF-8 text, unpacking ``.gz`` and ``.zst``; a byte order mark is left out.

    Args:
        path: the file.
        origin: its name in messages.
        limit_bytes: most that a compressed file may unpack to; reading stops there.

    Raises:
        SourceError: the file is empty, is no UTF-8 text, is truncated or damaged, or unpacks to more than the limit.
    """
    compression = {".gz": "gzip", ".zst": "zstd"}.get(path.suffix.lower())
    sink = pa.BufferOutputStream()
    check = _TextCheck(origin)
    try:
        with pa.OSFile(str(path)) as file:
            stream = pa.CompressedInputStream(file, compression) if compression else file
            while piece := stream.read(_PIECE):
                if compression and sink.tell() + len(piece) > limit_bytes:
                    raise SourceError(
                        f"{origin}: unpacks to more than {limit_bytes / 2**20:,.6g} MiB, the limit; "
                        "unpack it yourself if that is meant, or allow more with --limit"
                    )
                check.feed(piece)
                sink.write(piece)
    except (OSError, pa.ArrowInvalid) as error:
        reason = str(error).splitlines()[0]
        if compression:
            raise SourceError(f"{origin}: is truncated or damaged, or is not {compression}: {reason}") from None
        raise SourceError(f"{origin}: cannot be read: {reason}") from None
    check.feed(b"", final=True)
    text: pa.Buffer = sink.getvalue()
    start = len(_BYTE_ORDER_MARK) if part(text, 0, len(_BYTE_ORDER_MARK)) == _BYTE_ORDER_MARK else 0
    if not text.size - start:
        raise SourceError(f"{origin}: is empty")
    return text.slice(start)


def part(text: pa.Buffer, start: int, size: int) -> bytes:
    """Give at most ``size`` bytes of a text from a byte on."""
    content: bytes = text.slice(start, min(size, text.size - start)).to_pybytes()
    return content


def first_record(text: pa.Buffer) -> tuple[int, int, int]:
    """Find the first record that is not blank, such as a header.

    Returns:
        Byte where it begins, byte after its line end, and the number of the line that follows it, from 1.
        Begin and end agree when all records are blank.
    """
    line, begin, size = 1, 0, _PIECE
    piece = part(text, 0, size)
    newline = b"\n" if b"\n" in piece or b"\r" not in piece else b"\r"
    quotes, search = 0, 0
    while True:
        found = piece.find(newline, search)
        if found < 0 and size < text.size:
            size *= 2
            piece = part(text, 0, size)
            continue
        end = len(piece) if found < 0 else found + 1
        quotes += piece.count(b'"', search, end)
        line += 1
        search = end
        if quotes % 2 and found >= 0:
            continue
        if piece[begin:end].strip(b"\r\n") or found < 0:
            return (begin, end, line) if piece[begin:end].strip(b"\r\n") else (end, end, line)
        begin = end


def has_quotes(text: pa.Buffer) -> bool:
    """Say whether a quotation mark stands anywhere."""
    return any(b'"' in piece for piece in _pieces(text))


def record_lines(text: pa.Buffer, *, first_line: int, records: int | None = None) -> Ints:
    """Give the line on which each record begins; blank lines are none, and quoted cells may span lines.

    Args:
        text: the records, without the header.
        first_line: number of the first line of the text.
        records: how many there are, when that is known.

    Returns:
        Line numbers, shape (record,). Where quotes are too irregular to tell records apart, one line each.
    """
    ends = sum(piece.count(b"\n") for piece in _pieces(text))
    unfinished = bool(text.size) and part(text, text.size - 1, 1) != b"\n"
    if records == ends + unfinished:
        return np.arange(first_line, first_line + records, dtype=np.int64)
    content = np.frombuffer(text, dtype=np.uint8)
    code = _NEWLINE if ends else _RETURN
    newlines = np.flatnonzero(content == code)
    quotes = np.flatnonzero(content == _QUOTE)
    outside = np.flatnonzero(np.searchsorted(quotes, newlines) % 2 == 0)
    stops = np.append(newlines[outside], len(content))
    starts = np.append(0, newlines[outside] + 1)
    lines = first_line + np.append(0, outside + 1)
    sizes = stops - starts
    single = content[np.minimum(starts, max(len(content) - 1, 0))] if len(content) else np.zeros(1, np.uint8)
    written = (sizes > 1) | ((sizes == 1) & (single != _RETURN))
    found: Ints = lines[written].astype(np.int64)
    if records is not None and len(found) != records:
        return np.arange(first_line, first_line + records, dtype=np.int64)
    return found


def _pieces(text: pa.Buffer) -> Iterator[bytes]:
    for start in range(0, text.size, _PIECE):
        yield part(text, start, _PIECE)
