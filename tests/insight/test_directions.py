"""Pairs of directions by their names."""

from __future__ import annotations

import pytest

from nettide.insight.directions import paired


@pytest.mark.parametrize(
    ("incoming", "outgoing", "link"),
    [
        ("core1-eth0-in", "core1-eth0-out", "core1-eth0"),
        ("bits_in", "bits_out", "bits"),
        ("rx", "tx", "rx"),
        ("eth0 RX bytes", "eth0 TX bytes", "eth0 bytes"),
        ("ifHCInOctets.7", "ifHCOutOctets.7", "ifHCOctets.7"),
        ("in.router", "out.router", "router"),
        ("ingress/paris", "egress/paris", "paris"),
        ("a download", "a upload", "a"),
        ("node_in_to_net", "node_out_of_net", "node_net"),
    ],
)
def test_names_that_differ_in_their_direction_are_a_pair(incoming: str, outgoing: str, link: str) -> None:
    found = paired([outgoing, "other", incoming])
    assert found[incoming][1] == "in"
    assert found[outgoing][1] == "out"
    assert found["other"] == ("other", "")
    if incoming != "rx":
        assert found[incoming][0] == found[outgoing][0] == link
    else:
        assert found["rx"][0] == found["tx"][0]


@pytest.mark.parametrize(
    "ids", [["core-in"], ["berlin", "berlout"], ["in-a", "out-b"], ["main", "maout"], ["IN-a", "out-a"]]
)
def test_names_without_a_counterpart_stand_alone(ids: list[str]) -> None:
    assert paired(ids) == {id: (id, "") for id in ids}


def test_the_last_word_of_a_name_tells_the_direction() -> None:
    found = paired(["in-house-in", "in-house-out"])
    assert found["in-house-in"] == ("in-house", "in")
    assert found["in-house-out"] == ("in-house", "out")
