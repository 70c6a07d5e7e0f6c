"""What an exercise is: inputs, the right answer, and the wrong answers that people give.

Derived from nothing, imported by everything: `lesson_NN.py` lists exercises, `judge` gives the verdict.
"""

from __future__ import annotations

import contextlib
import re
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache, reduce
from inspect import Parameter, signature
from pathlib import Path
from typing import Any

import numpy as np

from course_lib.checks.solution import Edit, Solution, published, together
from course_lib.checks.switches import Switches

AND_ALSO = "; and also: "  # between the names of two slips

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
class Slip:
    """A wrong answer that people give.

    name   what a learner did, in words: "bias forgotten"
    hints  a ladder from a test to run, over the place, to the question that decides
    edits  pieces of the published solution, and what the learner wrote in the place of each
    wrong  where no edit says it: a function with the arguments of the right one, or a value
    alone  no second slip is looked for beside it
    spans  the edits as places of the solution's text, where they were generated from it
    """

    name: str
    hints: tuple[str, ...] = ()
    edits: tuple[tuple[str, str], ...] = ()
    wrong: Any = None
    alone: bool = False
    spans: tuple[Edit, ...] = ()

    @property
    def key(self) -> str:
        """The name as one word, for tables: bias-forgotten; two slips as bias-forgotten+input-left-out."""
        return "+".join("-".join(re.findall(r"[a-z0-9_]+", one)) for one in self.name.lower().split(AND_ALSO))


#: what a slip writes: a piece of the solution and what stands in its place, a list of several ways to write it, a dict
#: of several places, or, where no edit says it, a function with the arguments of the right one
Written = tuple[str, str] | list[tuple[str, str]] | dict[str, str] | Callable


def slips(table: dict[tuple[str, ...], dict[str, Written]], alone: bool = False) -> tuple[Slip, ...]:
    """The slips of a table: the hints of a family → the name of each slip → what a learner writes.

    Example: `slips({CELL: {"forget gate left out": ("f_t * c_prev", "c_prev")}})`. An empty piece is the begin of the
    solution: the wrong line stands there in addition. `alone`: no second slip is looked for beside these.
    """
    found = []
    for hints, family in table.items():
        for name, written in family.items():
            for way in written if isinstance(written, list) else [written]:
                places = tuple(way.items()) if isinstance(way, dict) else (way,)
                wrong = way if callable(way) else None
                found.append(Slip(name, hints, () if wrong else places, wrong, alone))
    return tuple(found)


