"""Checks on the way in: one clear error where a shape, a dtype or a value does not fit; nothing broadcasts by accident.

The axes of every name are known (`AXES`), so a caller lists its arrays and nothing else. Sizes are learnt from left to
right: the first array that mentions an axis fixes it, the next one that disagrees is named. Weights come first.
"""

from collections.abc import Iterable, Mapping

import numpy as np

# G stands for the number of stacked gates: 1 (rnn), 4 (lstm), 3 (gru).
AXES = {
    "W_xh": ("GH", "D"),
    "W_hh": ("GH", "H"),
    "b_x": ("GH",),
    "b_h": ("GH",),
    "x_t": ("B", "D"),
    "xs": ("T", "B", "D"),
    "hs": ("T", "B", "H"),
    "dhs": ("T", "B", "H"),
} | dict.fromkeys(
    ("h_prev", "c_prev", "h_t", "c_t", "h0", "c0", "dh_t", "dc_t", "dh_T", "dc_T"),
    ("B", "H"),
)


def check(gates: int = 1, sizes: Mapping[str, int] | None = None, **arrays: np.ndarray) -> dict[str, int]:
    """Check every array against its axes and return the sizes of the axes, or raise a one-line ValueError.

    Example:
        >>> check(W_xh=np.zeros((8, 3)), x_t=np.zeros((4, 3)), h_prev=np.zeros((4, 7)))
        Traceback (most recent call last):
        ValueError: h_prev: expected (B, H) = (4, 8), got (4, 7)
    """
    sizes = dict(sizes or {})
    first = next(iter(arrays))
    for name, array in arrays.items():
        check_float_array(name, array)
        if array.dtype != arrays[first].dtype:
            raise ValueError(f"{name}: expected {arrays[first].dtype} like {first}, got {array.dtype}")
        check_axes(name, array.shape, AXES[name], gates, sizes)
    return sizes


def check_float_array(name: str, array: np.ndarray) -> None:
    """Raise a ValueError unless `array` is a NumPy array of float32 or float64, and no masked one."""
    plain = isinstance(array, np.ndarray) and not isinstance(array, np.ma.MaskedArray)
    came = array.dtype if plain else type(array).__name__
    if came not in (np.float32, np.float64):
        raise ValueError(f"{name}: expected an array of float32 or float64, got {came}")


def check_axes(name: str, shape: tuple[int, ...], axes: tuple[str, ...], gates: int, sizes: dict[str, int]) -> None:
    """Compare one shape with its axes; sizes that are met for the first time are added to `sizes`."""
    factors = [gates if axis.startswith("G") else 1 for axis in axes]
    letters = [axis.removeprefix("G") for axis in axes]
    fits = len(shape) == len(axes)
    found = {}
    for size, factor, letter in zip(shape, factors, letters, strict=False):
        known = sizes.get(letter, found.setdefault(letter, size // factor))
        fits = fits and size == factor * known
    if not fits:
        names = [f"{factor}{letter}".removeprefix("1") for factor, letter in zip(factors, letters, strict=True)]
        values = [
            str(factor * sizes[letter]) if letter in sizes else name
            for name, factor, letter in zip(names, factors, letters, strict=True)
        ]
        numbers = f" = {_tuple(values)}" if values != names else ""
        raise ValueError(f"{name}: expected {_tuple(names)}{numbers}, got {shape}")
    if 0 in shape:
        raise ValueError(f"{name}: expected no empty axis, got {_tuple(letters)} = {shape}")
    sizes.update(found | sizes)


def check_finite(**arrays: np.ndarray) -> None:
    """Raise a ValueError that says where the first NaN or inf stands.

    Example:
        >>> check_finite(xs=np.array([0.0, np.nan]))
        Traceback (most recent call last):
        ValueError: xs: expected finite values, got nan at index (1,)
    """
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            where = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
            raise ValueError(f"{name}: expected finite values, got {array[where]} at index {where}")


def check_size(name: str, size: int) -> int:
    """The size as an int, or a ValueError unless it is a whole number of at least 1.

    Example:
        >>> check_size("H", 0)
        Traceback (most recent call last):
        ValueError: H: expected a whole number >= 1, got 0
    """
    if isinstance(size, bool) or not isinstance(size, int | np.integer) or size < 1:
        raise ValueError(f"{name}: expected a whole number >= 1, got {size!r}")
    return int(size)


def check_name(what: str, name: str, known: Iterable) -> None:
    """Raise a ValueError unless `name` is one of `known`.

    Example:
        >>> check_name("nonlinearity", "sin", ("tanh", "relu"))
        Traceback (most recent call last):
        ValueError: nonlinearity: expected one of tanh, relu, got 'sin'
    """
    if name not in list(known):
        raise ValueError(f"{what}: expected one of {', '.join(map(str, known))}, got {name!r}")


def _tuple(words: list[str]) -> str:
    return f"({words[0]},)" if len(words) == 1 else f"({', '.join(words)})"
