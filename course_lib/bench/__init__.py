"""`course bench`: what the course claims about speed and memory, measured on this machine as ratios.

A row is {"name", "ours", "theirs", "ratio", "unit", "goal"}: ratio = ours / theirs, smaller is better, goal is the
ratio that this course set itself, or None. CPU time of one thread; both sides run alternately, pair by pair, and the
ratio is the median over the pairs, so that a busy machine disturbs both alike. No test depends on these figures.

A further group is one line in `GROUPS`: a name, and "module:function" of a function that returns rows.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from statistics import median
from time import process_time

GROUPS = {
    "layers": "course_lib.bench:layers_rows",
    "memory": "course_lib.bench:memory_rows",
    "experiments": "course_lib.bench.experiments:experiment_rows",
    "grade": "course_lib.bench.grade:grade_rows",
    "explorers": "course_lib.bench.explorers:explorer_rows",
}

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")

KINDS = {"rnn": "RNN", "gru": "GRU", "lstm": "LSTM"}
GOAL_TORCH = {"rnn": 0.55, "gru": 0.65, "lstm": 1.9}
GOAL_PRODUCTS = {"rnn": 1.2, "gru": 1.5, "lstm": 1.4}
GOAL_STREAM = {"lstm": 0.4}
GOAL_FLOATS = 12  # per T B H, at the peak

T, B, H, D = 100, 32, 128, 32  # the size of the goals; D as in experiments with embedded characters
OTHER_SIZES = ((1, 128, 32), (32, 32, 32), (32, 128, 128), (128, 128, 32))  # B, H, D


def run(group: str | None = None, json_path: str | Path | None = None, **options: object) -> list[dict]:
    """Measure one group, or all, print a table, write JSON where a path is given, and return the rows.

    options  those of the group's function, for one group only
    NumPy's threads are fixed when it loads: a process that started without one thread hands over to a fresh one.
    Raises: ValueError for an unknown group, or a path that cannot be written: before anything is measured.
    """
    if group is not None and group not in GROUPS:
        raise ValueError(f"group: expected one of {', '.join(GROUPS)}, got {group!r}")
    if json_path is not None and (Path(json_path).is_dir() or not Path(json_path).absolute().parent.is_dir()):
        raise ValueError(f"json: expected a file in a folder that exists, got {json_path}")
    if json_path is not None and Path(json_path).suffix.lower() == ".ipynb":
        raise ValueError(f"json: {json_path} is a notebook and stays as it is; name another file")
    if options and group != "experiments":
        raise ValueError(f"{', '.join(options)}: only experiments takes this")
    if any(os.environ.get(name) != value for name, value in ONE_THREAD.items()):
        return _run_elsewhere(group, json_path, options)
    rows = []
    for name in [group] if group else GROUPS:
        print(f"measuring {name} …", file=sys.stderr, flush=True)
        found = _function(GROUPS[name])(**options)
        print(table(found, title=name), flush=True)
        rows += found
    if json_path is not None:
        Path(json_path).write_text(json.dumps({"rows": rows, "machine": machine()}, indent=2) + "\n")
    return rows


def _run_elsewhere(group: str | None, json_path: str | Path | None, options: dict) -> list[dict]:
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder:
        path = Path(folder) / "rows.json" if json_path is None else Path(json_path)
        command = [sys.executable, "-m", "course_lib.bench", *([group] if group else []), "--json", str(path)]
        command += ["--options", json.dumps(options)]
        done = subprocess.run(command, env=os.environ | ONE_THREAD | {"KINETO_LOG_LEVEL": "99"})
        if done.returncode:
            raise SystemExit(done.returncode)  # it has said why
        return json.loads(path.read_text())["rows"]


def _function(path: str) -> Callable[[], list[dict]]:
    module, _, name = path.partition(":")
    return getattr(import_module(module), name)


def row(name: str, ours: float, theirs: float | None, unit: str, ratio: float | None = None, goal=None) -> dict:
    """One line of a report; the ratio is ours / theirs unless a better estimate of it is given.

    Example:
        >>> row("RNN", 2.0, 4.0, "ms")["ratio"]
        0.5
    """
    if ratio is None and theirs is not None:
        ratio = ours / theirs
    numbers = {"ours": ours, "theirs": theirs, "ratio": ratio}
    numbers = {key: None if value is None else round(value, 4) for key, value in numbers.items()}
    return {"name": name, **numbers, "unit": unit, "goal": goal}


def table(rows: Sequence[dict], title: str = "") -> str:
    """The rows as aligned text; a last column says whether the goal is reached, where there is one.

    A row's "notes", where it has some, stand below it.

    Example:
        >>> print(table([row("RNN", 2.0, 4.0, "ms", goal=0.55)]))
        <BLANKLINE>
                ours   theirs  ratio   goal
        RNN    2.000    4.000   0.50   0.55 reached     ms
    """
    width = max(len(r["name"]) for r in rows)
    lines = [title, f"{'':{width}} {'ours':>8} {'theirs':>8} {'ratio':>6} {'goal':>6}"]
    for r in rows:
        goal = r.get("goal")
        verdict = "" if goal is None else "reached" if r["ratio"] <= goal else "NOT reached"
        numbers = f"{_number(r['ours']):>8} {_number(r['theirs']):>8} {_number(r['ratio'], 2):>6} {_number(goal, 2):>6}"
        lines.append(f"{r['name']:{width}} {numbers} {verdict:11} {r['unit']}")
        lines += [f"    {note}" for note in r.get("notes", ())]
    return "\n".join(lines)


def _number(value: float | None, digits: int = 3) -> str:
    if value is None:
        return "-"
    return f"{value:.{digits}f}" if abs(value) < 1000 else f"{value:,.0f}"


def machine() -> dict:
    """Where the figures were taken: processor, versions, threads."""
    import numpy as np
    import torch

    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        fields = dict(line.split(":", 1) for line in info.read_text().splitlines() if ":" in line)
        model = {key.strip(): value.strip() for key, value in fields.items()}.get("model name", model)
    return {
        "processor": model,
        "cores": os.cpu_count(),
        "system": platform.system(),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "torch": torch.__version__,
        "blas": np.show_config(mode="dicts")["Build Dependencies"]["blas"]["name"],
        "threads": 1,
    }


# --- layers: time -----------------------------------------------------------------------------------------------------


def side_by_side(*runs: Callable[[], object], pairs: int = 21, repeats: int = 1) -> list[list[float]]:
    """CPU milliseconds of each function, measured in turn `pairs` times, after two calls to warm up.

    Each one runs behind another one, so that none of them finds the caches as it left them itself.
    """
    times: list[list[float]] = [[] for _ in runs]
    for call in runs:
        call(), call()
    for _ in range(pairs):
        for call, taken in zip(runs, times):
            start = process_time()
            for _ in range(repeats):
                call()
            taken.append((process_time() - start) * 1000 / repeats)
    return times


def compared(name: str, ours: list[float], theirs: list[float], goal=None, unit: str = "ms", scale: float = 1) -> dict:
    """A row from two lists of times that were taken side by side: medians, and the median of the ratios."""
    ratio = median(a / b for a, b in zip(ours, theirs))
    return row(name, median(ours) * scale, median(theirs) * scale, unit, ratio, goal)


def layers_rows(pairs: int = 21, sizes: Sequence[tuple[int, int, int]] = OTHER_SIZES) -> list[dict]:
    """Fused NumPy layers against torch.nn, against their matrix products alone, and against the readable cells."""
    import torch

    torch.set_num_threads(1)
    rows = []
    for kind in KINDS:
        rows += goal_rows(kind, T, B, H, D, pairs)
    for kind in KINDS:
        rows.append(stream_row(kind, H, D, pairs))
    for b, h, d in sizes:
        for kind in KINDS:
            layer, twin = training_runs(kind, T, b, h, d)
            times = side_by_side(layer, twin, pairs=max(3, pairs // 2))
            rows.append(compared(f"{KINDS[kind]} / nn.{KINDS[kind]}, B {b} H {h} D {d}", *times))
    return rows


def goal_rows(kind: str, T: int, B: int, H: int, D: int, pairs: int) -> list[dict]:
    """The rows that have goals, and the same with input gradients and against the readable cells."""
    name, size = KINDS[kind], f"B {B} H {H} D {D}"
    layer, twin = training_runs(kind, T, B, H, D)
    rows = [compared(f"{name} / nn.{name}, {size}", *side_by_side(layer, twin, pairs=pairs), GOAL_TORCH[kind])]
    times = side_by_side(layer, matrix_products(kind, T, B, H, D), pairs=pairs)
    rows.append(compared(f"{name} / its matrix products alone, {size}", *times, GOAL_PRODUCTS[kind]))
    times = side_by_side(*training_runs(kind, T, B, H, D, inputs=True), pairs=max(3, pairs // 2))
    rows.append(compared(f"{name} / nn.{name} with input gradients, {size}", *times))
    times = side_by_side(layer, readable(kind, T, B, H, D), pairs=max(3, pairs // 4))
    return [*rows, compared(f"{name} / the readable cell, {size}", *times)]


def _case(kind: str, T: int, B: int, H: int, D: int):
    """A layer, inputs xs (T, B, D) and gradients dhs (T, B, H), float32, always the same."""
    import numpy as np

    from course_lib.nn.layers import make_layer

    rng = np.random.default_rng(0)
    layer = make_layer(kind, D, H, rng)
    return layer, rng.normal(size=(T, B, D)).astype(np.float32), rng.normal(size=(T, B, H)).astype(np.float32)


def training_runs(kind: str, T: int, B: int, H: int, D: int, inputs: bool = False) -> tuple[Callable, Callable]:
    """Forward and backward as two functions: our layer, and torch's with the same size and data."""
    import torch

    layer, xs, dhs = _case(kind, T, B, H, D)
    twin = getattr(torch.nn, KINDS[kind])(D, H)
    x, d = torch.from_numpy(xs).requires_grad_(inputs), torch.from_numpy(dhs)

    def ours() -> None:
        layer.forward(xs)
        layer.backward(dhs, inputs=inputs)

    def theirs() -> None:
        twin.zero_grad()
        x.grad = None
        twin(x)[0].backward(d)

    return ours, theirs


