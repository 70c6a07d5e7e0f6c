"""Many variants of one solution in one function: each edited statement stands beside the published one, as a branch.

Compiling a function takes longer than calling it. With a branch for every slip it is compiled once, and two slips are
two switches that are on.
"""

from __future__ import annotations

import ast
import textwrap
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

from course_lib.checks.solution import Edit, Solution, edited

ON = "_switches_that_are_on"
_Span = tuple[int, int]  # the first of some statements, and the one after the last
_Path = tuple[tuple[int, str], ...]  # from the whole to a block in it: number of a statement, "body" or "orelse"


@dataclass
class _Block:
    """A list of statements: the variants of some of them, and the blocks inside them.

    variants   (first, after last) → number of a slip → its edits there; where both are equal, lines before that one
    """

    statements: list[ast.stmt]
    variants: dict[_Span, dict[int, list[Edit]]] = field(default_factory=dict)
    inner: dict[tuple[int, str], _Block] = field(default_factory=dict)


class Switches:
    """The variants of a solution that slips make; `edits` holds those of each slip, by its number."""

    def __init__(self, solution: Solution, edits: Sequence[Sequence[Edit]]) -> None:
        self.solution, self.text, self.edits = solution, solution.body, edits
        self.span = solution.span
        self.root = _Block(ast.parse(self.text).body)
        self.places: list[list[tuple[_Path, _Span]]] = [[] for _ in edits]
        for number, own in enumerate(edits):
            for edit in own:
                self._place(self.root, (), number, edit)
        head = ast.parse((solution.head or f"def {solution.name}():\n") + "    pass")
        function = next(n for n in head.body if isinstance(n, ast.FunctionDef) and n.name == solution.name)
        function.body = self._written(self.root, ()) or [ast.Pass()]
        self.space = {**solution.space, ON: frozenset()}
        exec(compile(ast.fix_missing_locations(head), f"<{solution.name}>", "exec"), self.space)
        self.function: Callable[..., Any] = self.space[solution.name]

    def answer(self, *numbers: int) -> Callable[..., Any] | None:
        """The function with these slips; None where one of them stands in the way of another."""
        own = [set(self.edits[number]) for number in numbers]
        if any(a & b for a, b in combinations(own, 2)):  # a line in common
            return None
        places = [place for number in numbers for place in set(self.places[number])]
        if any(self._in_the_way(a, b) for k, a in enumerate(places) for b in places[:k]):
            return None
        on, space, function = frozenset(numbers), self.space, self.function

        def variant(*args: Any) -> Any:
            space[ON] = on
            return function(*args)

        return variant

    @staticmethod
    def _in_the_way(a: tuple[_Path, _Span], b: tuple[_Path, _Span]) -> bool:
        """Whether two places are statements that overlap, or one lies inside the other."""
        (path_a, span_a), (path_b, span_b) = sorted((a, b), key=lambda place: len(place[0]))
        if path_a == path_b:
            return _overlap(span_a, span_b)
        inside = path_b[len(path_a)][0] if path_b[: len(path_a)] == path_a else -1
        return span_a[0] <= inside < span_a[1]

    def _place(self, block: _Block, path: _Path, number: int, edit: Edit) -> None:
        """Note an edit at the smallest statements that hold all of it."""
        spans = [self.span(s) for s in block.statements]
        first = max(bisect_right([a for a, _ in spans], edit.start) - 1, 0)
        last = max(bisect_right([a for a, _ in spans], max(edit.start, edit.end - 1)) - 1, first)
        between = edit.start == edit.end == spans[first][0] and edit.new.endswith("\n")
        for name in ("body", "orelse") if first == last and not between else ():
            inside = getattr(block.statements[first], name, None)
            if inside and self.text.startswith("elif", self.span(inside[0])[0]):
                continue  # no statement of its own: it cannot be written without its if
            if inside and edit.start >= self.span(inside[0])[0] and edit.end <= self.span(inside[-1])[1]:
                step = (first, name)
                return self._place(block.inner.setdefault(step, _Block(inside)), (*path, step), number, edit)
        span = (first, first) if between else (first, last + 1)
        edits = [edit]
        for other in [s for s, own in block.variants.items() if number in own and _overlap(s, span)]:
            edits = block.variants[other].pop(number) + edits
            self.places[number].remove((path, other))
            span = min(span[0], other[0]), max(span[1], other[1])
        block.variants.setdefault(span, {})[number] = edits
        self.places[number].append((path, span))
        return None

    def _written(self, block: _Block, path: _Path) -> list[ast.stmt]:
        """The statements of a block, each with its variants as branches."""
        variants = {(span, number): edits for span, own in block.variants.items() for number, edits in own.items()}
        return self._branches(block, path, (0, len(block.statements)), variants)

    def _branches(
        self, block: _Block, path: _Path, part: _Span, variants: dict[tuple[_Span, int], list[Edit]]
    ) -> list[ast.stmt]:
        """The statements of a part; of variants that overlap the widest are branched off first."""
        lines: list[ast.stmt] = []
        k = part[0]
        while k < part[1]:
            for (span, number), edits in variants.items():
                if span == (k, k):
                    lines.append(ast.If(_is_on(number), self._variant(block, k, k, edits), []))
            after = k + 1
            while any(a < after < b for (a, b), _ in variants):
                after = max(b for (a, b), _ in variants if a < after)
            here = {v: edits for v, edits in variants.items() if k <= v[0][0] and v[0][1] <= after and v[0] != (k, k)}
            here = {v: edits for v, edits in here.items() if v[0] != (after, after)}
            width = max((b - a for (a, b), _ in here), default=0)
            wide = {v: edits for v, edits in here.items() if v[0][1] - v[0][0] == width > 0}
            rest = {v: edits for v, edits in here.items() if v not in wide}
            right = self._branches(block, path, (k, after), rest) if after > k + 1 else [self._whole(block, path, k)]
            for (span, number), edits in wide.items():
                self.places[number] = [(path, (k, after)) if p == (path, span) else p for p in self.places[number]]
                right = [ast.If(_is_on(number), self._variant(block, k, after, edits) or [ast.Pass()], right)]
            lines += right
            k = after
        return lines

    def _whole(self, block: _Block, path: _Path, k: int) -> ast.stmt:
        """A statement as it is published, with the variants of what is inside it."""
        statement = block.statements[k]
        for step, inner in block.inner.items():
            if step[0] == k:
                setattr(statement, step[1], self._written(inner, (*path, step)))
        return statement

    def _variant(self, block: _Block, first: int, last: int, edits: Iterable[Edit]) -> list[ast.stmt]:
        """The statements from `first` to before `last` as an edit has them."""
        if first == last:
            return ast.parse("".join(e.new for e in edits)).body
        line, (begin, _) = self.solution.begins[block.statements[first].lineno - 1], self.span(block.statements[first])
        begin = begin if self.text[line:begin].strip() else line  # with its indentation, if it has a line of its own
        end = self.span(block.statements[last - 1])[1]
        moved = [Edit(e.start - begin, e.end - begin, e.new) for e in edits]
        return ast.parse(textwrap.dedent(edited(self.text[begin:end], moved))).body


def _overlap(a: _Span, b: _Span) -> bool:
    return a[0] < b[1] and b[0] < a[1]


def _is_on(number: int) -> ast.expr:
    return ast.Compare(ast.Constant(number), [ast.In()], [ast.Name(ON, ast.Load())])
