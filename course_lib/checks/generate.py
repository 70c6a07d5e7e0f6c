"""Slips that need no list: what a small edit of the published solution leaves out, turns round or exchanges.

A name is given only to an edit whose quantity the statement names (an argument or a result), so that nothing of the
solution is told; `recognise` uses them after all that is written by hand.
"""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterator
from functools import lru_cache, reduce
from typing import Any

from course_lib.checks.exercise import Exercise, Slip
from course_lib.checks.solution import Edit, together
from course_lib.checks.switches import Switches

LEFT_OUT = (
    "Set all arguments but one to zero, one after the other: on which does your result depend, and on which should it?",
    "Count the terms and the factors of the equation, and those of your line.",
)
SIGN = (
    "Make this term large, once positive and once negative: in which direction should the result move?",
    "Compare the signs of the equation with those of your line, one by one.",
)
TURNED = (
    "Put a single 1 off the diagonal of this matrix: which entry of the result should notice, and which does?",
    "Write the shape of every operand next to the line, with B, D and H all different.",
)
EXCHANGED = (
    "Set one of the two to zero: which part of the result should vanish, and which does?",
    "Read the equation aloud and touch each name in your line.",
)
OVERWRITTEN = (
    "Is your answer right for a sequence of one step?",
    "What does the line do with the value of the round before: add to it, or replace it?",
)
AXIS = (
    "Try inputs with B, D and H all different and write down the shape after each line.",
    "Over which axis does the equation sum, and over which does your line?",
)

RANGE = (
    "Try inputs of size 10: between which numbers does this quantity lie, and between which should it?",
    "Which function does the equation put around it?",
)
ONE_MINUS = (
    "Set this quantity to 0, then to 1: what should be left of the result each time, and what is?",
    "Compare the factors of the equation with those of your line, one by one.",
)
SQUASHING = {"tanh": "np.tanh", "sigmoid": "sigmoid"}


class _Writer:
    """The edits of one solution, with names for the quantities that a learner knows."""

    def __init__(self, exercise: Exercise) -> None:
        self.body = exercise.solution.body
        self.tree = ast.parse(self.body)
        said = set(re.findall(r"\w+", exercise.solution.statement))
        names = {n.id for n in ast.walk(self.tree) if isinstance(n, ast.Name)} - set(dir(builtins)) - {"np"}
        self.known = (names & said) | set(exercise.arguments_by_name)
        self.span = exercise.solution.span

    def edit(self, node: Any, new: str) -> Edit:
        """The edit that puts another text in the place of a node."""
        return Edit(*self.span(node), new)

    def text(self, node: ast.AST) -> str:
        """The text of a node, in brackets where it is more than a name or a call."""
        text = ast.unparse(node)
        return (
            text if isinstance(node, (ast.Name, ast.Call, ast.Subscript, ast.Attribute, ast.Constant)) else f"({text})"
        )

    def named(self, node: ast.AST) -> str:
        """The known quantities of a piece, "h_prev and W_hh", or "" where there is none."""
        found = dict.fromkeys(n.id for n in ast.walk(node) if isinstance(n, ast.Name) and n.id in self.known)
        return " and ".join(found)

    def into(self, statement: ast.stmt) -> str:
        """Of which known quantity a statement gives the value: "in h_t: ", or ""."""
        targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
        name = getattr(targets[0], "id", "")
        return f"in {name}: " if name in self.known else ""


@lru_cache(maxsize=256)
def generated(exercise: Exercise) -> tuple[Slip, ...]:
    """The slips that small edits of an exercise's solution make; several may share a name."""
    if exercise.is_value or exercise.right is not None:
        return ()
    writer = _Writer(exercise)
    found: dict[Edit, Slip] = {}
    for statement in ast.walk(writer.tree):
        if isinstance(statement, (ast.Assign, ast.AugAssign, ast.Return, ast.Expr)):
            for name, hints, edit in _of_statement(writer, statement):
                found.setdefault(edit, Slip(name, hints, spans=(edit,)))
    return tuple(found.values())


@lru_cache(maxsize=50_000)
def answer(exercise: Exercise, *given: Slip) -> Any:
    """The wrong answer with one slip or with two, as `Exercise.answer` gives it, of which some may be generated."""
    if not any(item.spans for item in given):
        return exercise.answer(*given)
    if any(item.wrong is not None for item in given):
        return None
    switches, numbers = _switches(exercise)
    found = switches.answer(*(numbers[item] for item in given))
    edits = () if found else reduce(lambda a, b: a if a is None else together(a, b), map(exercise.edits, given))
    try:
        return found or (None if edits is None else exercise.solution.answer(edits))
    except SyntaxError:
        return None