def readable(kind: str, T: int, B: int, H: int, D: int) -> Callable:
    """Forward and backward with the one-step cells of `nn.cells`, unrolled by `nn.bptt`."""
    from course_lib.nn.bptt import bptt

    layer, xs, dhs = _case(kind, T, B, H, D)
    params = (layer.W_xh, layer.W_hh, *([layer.b_x] if kind == "gru" else []), layer.b_h)
    h0 = 0 * dhs[0]
    return partial(bptt, kind, xs, (h0, h0) if kind == "lstm" else h0, params, dhs)


def matrix_products(kind: str, T: int, B: int, H: int, D: int) -> Callable:
    """The matrix products that no layer of this size can do without, and nothing else: the floor of the time.

    All inputs in one product, the previous state at each step, the gradient back through W_hh at each step, two weight
    gradients; each in the arrangement that BLAS runs fastest, into memory that is there already.
    """
    import numpy as np

    layer, xs, dhs = _case(kind, T, B, H, D)
    rows, h, hs = len(layer.W_xh), dhs[0], dhs.reshape(-1, H)
    x, a, da = xs.reshape(-1, D), np.empty((T * B, rows), xs.dtype), np.ones((T * B, rows), xs.dtype)
    a_t, da_t, dh_t = np.empty((B, rows), xs.dtype), da[:B], np.empty((B, H), xs.dtype)
    dW_xh, dW_hh, W_back = np.empty_like(layer.W_xh), np.empty_like(layer.W_hh), np.asfortranarray(layer.W_hh)

    def products() -> None:
        np.dot(x, layer.W_xh.T, out=a)
        for _ in range(T):
            np.dot(h, layer.W_hh.T, out=a_t)
        for _ in range(T):
            np.dot(da_t, W_back, out=dh_t)
        np.dot(da.T, x, out=dW_xh)
        np.dot(da.T, hs, out=dW_hh)

    return products


