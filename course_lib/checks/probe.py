"""The only piece of the grader that runs beside learner code: call the answer, return plain data.

Values cross between the learner's process and the grader as JSON; nothing is unpickled, and what comes back is
checked for type and size before anybody looks at it. This file knows no expected value.
"""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import inspect
import io
import itertools
import json
import signal
import threading
import time
import traceback
import warnings
from collections.abc import Iterator, Mapping, MappingView, ValuesView
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from course_lib.checks import bare

MAX_BYTES = 16 * 2**20
MAX_DEPTH = 8
MAX_ITEMS = 10_000
MAX_PARTS = 1_000_000  # objects, lists and items of a JSON text: each takes a hundred bytes of memory when it is read
MAX_ARGS = 100
MIME = "application/vnd.course-answer+json"


@dataclass(frozen=True)
class Source:
    """A function that travels as its source text, evaluated where it is used: `Source("lambda w: w ** 3")`."""

    text: str


@dataclass(frozen=True)
class Seed:
    """A random generator that travels as its seed: it arrives as `np.random.default_rng(value)`."""

    value: int


@dataclass(frozen=True)
class Outcome:
    """What one call gave: a value, or an error (type, message, line of code).

    `changed` holds the places of arguments that were changed, `shared` of those whose memory the value shares.
    """

    value: Any = None
    error: tuple[str, str, str] | None = None
    changed: tuple[int, ...] = ()
    shared: tuple[int, ...] = ()


class WrongForm(TypeError):
    """What came is nothing that an exercise can ask for; no line of the learner's raised it."""


def encode(value: Any, depth: int = 0) -> Any:
    """Turn a value into JSON: arrays as base64, tensors as arrays, subclasses and dataclasses as what they hold."""
    if depth > MAX_DEPTH:
        raise WrongForm(f"the result is nested more than {MAX_DEPTH} levels deep")
    if value is None or type(value) in (bool, str):
        return value
    if type(value) in (int, float):  # as text: exact, and NaN is no JSON
        return {type(value).__name__: repr(value)}
    if isinstance(value, (Fraction, Decimal)):  # exact numbers are numbers
        try:
            return {"float": repr(float(value))}
        except (OverflowError, ValueError):
            raise WrongForm(f"expected numbers that a float can hold, got a {type(value).__name__}") from None
    if value is Ellipsis:
        return {"blank": True}
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, Source):
        return {"source": value.text}
    if isinstance(value, Seed):
        return {"seed": value.value}
    if isinstance(value, (tuple, list)):
        return {"tuple" if isinstance(value, tuple) else "list": [encode(v, depth + 1) for v in value]}
    if isinstance(value, Mapping):
        return {"dict": [[encode(k, depth + 1), encode(v, depth + 1)] for k, v in value.items()]}
    if isinstance(value, (set, frozenset)):
        return {"list": [encode(v, depth + 1) for v in sorted(value)]}
    if isinstance(value, (Iterator, MappingView)):  # `yield` in the place of a list, or `.values()`
        items = list(itertools.islice(value, MAX_ITEMS + 1))
        if len(items) > MAX_ITEMS:
            raise WrongForm(f"the result yields more than {MAX_ITEMS} items")
        return {"list": [encode(v, depth + 1) for v in items]}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {"tuple": [encode(getattr(value, f.name), depth + 1) for f in dataclasses.fields(value)]}
    if hasattr(value, "detach"):
        value = value.detach().cpu().numpy()
    array = np.asarray(value)
    if array.dtype.kind == "O" and array.ndim:
        return {"list": [encode(v, depth + 1) for v in array.tolist()]}
    if array.dtype.kind == "U":
        return {"list": [encode(v, depth + 1) for v in array.tolist()]} if array.ndim else str(array)
    if array.dtype.kind not in "biufc":
        raise WrongForm(f"expected numbers, got {type(value).__name__}")
    if array.nbytes > MAX_BYTES:
        raise WrongForm(f"the result has {array.nbytes / 2**20:.0f} MiB, more than {MAX_BYTES // 2**20} are not read")
    array = np.ascontiguousarray(array).reshape(array.shape)
    array = array.astype(array.dtype.newbyteorder("<"))
    return {"nd": [array.dtype.str, list(array.shape), base64.b64encode(array.tobytes()).decode()]}


