"""What an exercise is: inputs, the right answer, and the wrong answers that people give.

Derived from nothing, imported by everything: `lesson_NN.py` lists exercises, `judge` gives the verdict.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from inspect import Parameter, signature
from typing import Any

import numpy as np

#: what a statement says of what is there when an answer is checked, each a paragraph of its own before the hints
BARE = "NumPy and the standard library only: PyTorch and the course's own package are not there when this is checked."
OPEN = "Everything that is installed may be used."


@dataclass(frozen=True, eq=False)
class Case:
    """One input of an exercise.

    label     what is special about it, in the learner's words ("h_prev = 0")
    args      positional arguments: arrays, numbers, strings, lists, tuples, dicts, `Source`, `Seed`
    easy      an input on which many bugs hide; it takes part in the verdict and in the fingerprint
    look      where to look when an answer is right on this easy input only ("look at the recurrent term")
    expected  the right result, where it is not `reference(*args)`; never sent to the learner's kernel
    """

    label: str
    args: tuple[Any, ...] = ()
    easy: bool = False
    look: str = ""
    expected: Any = None


@dataclass(frozen=True, eq=False)
class Misconception:
    """A wrong answer that people give: `wrong` has the signature of the reference (or is a value).

    key    its name in the catalogue ("S02"); name: what a learner did ("bias forgotten")
    hints  a ladder from a test to run, over the place, to the question that decides
    given  args -> args, where the slip is the right answer to these other arguments: a second slip may come on top
    """

    key: str
    name: str
    wrong: Any
    hints: tuple[str, ...] = ()
    given: Callable[..., tuple[Any, ...]] | None = None


def misread(
    reference: Callable, given: Callable[..., tuple[Any, ...]], key: str, name: str, hints: tuple[str, ...]
) -> Misconception:
    """A slip that gives the right answer to other arguments: `lambda x, b: (x, 0 * b)` forgets the bias."""
    return Misconception(key, name, lambda *args: reference(*given(*args)), hints, given)


def bugs(function: Callable, rows: Iterable[tuple[str, str, str, tuple[str, ...]]]) -> tuple[Misconception, ...]:
    """The wrong answers of a function with an argument `bug`, a tuple of bugs: rows of key, name, one bug, hints."""
    return tuple(Misconception(key, name, partial(function, bug=(bug,)), hints) for key, name, bug, hints in rows)


def pick(bug: tuple[str, ...], choices: dict[str, Any], right: Any) -> Any:
    """What the first bug that is among the choices makes of a quantity, or the right one."""
    return next((choices[b] for b in bug if b in choices), right)


def by_name(case: Case, result: Any, names: Sequence[str]) -> dict[str, Any]:
    """Split a result into named parts: one name is the result itself, several name the items of a tuple."""
    if len(names) < 2:
        return {(names[0] if names else "the result"): result}
    if isinstance(result, dict) and set(result) == set(names):
        return result
    if isinstance(result, np.ndarray) and result.ndim > 2 and len(result) == len(names):
        result = tuple(result)  # several results of one shape, stacked: a matter of style
    if not isinstance(result, (tuple, list)) or len(result) != len(names):
        kind = "a dict with other keys" if isinstance(result, dict) else "one value"
        kind = f"{len(result)} items" if isinstance(result, (tuple, list)) else kind
        raise ValueError(f"expected {len(names)} results ({', '.join(names)}), got {kind}")
    return dict(zip(names, result, strict=True))


@dataclass(frozen=True, eq=False)
class Exercise:
    """One exercise: how to draw inputs, what is right, what is typically wrong.

    id             "01.2": lesson and number;  name: the learner's function or variable
    points         all exercises of a notebook add up to ten
    reference      the right function; or, for a question with a fixed answer, the value itself
    cases          rng -> cases; called `draws` times, easy cases are kept from the first draw only
    outputs        names of the results, for messages
    view           (case, result) -> {name: value}: what is compared, where the result itself is not unique
                   (the spectrum of a random matrix, the accuracy of predictions)
    rtol           relative tolerance of the largest entry; 1e-4 admits float32 answers
    bare           NumPy and the standard library only; else anything that is installed
    arguments      "left": the statement asks to leave them alone, a change loses the points; "noted": nothing is asked,
                   a change is mentioned beside the points; "free": a change is no matter
    new            the statement asks for new arrays: a result may not share memory with an argument
    seconds        wall time for all cases together
    blocks         of a result that is a stack of blocks: the name of each, for messages ({"db_h": "ifgo"})
    """

    id: str
    name: str
    points: int
    reference: Any
    cases: Callable[[np.random.Generator], list[Case]] = lambda rng: [Case("the answer")]
    outputs: tuple[str, ...] = ()
    misconceptions: tuple[Misconception, ...] = ()
    view: Callable[[Case, Any], dict[str, Any]] | None = None
    rtol: float = 1e-4
    draws: int = 2
    bare: bool = False
    arguments: str = "noted"
    new: bool = False
    seconds: float = 20.0
    hints: tuple[str, ...] = field(default=())
    blocks: dict[str, Sequence[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.arguments not in ("left", "noted", "free"):
            raise ValueError(f"{self.id} arguments: expected left, noted or free, got {self.arguments!r}")

    @property
    def is_value(self) -> bool:
        """Whether the learner gives a value and not a function."""
        return not callable(self.reference)

    @property
    def sentence(self) -> str:
        """What the statement says of what is there when the answer is checked."""
        return BARE if self.bare else OPEN

    def argument(self, place: int) -> str:
        """The name of an argument as the statement has it: `xs`; the last one may stand for several."""
        names = _names(self.reference)
        return f"`{names[min(place, len(names) - 1)]}`" if names else f"argument {place + 1}"

    def draw(self, seed: int) -> list[Case]:
        """All cases for one seed: the same seed gives the same inputs, another seed gives fresh ones."""
        return list(_drawn(self, seed))

    def parts(self, case: Case, result: Any) -> dict[str, Any]:
        """The named quantities that are compared for one result; ValueError when their number is wrong."""
        return self.view(case, result) if self.view else by_name(case, result, self.outputs)


@lru_cache(maxsize=256)
def _names(function: Callable) -> tuple[str, ...]:
    """The names of the arguments that are handed in by their place."""
    kinds = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD, Parameter.VAR_POSITIONAL)
    return tuple(p.name for p in signature(function).parameters.values() if p.kind in kinds)


@lru_cache(maxsize=256)  # a class is graded with one seed: the judge knows these cases again
def _drawn(exercise: Exercise, seed: int) -> tuple[Case, ...]:
    drawn: list[Case] = []
    for k in range(1 if exercise.is_value else exercise.draws):
        rng = np.random.default_rng([seed, zlib.crc32(exercise.id.encode()), k])
        drawn += [case for case in exercise.cases(rng) if k == 0 or not case.easy]
    return tuple(drawn)
