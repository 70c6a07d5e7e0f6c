"""Next-item data that every Python installation carries: what the functions of its library call, in order.

A recommender sees the items that a visitor of a shop has opened, and suggests the next one. Real visits are nobody's to
give away, so here a session is the body of one function of the standard library, and its items are the names of the
functions and methods that it calls, in the order of the text (CPython, PSF licence; nothing is downloaded, and the
figures differ a little with the Python version). It is split by file.
"""

from __future__ import annotations

import ast
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ._common import at_least, checked_ids
from ._library import is_held_out, library

Array = np.ndarray
_File = tuple[str, Path]
LONGEST = 40  # items of a session; what comes later is cut off


class Calls(NamedTuple):
    """Sessions of item ids for training and held out, and the names of the items, the commonest first."""

    train: tuple[Array, ...]
    held_out: tuple[Array, ...]
    items: tuple[str, ...]


@cache
def calls(follow: Callable[[list[_File]], Iterable[_File]] = iter, least: int = 20, held_out: float = 0.2) -> Calls:
    """The calls of the library's functions, about `held_out` of its files held out by a checksum of their names.

    Items are the names called at least `least` times in the training files; other calls are left out, and then sessions
    of fewer than two items. `follow` goes through the files, which takes some seconds: a progress bar.
    Raises RuntimeError where this Python has no library in files, ValueError where no name is called so often.
    """
    at_least("least", least, 1)
    halves: tuple[list[list[str]], list[list[str]]] = ([], [])
    for name, path in follow(list(library().items())):
        halves[is_held_out(name, held_out)].extend(sessions(path.read_text("utf-8", errors="replace")))
    counts = Counter(item for session in halves[0] for item in session)
    items = tuple(item for item, n in counts.most_common() if n >= least)
    if not items:
        raise ValueError(f"least: expected a number of calls that some name reaches, got {least}")
    ids = {item: i for i, item in enumerate(items)}
    kept = ([[ids[item] for item in session if item in ids][:LONGEST] for session in half] for half in halves)
    train, test = (tuple(np.array(session) for session in half if len(session) > 1) for half in kept)
    return Calls(train, test, items)


def sessions(source: str) -> list[list[str]]:
    """The names that each function of a program calls, in the order in which they stand there; [] for no program.

    >>> sessions("def f(path):\\n    with open(path) as file:\\n        return len(file.read())")
    [['open', 'len', 'read']]
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return []
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return [_called(function) for function in functions]


def _called(function: ast.AST) -> list[str]:
    """Names of the calls in a function, by place; those of a function inside it belong to that one alone."""
    found, left = [], list(ast.iter_child_nodes(function))
    while left:
        node = left.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(node, ast.Call):
            called = node.func
            # the end of a name, because in a chain a.b().c() all of them begin at the same place
            name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", None)
            if name:
                found.append((called.end_lineno, called.end_col_offset, name))
        left.extend(ast.iter_child_nodes(node))
    return [name for _, _, name in sorted(found)]


def popularity(train: Sequence[Array], n: int) -> Array:
    """The share of each of n items among all calls, none of them 0: shape (n,).

    >>> popularity([np.array([0, 0, 1])], 3).round(2)
    array([0.5 , 0.33, 0.17])
    """
    counts = np.bincount(checked_ids(np.concatenate([*train, []]).astype(np.int64), n), minlength=n) + 1.0
    return counts / counts.sum()


def markov(train: Sequence[Array], n: int) -> Array:
    """P(next | last) for n items, shape (n, n): counts, filled up with popularity where there are few (Witten-Bell).

    P(j | i) = (n_ij + t_i p_j) / (n_i + t_i), where t_i different items have been seen after i

    >>> markov([np.array([0, 1, 0, 1])], 2).round(2)
    array([[0.17, 0.83],
           [0.75, 0.25]])
    """
    p, counts = popularity(train, n), np.zeros((n, n))
    for session in train:
        np.add.at(counts, (session[:-1], session[1:]), 1)
    kinds = np.maximum((counts > 0).sum(1, keepdims=True), 1)
    return (counts + kinds * p) / (counts.sum(1, keepdims=True) + kinds)


def ranks(scores: Array, right: Array) -> Array:
    """The place (1 = first) of the right item when n items are sorted by score; a tie counts as half a place.

    Shapes: scores (N, n), right (N,) ids -> (N,). Raises ValueError when the sizes differ.

    >>> ranks(np.array([[0.2, 0.7, 0.1], [0.5, 0.5, 0.0]]), np.array([0, 1]))
    array([2. , 1.5])
    """
    scores, right = np.asarray(scores), np.asarray(right)
    if scores.ndim != 2 or right.shape != scores.shape[:1]:
        raise ValueError(f"scores: expected (N, n) with right (N,), got {scores.shape} and {right.shape}")
    own = scores[np.arange(len(right)), checked_ids(right, scores.shape[1])][:, None]
    return 1 + (scores > own).sum(1) + ((scores == own).sum(1) - 1) / 2


def hits_and_mrr(places: Array, at: int = 10) -> tuple[float, float]:
    """The share of right items among the first `at`, and the mean of 1 / place (mean reciprocal rank).

    >>> hits_and_mrr(np.array([1.0, 4.0, 20.0]))
    (0.6666666666666666, 0.43333333333333335)
    """
    at_least("at", at, 1)
    places = np.asarray(places, dtype=float)
    if places.ndim != 1 or not len(places) or places.min() < 1:
        raise ValueError(f"places: expected (N,) numbers >= 1 with N >= 1, got {places.shape}")
    return float((places <= at).mean()), float((1 / places).mean())
