"""Where a request ends is decided on bytes alone."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from nettide.service.received import Extent, Refusal, extent

HEAD = b"POST /x?y=1 HTTP/1.1\r\nHost: a\r\ncontent-LENGTH:  5 \r\nExpect: 100-continue\r\n\r\n"


def test_a_request_is_as_long_as_its_head_and_body() -> None:
    assert extent(HEAD, most_body=5) == Extent(len(HEAD) + 5, True, b"/x")
    assert extent(b"GET / HTTP/1.1\r\n\r\n", most_body=0) == Extent(18, False, b"/")
    assert isinstance(extent(HEAD, most_body=4), Refusal)


@settings(derandomize=True)
@given(st.integers(0, len(HEAD) - 1))
def test_nothing_is_said_before_the_head_has_ended(size: int) -> None:
    assert extent(HEAD[:size], most_body=5) is None


@settings(derandomize=True, max_examples=300)
@given(st.binary(max_size=200), st.binary(max_size=30))
def test_any_bytes_have_an_extent_a_refusal_or_no_end_yet_and_more_bytes_do_not_change_it(
    raw: bytes, more: bytes
) -> None:
    found = extent(raw, most_body=100)
    assert found is None or found == extent(raw + more, most_body=100)


def test_a_name_within_a_value_is_no_header() -> None:
    assert extent(b"GET / HTTP/1.1\r\nX: content-length: 9\r\n\r\n", most_body=99) == Extent(40, False, b"/")