def decode(data: Any, depth: int = 0) -> Any:
    """Rebuild a value from `encode`'s JSON; ValueError for anything that `encode` does not write."""
    if depth > MAX_DEPTH:
        raise ValueError("the data is nested too deep")
    if data is None or isinstance(data, (bool, str)):
        return data
    if not isinstance(data, dict) or len(data) != 1:
        raise ValueError("the data is not of the probe's form")
    kind, body = next(iter(data.items()))
    if kind == "blank":
        return Ellipsis
    if kind == "source" and isinstance(body, str):
        return Source(body)
    if kind == "seed" and isinstance(body, int):
        return Seed(body)
    if kind in ("tuple", "list") and isinstance(body, list):
        items = [decode(v, depth + 1) for v in body]
        return tuple(items) if kind == "tuple" else items
    if kind == "dict" and isinstance(body, list):
        pairs = [(decode(k, depth + 1), decode(v, depth + 1)) for k, v in body]
        return {k.item() if isinstance(k, np.ndarray) else k: v for k, v in pairs}
    if kind in ("int", "float") and isinstance(body, str) and len(body) < 5000:
        return int(body) if kind == "int" else float(body)
    if kind == "nd" and isinstance(body, list) and len(body) == 3:
        return _array(*body)
    raise ValueError("the data is not of the probe's form")


def _array(dtype: Any, shape: Any, text: Any) -> np.ndarray:
    if not isinstance(dtype, str) or not isinstance(text, str) or len(text) > 2 * MAX_BYTES:
        raise ValueError("the data holds an array that is not of the probe's form")
    kind = np.dtype(dtype)
    if kind.kind not in "biufc" or kind.hasobject:
        raise ValueError(f"the data holds an array of dtype {dtype!r}")
    if not (isinstance(shape, list) and all(type(n) is int and n >= 0 for n in shape)):
        raise ValueError("the data holds an array without a shape")
    raw = base64.b64decode(text, validate=True)
    return np.frombuffer(raw, kind).reshape(shape).copy()


def materialise(value: Any) -> Any:
    """A fresh copy of one argument, as the function receives it."""
    if isinstance(value, Source):
        space: dict[str, Any] = {"np": np}
        return eval(value.text, space)  # written by the course, never by a learner
    if isinstance(value, Seed):
        return np.random.default_rng(value.value)
    if isinstance(value, np.ndarray):
        return value.copy()
    if isinstance(value, (list, tuple)):
        return type(value)(materialise(v) for v in value)
    if isinstance(value, dict):
        return {k: materialise(v) for k, v in value.items()}
    return value


