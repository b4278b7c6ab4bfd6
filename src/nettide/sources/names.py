"""Names that the columns of traffic tables bear."""

from __future__ import annotations

_TIME_NAMES = """
ds time timestamp datetime date date_time date_hour ts _time @timestamp epoch unixtime unix_time time_utc timestamp_utc
utc
"""
_ID_NAMES = """
unique_id id series series_id series_name host hostname instance interface interface_name ifname if_name ifdescr
ifindex link link_id device device_id router switch port node node_id site site_id station cell cell_id cellid
square_id ip ip_address id_ip address institution institution_id id_institution id_institution_subnet customer
customer_id circuit circuit_id vlan
"""
_QUANTITY_WORDS = """
byte octet bit bps packet pkt pps flow error err drop discard loss latency delay jitter rtt ratio avg average mean sum
total std min max median count duration ttl util rate throughput traffic bandwidth volume cpu mem load speed capacity
usage size in out rx tx upload download up down temperature humidity value y x target
"""

TIMES = frozenset(_TIME_NAMES.split())
IDS = frozenset(_ID_NAMES.split())
TARGETS = ("y", "target", "value")
"""Names of a target among other numbers, the likeliest first."""
ROW_NUMBERS = frozenset({"", "index", "row", "no", "nr", "number", "unnamed: 0", "level_0", "__index_level_0__"})
_QUANTITIES = frozenset(_QUANTITY_WORDS.split())
_INSIDE_WORDS = tuple(word for word in _QUANTITIES if len(word) > 4)


def bare(name: str) -> str:
    """Give a name as it is compared: without outer spaces, in lower case."""
    return name.strip().lower()


def is_index_like(name: str) -> bool:
    """Say whether a name is one that row numbers bear."""
    plain = bare(name)
    return plain in ROW_NUMBERS or plain in IDS or plain.startswith("id_") or plain.endswith(("_id", "_index"))


def is_quantity(name: str) -> bool:
    """Say whether a name speaks of what is measured, such as ``in_bytes``, rather than of where, such as ``fra-1``."""
    plain = bare(name)
    words = "".join(letter if letter.isalpha() else " " for letter in plain).split()
    return any(word in _QUANTITIES or word.removesuffix("s") in _QUANTITIES for word in words) or any(
        word in plain for word in _INSIDE_WORDS
    )