@lru_cache(maxsize=256)
def _switches(exercise: Exercise) -> tuple[Switches, dict[Slip, int]]:
    """All edits, listed and generated, in one function."""
    lines = [item for item in (*exercise.known, *generated(exercise)) if item.wrong is None]
    return Switches(exercise.solution, [exercise.edits(item) for item in lines]), {s: k for k, s in enumerate(lines)}


def _of_statement(writer: _Writer, statement: ast.stmt) -> Iterator[tuple[str, tuple[str, ...], Edit]]:
    place = writer.into(statement)
    if isinstance(statement, ast.AugAssign) and isinstance(statement.op, (ast.Add, ast.Sub)) and place:
        yield (
            f"{place[3:-2]} is overwritten at each step, not added to",
            OVERWRITTEN,
            writer.edit(statement, f"{ast.unparse(statement.target)} = {ast.unparse(statement.value)}"),
        )
    for node in ast.walk(statement):
        if isinstance(node, ast.BinOp):
            yield from _of_operation(writer, node, place)
        elif isinstance(node, ast.Call):
            yield from _of_function(writer, node, place)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in writer.known:
            for other in sorted(writer.known):
                if _alike(node.id, other):
                    yield f"{place}{other} in the place of {node.id}", EXCHANGED, writer.edit(node, other)
        elif isinstance(node, ast.keyword) and node.arg == "axis" and isinstance(node.value, ast.Constant):
            yield f"{place}the wrong axis", AXIS, writer.edit(node.value, str(1 - int(node.value.value)))


def _of_function(writer: _Writer, node: ast.Call, place: str) -> Iterator[tuple[str, tuple[str, ...], Edit]]:
    """The function is left out, or another one stands in its place."""
    name = ast.unparse(node.func).removeprefix("np.")
    if name in SQUASHING and len(node.args) == 1:
        yield f"{place}the {name} is left out", RANGE, writer.edit(node, writer.text(node.args[0]))
        for other, code in SQUASHING.items():
            if other != name:
                yield f"{place}{other} in the place of {name}", RANGE, writer.edit(node.func, code)


def _alike(one: str, other: str) -> bool:
    """Whether two names are taken for each other: h_t and h_prev, h_prev and c_prev, dW_xh and dW_hh, D and H."""
    if len(one) == len(other) == 1:
        return one != other and one.isupper() == other.isupper()
    (a, _, b), (c, _, d) = one.partition("_"), other.partition("_")
    return one != other and bool(b and d) and (a == c or b == d or b[1:] == d[1:] != "")


def _of_operation(writer: _Writer, node: ast.BinOp, place: str) -> Iterator[tuple[str, tuple[str, ...], Edit]]:
    left, right = writer.named(node.left), writer.named(node.right)
    if isinstance(node.op, (ast.Add, ast.Sub)):
        other = "-" if isinstance(node.op, ast.Add) else "+"
        minus = "-" if isinstance(node.op, ast.Sub) else ""
        if right:
            yield f"{place}the term with {right} is left out", LEFT_OUT, writer.edit(node, writer.text(node.left))
            turned = f"{writer.text(node.left)} {other} {writer.text(node.right)}"
            yield f"{place}the sign of the term with {right} is turned", SIGN, writer.edit(node, f"({turned})")
        if left:
            rest = f"({minus}{writer.text(node.right)})"
            yield f"{place}the term with {left} is left out", LEFT_OUT, writer.edit(node, rest)
        if isinstance(node.left, ast.Constant) and isinstance(node.right, ast.Name) and right:
            yield f"{place}{right} where 1 - {right} belongs", ONE_MINUS, writer.edit(node, right)
        if isinstance(node.right, ast.BinOp) and isinstance(node.right.op, ast.Pow) and right:
            bare = f"{writer.text(node.left)} {'+' if other == '-' else '-'} {writer.text(node.right.left)}"
            yield f"{place}the square of {right} is missing", ONE_MINUS, writer.edit(node, f"({bare})")
    elif isinstance(node.op, (ast.Mult, ast.Div)):
        for side, name in ((node.left, left), (node.right, right)):
            if isinstance(side, ast.Name) and name:
                yield f"{place}1 - {name} where {name} belongs", ONE_MINUS, writer.edit(side, f"(1 - {name})")
        if right:
            yield f"{place}the factor with {right} is left out", LEFT_OUT, writer.edit(node, writer.text(node.left))
        if left and isinstance(node.op, ast.Mult):
            yield f"{place}the factor with {left} is left out", LEFT_OUT, writer.edit(node, writer.text(node.right))
    elif isinstance(node.op, ast.MatMult):
        for side in (node.left, node.right):
            turned = isinstance(side, ast.Attribute) and side.attr == "T"
            inner = side.value if turned else side
            if isinstance(inner, ast.Name) and inner.id in writer.known:
                name = f"{place}{inner.id} {'not transposed' if turned else 'transposed'}"
                yield name, TURNED, writer.edit(side, inner.id if turned else f"{inner.id}.T")
