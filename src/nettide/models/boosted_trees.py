"""Trees as arrays: what LightGBM has learned, stored without its text and checked before LightGBM sees it again.

LightGBM's own reader trusts its text: a child that points outside its tree ends the process or never returns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nettide.arrays import Floats
from nettide.errors import DamagedError

if TYPE_CHECKING:
    from lightgbm import Booster

Numbers = NDArray[np.int32]
_MOST_DECISION = 15  # three bits and two of LightGBM's decision type; the lowest, categories, is never set
_NODE = ("split_feature", "threshold", "decision_type", "left_child", "right_child")


@dataclass(frozen=True, slots=True, eq=False)
class Trees:
    """Trees that follow each other, round by round and in each round output by output.

    Args:
        leaves: of each tree, at least 1, shape (tree,).
        feature: that a node asks for, shape (node,); a tree of n leaves has n - 1 nodes.
        threshold: up to which a value goes left; may be infinite, shape (node,).
        decision: LightGBM's bits on where unknown values go, shape (node,).
        left: the next node if not negative, else -1 - leaf, shape (node,).
        right: as left, shape (node,).
        value: of each leaf, shape (leaf,).
    """

    leaves: Numbers
    feature: Numbers
    threshold: Floats
    decision: Numbers
    left: Numbers
    right: Numbers
    value: Floats

    @staticmethod
    def of(boosters: Sequence[Booster], rounds: int) -> Trees:
        """Take the first rounds of boosters of one output each; one that ended sooner adds nothing from there on."""
        found = [_trees_of(booster, rounds) for booster in boosters]
        nothing = {"num_leaves": "1", "leaf_value": "0"}
        order = [trees[place] if place < len(trees) else nothing for place in range(rounds) for trees in found]
        return Trees(
            leaves=_numbers(order, "num_leaves"),
            feature=_numbers(order, "split_feature"),
            threshold=_floats(order, "threshold"),
            decision=_numbers(order, "decision_type"),
            left=_numbers(order, "left_child"),
            right=_numbers(order, "right_child"),
            value=_floats(order, "leaf_value"),
        )

    def tensors(self) -> dict[str, NDArray[Any]]:
        """Give the arrays by name, as ``from_tensors`` reads them."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @staticmethod
    def from_tensors(tensors: Mapping[str, NDArray[Any]], *, features: int, outputs: int) -> Trees:
        """Read what ``tensors`` gave.

        Args:
            tensors: the arrays, and no others.
            features: how many a row has.
            outputs: trees a round.

        Raises:
            DamagedError: they do not form trees over that many features.
        """
        names = [field.name for field in fields(Trees)]
        if sorted(tensors) != sorted(names):
            raise DamagedError(f"the stored trees lack arrays or have others: {', '.join(sorted(tensors))}")
        for name in names:
            dtype = np.float64 if name in ("threshold", "value") else np.int32
            if tensors[name].ndim != 1 or tensors[name].dtype != dtype:
                raise DamagedError(f"the stored trees have {name!r} of another shape or type")
        trees = Trees(**tensors)
        if fault := trees._fault(features, outputs):
            raise DamagedError(f"the stored trees are no trees: {fault}")
        return trees

    def _fault(self, features: int, outputs: int) -> str:
        """Say what makes them no trees; nothing where they are."""
        if len(self.leaves) % outputs or (self.leaves < 1).any():
            return "trees are missing or without leaves"
        nodes, leaves = int(self.leaves.sum(dtype=np.int64)) - len(self.leaves), int(self.leaves.sum(dtype=np.int64))
        by_node = (self.feature, self.threshold, self.decision, self.left, self.right)
        if any(len(one) != nodes for one in by_node) or len(self.value) != leaves:
            return "nodes or leaves are missing"
        # infinity is where all known values go left and unknown ones right
        if not (np.isfinite(self.value).all() and (self.threshold > -np.inf).all()):
            return "a threshold or value is no number"
        if ((self.feature < 0) | (self.feature >= features)).any():
            return f"a node asks for a feature other than the {features} that there are"
        if ((self.decision < 0) | (self.decision > _MOST_DECISION) | (self.decision % 2 == 1)).any():
            return "a node decides in an unknown way"
        sizes = self.leaves.astype(np.int64)
        tree = np.repeat(np.arange(len(sizes)), sizes - 1)
        first_node, first_leaf = np.cumsum(sizes - 1) - (sizes - 1), np.cumsum(sizes) - sizes
        own = np.arange(nodes) - first_node[tree]
        seen_nodes, seen_leaves = np.zeros(nodes, dtype=np.int64), np.zeros(leaves, dtype=np.int64)
        for child in (self.left.astype(np.int64), self.right.astype(np.int64)):
            inner = child >= 0
            # a child comes after its node, so that every way ends
            if (child[inner] <= own[inner]).any() or (child >= sizes[tree] - 1).any() or (child < -sizes[tree]).any():
                return "a node leads nowhere"
            np.add.at(seen_nodes, (first_node[tree] + child)[inner], 1)
            np.add.at(seen_leaves, (first_leaf[tree] - 1 - child)[~inner], 1)
        seen_nodes[first_node[sizes > 1]] += 1  # roots
        seen_leaves[first_leaf[sizes == 1]] += 1
        return "" if (seen_nodes == 1).all() and (seen_leaves == 1).all() else "two ways lead to one node"

    def booster(self, *, features: int, outputs: int) -> Booster:
        """Make a booster that gives, for each row, the sums of each output's trees; at least one round is needed."""
        from lightgbm import Booster

        names = " ".join(f"f{place}" for place in range(features))
        ranges = " ".join(["[-inf:inf]"] * features)
        head = (
            f"tree\nversion=v4\nnum_class={outputs}\nnum_tree_per_iteration={outputs}\nlabel_index=0\n"
            f"max_feature_idx={features - 1}\nfeature_names={names}\nfeature_infos={ranges}\n\n"
        )
        parts = [head]
        by_node = (self.feature, self.threshold, self.decision, self.left, self.right)
        columns: list[tuple[str, NDArray[Any]]] = list(zip(_NODE, by_node, strict=True))
        node = leaf = 0
        for place, leaves in enumerate(self.leaves.tolist()):
            nodes, ends = slice(node, node + leaves - 1), slice(leaf, leaf + leaves)
            node, leaf = nodes.stop, ends.stop
            lines = [f"{name}={_written(values[nodes])}" for name, values in columns]
            parts.append(
                f"Tree={place}\nnum_leaves={leaves}\nnum_cat=0\n" + "\n".join(lines) +
                f"\nleaf_value={_written(self.value[ends])}\nis_linear=0\nshrinkage=1\n\n\n"
            )  # fmt: skip
        return Booster(model_str="".join([*parts, "end of trees\n\n"]))


def _trees_of(booster: Booster, rounds: int) -> list[dict[str, str]]:
    text = booster.model_to_string(num_iteration=rounds)
    trees = text.partition("end of trees")[0].split("\nTree=")[1:]
    return [dict(line.split("=", 1) for line in one.splitlines()[1:] if "=" in line) for one in trees]


def _floats(trees: Sequence[Mapping[str, str]], name: str) -> Floats:
    return np.array(" ".join(one.get(name, "") for one in trees).split(), dtype=np.float64)


def _numbers(trees: Sequence[Mapping[str, str]], name: str) -> Numbers:
    return _floats(trees, name).astype(np.int32)


def _written(values: NDArray[Any]) -> str:
    return " ".join(map(repr, values.tolist()))