def by_name(case: Case, result: Any, names: Sequence[str]) -> dict[str, Any]:
    """Split a result into named parts: one name is the result itself, several name the items of a tuple."""
    if len(names) < 2:
        return {(names[0] if names else "result"): result}
    if isinstance(result, dict) and set(result) == set(names):
        return result
    if isinstance(result, np.ndarray) and result.ndim not in (0, 2) and len(result) == len(names):
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
    cases          rng -> cases; called `draws` times, easy cases are kept from the first draw only
    outputs        names of the results, for messages
    slips          the wrong answers that are known by name
    right          the right function or value, where it is not the answer that solutions/ publishes
    helpers        functions that the slips' lines call, beside those that the solution can call
    view           (case, result) -> {name: value}: what is compared, where the result itself is not unique
                   (the spectrum of a random matrix, the accuracy of predictions)
    rtol           relative tolerance of the largest entry; 1e-4 admits float32 answers
    bare           NumPy and the standard library only; else anything that is installed
    arguments      "left": the statement asks to leave them alone, a change loses the points; "noted": nothing is asked,
                   a change is mentioned beside the points; "free": a change is no matter
    new            the statement asks for new arrays: a result may not share memory with an argument
    seconds        wall time for all cases together
    blocks         of a result that is a stack of blocks: the name of each, for messages ({"db_h": "ifgo"})
    folder         where the published solutions are, if not in this course's solutions/
    """

    id: str
    name: str
    points: int
    cases: Callable[[np.random.Generator], list[Case]] = lambda rng: [Case("the answer")]
    outputs: tuple[str, ...] = ()
    slips: tuple[Slip, ...] = ()
    right: Any = None
    helpers: tuple[Callable, ...] = ()
    view: Callable[[Case, Any], dict[str, Any]] | None = None
    rtol: float = 1e-4
    draws: int = 2
    bare: bool = False
    arguments: str = "noted"
    new: bool = False
    seconds: float = 20.0
    hints: tuple[str, ...] = field(default=())
    blocks: dict[str, Sequence[str]] = field(default_factory=dict)
    folder: Path | None = None

    def __post_init__(self) -> None:
        if self.arguments not in ("left", "noted", "free"):
            raise ValueError(f"{self.id} arguments: expected left, noted or free, got {self.arguments!r}")

    @cached_property
    def solution(self) -> Solution:
        """The published solution; LookupError where the course has none."""
        return published(self.id[:2], self.name, self.helpers, self.folder)

    @property
    def reference(self) -> Any:
        """The right function, or the right value."""
        return self.solution.right if self.right is None else self.right

    def edits(self, item: Slip) -> tuple[Edit, ...]:
        """The edits of a slip in the solution's text; LookupError where what it changes is not there."""
        return item.spans or self.solution.edits(item.edits)

    @cached_property
    def known(self) -> tuple[Slip, ...]:
        """The slips whose pieces are in the solution: one that somebody has changed costs names, never a verdict."""
        found = []
        for item in self.slips:
            with contextlib.suppress(LookupError):
                if item.wrong is None:
                    self.edits(item)
                found.append(item)
        return tuple(found)

    @cached_property
    def switches(self) -> tuple[Switches, dict[Slip, int]]:
        """All slips that are edits, in one function, and the number of each."""
        lines = [item for item in self.known if item.wrong is None]
        return Switches(self.solution, [self.edits(item) for item in lines]), {s: k for k, s in enumerate(lines)}

    def answer(self, *given: Slip) -> Any:
        """The wrong answer with one slip, or with two; None where two cannot be made together."""
        return _answer(self, given)

    @property
    def is_value(self) -> bool:
        """Whether the learner gives a value and not a function."""
        return not callable(self.reference)

    @property
    def sentence(self) -> str:
        """What the statement says of what is there when the answer is checked."""
        return BARE if self.bare else OPEN

    @property
    def arguments_by_name(self) -> tuple[str, ...]:
        """The names of the arguments, as the statement has them."""
        return _names(self.reference)

    def argument(self, place: int) -> str:
        """The name of an argument as the statement has it: `xs`; the last one may stand for several."""
        names = self.arguments_by_name
        return f"`{names[min(place, len(names) - 1)]}`" if names else f"argument {place + 1}"

    def draw(self, seed: int) -> list[Case]:
        """All cases for one seed: the same seed gives the same inputs, another seed gives fresh ones."""
        return list(_drawn(self, seed))

    def parts(self, case: Case, result: Any) -> dict[str, Any]:
        """The named quantities that are compared for one result; ValueError when their number is wrong."""
        return self.view(case, result) if self.view else by_name(case, result, self.outputs)


@lru_cache(maxsize=50_000)
def _answer(exercise: Exercise, given: tuple[Slip, ...]) -> Any:
    if any(item.wrong is not None for item in given):
        return given[0].wrong if len(given) == 1 else None
    if not exercise.is_value and all(item in exercise.switches[1] for item in given):
        switches, numbers = exercise.switches
        found = switches.answer(*(numbers[item] for item in given))
        if found:
            return found
    edits = reduce(lambda a, b: a if a is None else together(a, b), map(exercise.edits, given))
    try:
        return None if edits is None else exercise.solution.answer(edits)
    except SyntaxError:
        if len(given) == 1:
            raise
        return None


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