def stream_row(kind: str, H: int, D: int, pairs: int) -> dict:
    """One step of one sequence, state carried, against torch's cell in inference mode."""
    import torch

    layer, xs, dhs = _case(kind, 1, 1, H, D)
    step = layer.stream(*[0 * dhs[0]] * (2 if kind == "lstm" else 1))
    cell = getattr(torch.nn, KINDS[kind] + "Cell")(D, H)
    x_t, x = xs[0], torch.from_numpy(xs[0])
    state = torch.zeros(1, H)
    state = (state, state) if kind == "lstm" else state

    def theirs() -> None:
        nonlocal state
        state = cell(x, state)

    with torch.inference_mode():
        times = side_by_side(lambda: step(x_t), theirs, pairs=pairs, repeats=500)
    name = f"{KINDS[kind]} streaming step / nn.{KINDS[kind]}Cell, B 1 H {H} D {D}"
    return compared(name, *times, GOAL_STREAM.get(kind), unit="us", scale=1000)


# --- memory -----------------------------------------------------------------------------------------------------------


def memory_rows(pairs: int = 9, long: int = 6400) -> list[dict]:
    """Peak memory of training in floats per T B H, its price in time, and what truncation does to its growth."""
    import torch

    torch.set_num_threads(1)
    rows = []
    for kind, name in KINDS.items():
        ours, theirs = layer_floats(kind), torch_floats(kind)
        rows.append(row(f"{name} peak / nn.{name}, B {B} H {H} D {D}", ours, theirs, "floats per T B H"))
        rows.append(row(f"{name} peak / the budget of {GOAL_FLOATS}", ours, GOAL_FLOATS, "floats per T B H", goal=1))
    for kind in KINDS:
        rows += trade_rows(kind, pairs)
    for kind, name in KINDS.items():
        short_peak, long_peak = (window_peak(kind, steps, 50) for steps in (400, long))
        rows.append(row(f"{name} truncated at 50: T {long} / T 400", long_peak, short_peak, "KiB", goal=1.05))
        short_peak, long_peak = (window_peak(kind, steps, steps) for steps in (400, long))
        rows.append(row(f"{name} not truncated: T {long} / T 400", long_peak, short_peak, "KiB"))
    return rows


