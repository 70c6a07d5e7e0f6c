"""Whether two values are the same numbers, and how they differ in words."""

from __future__ import annotations

from typing import Any

import numpy as np


def differ(got: Any, expected: Any, rtol: float) -> str | None:
    """None when two values are the same numbers in the same shape, else the difference in words."""
    if isinstance(expected, dict):
        if not isinstance(got, dict) or set(got) != set(expected):
            return f"expected a dict with the keys {sorted(map(str, expected))}"
        return next((f"[{k!r}] {told}" for k in expected if (told := differ(got[k], expected[k], rtol))), None)
    if isinstance(expected, (str, bool, type(None))) and not isinstance(expected, np.ndarray):
        same = type(got) is type(expected) and got == expected
        if isinstance(expected, str) and isinstance(got, str):
            same = got.strip().casefold() == expected.strip().casefold()
        if isinstance(expected, bool) and isinstance(got, np.ndarray) and got.shape == () and got.dtype == bool:
            same = bool(got) == expected
        asked = "expected None, " if expected is None else ""
        return None if same else f"{asked}got {short(got)}"
    if isinstance(expected, (list, tuple)) and not _numeric(expected):
        if not isinstance(got, (list, tuple)) or len(got) != len(expected):
            return f"expected {len(expected)} items, got {len(got) if isinstance(got, (list, tuple)) else short(got)}"
        pairs = enumerate(zip(got, expected, strict=True))
        return next((f"item {k}: {told}" for k, (g, e) in pairs if (told := differ(g, e, rtol))), None)
    return _differ_numbers(got, expected, rtol)


def _numeric(values: Any) -> bool:
    try:
        return np.asarray(values).dtype.kind in "biufc"
    except ValueError:
        return False


def _differ_numbers(got: Any, expected: Any, rtol: float) -> str | None:
    want = np.asarray(expected)
    one = f"numbers of shape {want.shape}" if want.ndim else "one number"
    if got is None or isinstance(got, (str, dict)):
        return f"expected {one}, got {short(got)}"
    try:
        have = np.asarray(got)
    except ValueError:
        return f"expected {one}, got {len(got)} items of different shapes"
    if have.dtype.kind not in "biufc":
        return f"expected numbers, got {short(got)}"
    if have.shape != want.shape:
        asked = f"shape {want.shape}, got" if want.ndim else "one number, got an array of shape"
        return f"expected {asked} {have.shape if have.ndim else 'one number'}"
    if want.size == 0:
        return None
    kind = want.dtype.kind
    have, want = have.astype(complex), want.astype(complex)
    odd_have, odd_want = ~np.isfinite(have), ~np.isfinite(want)
    if (odd_have != odd_want).any():
        if have.ndim == 0:
            return f"got {_number(have[()])}, expected {_number(want[()])}"
        return f"{int(odd_have.sum())} of {have.size} entries are not finite, expected {int(odd_want.sum())}"
    if odd_want.any() and not np.array_equal(have[odd_want], want[odd_want], equal_nan=True):
        return "the entries that are not finite differ in kind (inf, -inf, nan)"
    gap = np.abs(np.subtract(have, want, where=~odd_want, out=np.zeros_like(want)))  # inf - inf would warn
    scale = np.abs(want, where=~odd_want, out=np.zeros(want.shape)).max()
    return None if gap.max() <= _tolerance(rtol, scale) else _worst(have, want, gap, rtol * scale + 1e-9, kind)


def _worst(have: np.ndarray, want: np.ndarray, gap: np.ndarray, small: float, kind: str) -> str:
    """The entry that differs most, or of symbols and answers (kind "biu") the first that differs; and how many do."""
    place = int((gap.ravel() > 0).argmax()) if kind in "biu" else int(gap.argmax())
    at = np.unravel_index(place, gap.shape)
    where = f" at [{', '.join(map(str, at))}]" if at else ""
    share = f", {int((gap > small).sum())} of {gap.size} entries differ" if gap.size > 1 else ""
    shown = [_number(x) for x in (have[at], want[at])]
    if shown[0] == shown[1]:
        shown = [f"{x.real:.9g}" if x.imag == 0 else f"{x:.9g}" for x in (have[at], want[at])]
    if kind == "b":
        shown = [{"0": "False", "1": "True"}.get(text, text) for text in shown]
    return f"got {shown[0]}, expected {shown[1]}{where}{share}"


def _tolerance(rtol: float, scale: float) -> float:
    return rtol * scale + 1e-7 * min(1.0, rtol * 1e4)


def agree(got: Any, expected: Any, rtol: float) -> bool:
    """Whether `differ` finds nothing; at once where both are finite float64, as nearly all results are."""
    if type(got) is type(expected) is np.ndarray and got.dtype == expected.dtype == np.float64 and expected.size:
        if got.shape != expected.shape:
            return False
        gap = np.abs(got - expected).max()
        if np.isfinite(gap):
            return bool(gap <= _tolerance(rtol, np.abs(expected).max()))
    return differ(got, expected, rtol) is None


def _number(x: complex) -> str:
    if x.imag == 0 and x.real.is_integer() and abs(x.real) < 1e12:
        return str(int(x.real))
    return f"{x.real:.4g}" if x.imag == 0 else f"{x:.4g}"


def short(value: Any, limit: int = 200) -> str:
    """A value as one short line of text."""
    if value is Ellipsis:
        return "nothing"
    if isinstance(value, np.ndarray):
        if value.ndim == 0:
            return f"{value.item():.6g}" if value.dtype.kind in "fc" else str(value.item())
        text = np.array2string(value, precision=4, threshold=12, edgeitems=2, separator=", ")
        text = f"{' '.join(text.split())} of shape {value.shape}"
    elif isinstance(value, (list, tuple)):
        text = f"[{'; '.join(short(v, max(40, limit // max(1, len(value)))) for v in value)}]"
    elif isinstance(value, dict):
        text = "{" + "; ".join(f"{k}: {short(v, max(40, limit // len(value)))}" for k, v in value.items()) + "}"
    else:
        text = " ".join(repr(value)[: 20 * limit].split())
    return text if len(text) <= limit else text[: limit - 1] + "…"