def same_bits(a: Any, b: Any) -> bool:
    """Whether two arguments hold the same values up to rounding (NaN equals NaN); functions always do."""
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        if np.array_equal(a, b):  # nearly always, and many times faster than the next question
            return True
        if a.shape != b.shape or a.dtype.kind not in "fc":
            return False
        return np.allclose(a, b, rtol=1e-12, atol=1e-12, equal_nan=True)  # a row put back by + 1 and - 1 is put back
    if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
        return len(a) == len(b) and all(map(same_bits, a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same_bits(a[k], b[k]) for k in a)
    if isinstance(a, (int, float, str, bool)):
        return bool(a == b)
    return True


def late(budget: float) -> str:
    """What the error of a call that comes too late says."""
    return f"more than {budget:g} s for all inputs together"


@contextlib.contextmanager
def alarm(seconds: float, message: str, processor_time: bool = False) -> Iterator[None]:
    """TimeoutError in code that takes longer, again each second; nothing without POSIX signals or in a side thread."""
    if not hasattr(signal, "SIGALRM") or threading.current_thread() is not threading.main_thread():
        yield
        return
    number, clock = (signal.SIGPROF, signal.ITIMER_PROF) if processor_time else (signal.SIGALRM, signal.ITIMER_REAL)

    def ring(*_: object) -> None:
        raise TimeoutError(message)

    before = signal.signal(number, ring)
    signal.setitimer(clock, max(seconds, 1e-3), 1.0)
    try:
        yield
    finally:
        signal.setitimer(clock, 0)
        signal.signal(number, before)


def call(function: Any, args: tuple[Any, ...], quiet: bool = True, limit: Any = None) -> Outcome:
    """Call an answer on fresh copies of the arguments; exceptions become data, prints and warnings are dropped."""
    fresh = tuple(materialise(a) for a in args)
    before = tuple(materialise(a) for a in args)
    sink = io.StringIO()
    try:
        with contextlib.ExitStack() as stack:
            if quiet:
                stack.enter_context(contextlib.redirect_stdout(sink))
                stack.enter_context(contextlib.redirect_stderr(sink))
            stack.enter_context(warnings.catch_warnings())
            warnings.simplefilter("ignore")
            # NumPy's own settings, and back to those before: np.seterr in one answer must not stop the next one
            stack.enter_context(np.errstate(divide="warn", over="warn", under="ignore", invalid="warn"))
            stack.enter_context(limit or contextlib.nullcontext())
            result = function(*fresh)
            value = decode(json.loads(json.dumps(encode(result))))
            shared = sharing(result, fresh)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return Outcome(error=describe(error))
    changed = tuple(k for k, (a, b) in enumerate(zip(fresh, before, strict=True)) if not same_bits(a, b))
    return Outcome(value=value, changed=changed, shared=shared)


def call_ours(function: Any, args: tuple[Any, ...], watched: bool) -> Outcome:
    """The same for an answer of the course's own, which needs nothing around it; `changed` only where it is watched."""
    fresh = tuple(materialise(a) for a in args)
    try:
        value = plain(function(*fresh))
    except Exception as error:
        return Outcome(error=describe(error))
    before = args if watched else ()
    return Outcome(value, None, tuple(k for k, a in enumerate(before) if not same_bits(a, fresh[k])))


def plain(value: Any, depth: int = 0) -> Any:
    """What comes back when a value was encoded and decoded; at once for what results are usually made of."""
    if type(value) is np.ndarray and value.dtype.kind in "bifc" and value.dtype.isnative:
        return value
    if depth > MAX_DEPTH:  # a list that holds itself
        raise WrongForm(f"the result is nested more than {MAX_DEPTH} levels deep")
    if type(value) in (tuple, list):
        return type(value)([plain(v, depth + 1) for v in value])
    if value is None or type(value) in (bool, int, float, str):
        return value
    return decode(json.loads(json.dumps(encode(value))))


def sharing(result: Any, args: tuple[Any, ...]) -> tuple[int, ...]:
    """The places of the arguments that hold an array whose memory an array of the result uses, too."""
    made = list(arrays_in(result))
    return tuple(
        k for k, arg in enumerate(args) if made and any(np.may_share_memory(a, b) for a in arrays_in(arg) for b in made)
    )


def arrays_in(value: Any, depth: int = 0) -> Iterator[np.ndarray]:
    """The arrays in a value, a tensor as the array that it is made of; what iterates only once is left alone."""
    if isinstance(value, np.ndarray) and value.dtype.kind != "O":
        yield value
    elif depth > MAX_DEPTH or isinstance(value, (str, bytes, int, float, complex, np.generic, type(None))):
        return
    elif isinstance(value, dict):
        for item in value.values():
            yield from arrays_in(item, depth + 1)
    elif isinstance(value, (list, tuple, np.ndarray, ValuesView)):
        for item in value.tolist() if isinstance(value, np.ndarray) else value:
            yield from arrays_in(item, depth + 1)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            yield from arrays_in(getattr(value, field.name), depth + 1)
    elif hasattr(value, "detach"):
        yield np.asarray(value.detach().cpu().numpy())


def describe(error: BaseException) -> tuple[str, str, str]:
    """Type, first line of the message, and the innermost line of code that is not the course's own."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if "course_lib" not in f.filename.replace("\\", "/")]
    own = [f for f in frames if "site-packages" not in f.filename and f.line] or frames
    try:
        text = (str(error).strip().splitlines() or [""])[0][:300]
    except Exception:  # an exception of the learner's own that cannot say what it is
        text = ""
    if isinstance(error, ModuleNotFoundError) and bare.in_force() and error.name and not bare.allowed(error.name):
        text = bare.told(error.name)
    kind = "ModuleNotFoundError" if isinstance(error, bare.NotThere) else type(error).__name__
    return kind, text, (own[-1].line or "").strip()[:200] if own else ""


def outcomes(
    target: Any, cases_args: list[tuple[Any, ...]], is_value: bool, budget: float = 1e9, interrupt: bool = False
) -> list[Outcome]:
    """Run an answer on every case; a value is its own outcome. Past `budget` seconds the rest counts as too slow.

    `interrupt` ends the call that is going on then as well; the grader's kernels are stopped from outside.
    """
    if is_value:
        if inspect.isroutine(target) or inspect.isclass(target):
            return [Outcome(error=("WrongForm", f"expected a value, got a {type(target).__name__}", ""))]
        try:
            return [Outcome(value=decode(json.loads(json.dumps(encode(target)))))]
        except Exception as error:
            return [Outcome(error=describe(error))]
    if target is Ellipsis:
        return [Outcome(value=Ellipsis)] * len(cases_args)
    if not callable(target):
        told = f"expected a function, got {type(target).__name__}: hand in its name alone, without brackets or quotes"
        return [Outcome(error=("WrongForm", told, ""))] * len(cases_args)
    end, results = time.monotonic() + budget, []
    for args in cases_args:
        left = end - time.monotonic()
        if left < 0:
            results.append(Outcome(error=("TimeoutError", late(budget), "")))
        else:
            results.append(call(target, args, limit=alarm(left, late(budget)) if interrupt else None))
    return results


def pack(results: list[Outcome]) -> str:
    """Outcomes as one JSON text."""
    return json.dumps(
        [
            {"value": encode(r.value), "error": r.error, "changed": list(r.changed), "shared": list(r.shared)}
            for r in results
        ],
        allow_nan=False,
    )


def parts(*texts: bytes) -> int:
    """At most how many values JSON texts hold: counted before anybody decodes them."""
    return sum(text.count(mark) for text in texts for mark in (b"{", b"[", b","))


def unpack(text: str, n: int) -> list[Outcome]:
    """The outcomes of `n` cases from a text that learner code may have written; ValueError when it is malformed."""
    if len(text) > 4 * MAX_BYTES or parts(text.encode()) > MAX_PARTS:
        raise ValueError("the answer sent more data than is read")
    rows = json.loads(text)
    if not isinstance(rows, list) or len(rows) != n:
        raise ValueError(f"expected the results of {n} inputs, got something else")
    results = []
    for row in rows:
        if not isinstance(row, dict) or set(row) != {"value", "error", "changed", "shared"}:
            raise ValueError("the data is not of the probe's form")
        error = row["error"]
        if error is not None:
            if not (isinstance(error, list) and len(error) == 3 and all(isinstance(e, str) for e in error)):
                raise ValueError("the data is not of the probe's form")
            error = tuple(" ".join(e[:300].splitlines()) for e in error)  # one line, as all that `describe` says
        results.append(Outcome(decode(row["value"]), error, _places(row["changed"]), _places(row["shared"])))
    return results


def _places(numbers: Any) -> tuple[int, ...]:
    """Places of arguments, each once and in order; ValueError for anything else."""
    if not (isinstance(numbers, list) and len(numbers) <= MAX_ARGS and all(type(k) is int for k in numbers)):
        raise ValueError("the data is not of the probe's form")
    if numbers != sorted(set(numbers)) or any(not 0 <= k < MAX_ARGS for k in numbers):
        raise ValueError("the data is not of the probe's form")
    return tuple(numbers)


def answer(name: str, packed_cases: str, is_value: bool, budget: float) -> None:
    """Run in the learner's kernel by the grader: look the answer up by name, call it, display the packed outcomes."""
    from IPython import get_ipython
    from IPython.display import display

    space = get_ipython().user_ns
    cases = [decode(c) for c in json.loads(packed_cases)]
    if name in space:
        results = outcomes(space[name], cases, is_value, budget)
    else:
        results = [Outcome(error=("NameError", f"name {name!r} is not defined", ""))] * len(cases)
    failed = space.get("_course_failed", {})
    results = [dataclasses.replace(r, error=_cause(r.error, failed)) if r.error else r for r in results]
    display({MIME: {"answer": pack(results)}}, raw=True)


def _cause(error: tuple[str, str, str], failed: dict[str, tuple[str, str]]) -> tuple[str, str, str]:
    """Why a name is not defined, where the statement that should have bound it has failed."""
    name = error[1].split("'")[1] if error[0] == "NameError" and error[1].count("'") > 1 else ""
    if name not in failed:
        return error
    kind, text = failed[name]
    if kind == "ModuleNotFoundError":
        return kind, text, ""
    return error[0], f"{error[1]}: its statement stops with {kind}: {text}", error[2]