def peak_bytes(call: Callable[[], object], first: Callable[[], object] = bool) -> int:
    """The most memory that was held at once during a call, above what was held before it (Python and NumPy).

    `first` runs before: Python keeps some freed objects for later, and these stores fill during hundreds of calls.
    """
    tracemalloc.start()
    try:
        first()
        before = tracemalloc.get_traced_memory()[0]
        call()
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()


def layer_floats(kind: str, chunk: int | None = None) -> float:
    """Peak of a first forward and backward pass with input gradients, every buffer included, in floats per T B H."""
    layer, xs, dhs = _case(kind, T, B, H, D)
    layer.chunk = chunk

    def call() -> None:
        layer.forward(xs)
        layer.backward(dhs)

    return peak_bytes(call) / 4 / (T * B * H)


def torch_floats(kind: str) -> float:
    """The same for torch.nn: the running sum of what its profiler saw allocated and freed."""
    import torch
    from torch.profiler import ProfilerActivity, profile

    _, xs, dhs = _case(kind, T, B, H, D)
    twin, x, d = getattr(torch.nn, KINDS[kind])(D, H), torch.from_numpy(xs).requires_grad_(), torch.from_numpy(dhs)
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as seen:
        twin(x)[0].backward(d)
    events = [event for event in seen.profiler.kineto_results.events() if event.name() == "[memory]"]
    held = peak = 0
    for event in sorted(events, key=lambda event: event.start_ns()):
        held += event.nbytes()
        peak = max(peak, held)
    return peak / 4 / (T * B * H)


def trade_rows(kind: str, pairs: int) -> list[dict]:
    """Memory against time: other chunk sizes against the layer's own."""
    own = _case(kind, T, B, H, D)[0].steps_per_chunk(B)
    rows = []
    for chunk in (1, 4, T):
        title = f"{KINDS[kind]} chunks of {chunk} / of {own}"
        rows.append(row(f"{title}: memory", layer_floats(kind, chunk), layer_floats(kind), "floats per T B H"))
        times = side_by_side(_chunked(kind, chunk), _chunked(kind, own), pairs=pairs)
        rows.append(compared(f"{title}: time", *times))
    return rows


def _chunked(kind: str, chunk: int) -> Callable:
    layer, xs, dhs = _case(kind, T, B, H, D)
    layer.chunk = chunk

    def call() -> None:
        layer.forward(xs)
        layer.backward(dhs, inputs=False)

    return call


def window_peak(kind: str, steps: int, window: int) -> float:
    """Peak KiB of training on `steps` time steps in windows, the state carried on (B 8, H 64, D 16)."""
    return peak_bytes(_windows(kind, steps, window, 8, 64, 16), first=_windows(kind, 400, 1, 1, 1, 1)) / 1024


def _windows(kind: str, steps: int, window: int, B: int, H: int, D: int) -> Callable:
    layer, xs, dhs = _case(kind, steps, B, H, D)

    def call() -> None:
        state = ()
        for start in range(0, steps, window):
            _, state = layer.forward(xs[start : start + window], *state)
            state = state if kind == "lstm" else (state,)
            layer.backward(dhs[start : start + window], inputs=False)

    return call
