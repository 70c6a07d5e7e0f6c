"""A recurrence that is linear in its state, and can therefore be computed by many hands at once.

    h_t = a_t * h_{t-1} + b_t

a_t and b_t are made of the input alone, never of h_{t-1}. Two such steps are one step of the same kind,

    h_2 = a_2 (a_1 h_0 + b_1) + b_2 = (a_2 a_1) h_0 + (a_2 b_1 + b_2)

so neighbours may be joined in any grouping, as the terms of a sum: that is a parallel scan (Blelloch 1990).

Letters: T steps, B batch, D inputs, H units; a, b and hs are (T, B, H) or any (T, ...). `loop` and `scan` take arrays
of NumPy or tensors of torch, and give back what they were given.
"""

import math

import numpy as np
import torch
from torch import Tensor, nn

from course_lib.nn._shapes import check_name, check_size

Array = np.ndarray | Tensor


def loop(a: Array, b: Array, h0: Array | None = None) -> Array:
    """h_t = a_t * h_{t-1} + b_t, one step after the other: T steps, each of which waits for the one before.

    Args: a, b (T, ...), h0 (...) or None for zeros. Returns: hs (T, ...).
    Raises: ValueError for a and b of different shapes, or no step.

    Example:
        >>> loop(np.array([0.5, 0.5, 0.0]), np.array([1.0, 1.0, 7.0]))
        array([1. , 1.5, 7. ])

    Derived in notebooks/14_rnn_or_transformer.ipynb.
    """
    b = _started(a, b, h0)
    h_t, hs = b[0], [b[0]]
    for a_t, b_t in zip(a[1:], b[1:], strict=True):  # a[t] would make torch's way back quadratic in T
        h_t = a_t * h_t + b_t
        hs.append(h_t)
    return torch.stack(hs) if isinstance(b, Tensor) else np.stack(hs)


def scan(a: Array, b: Array, h0: Array | None = None) -> Array:
    """The same states in about 2 log2(T) rounds: join neighbours, scan the half as long sequence, fill in the rest.

    Args and returns: as `loop`. All of a round happens at once; together the rounds do about three times the
    multiplications of the loop, whatever T is.
    Source: Blelloch 1990, *Prefix sums and their applications*, §1.4 (the operator for recurrences).

    Example:
        >>> a, b = np.array([0.5, 0.5, 0.0, 1.0]), np.array([1.0, 1.0, 7.0, 1.0])
        >>> scan(a, b)
        array([1. , 1.5, 7. , 8. ])

    Derived in notebooks/14_rnn_or_transformer.ipynb.
    """
    return _scan(a, _started(a, b, h0))


def _scan(a: Array, b: Array) -> Array:
    """`scan` from h_0 = 0: the state after the first step is b[0]."""
    T = len(b)
    if T == 1:
        return b
    first, second = slice(0, T - T % 2, 2), slice(1, T, 2)  # the steps in pairs; the last one is left over if T is odd
    odd = _scan(a[second] * a[first], a[second] * b[first] + b[second])  # the states after each pair
    even = a[2::2] * odd[: (T - 1) // 2] + b[2::2]  # the steps between: one step on from the end of a pair
    hs = torch.empty_like(b) if isinstance(b, Tensor) else np.empty_like(b)
    hs[0], hs[1::2], hs[2::2] = b[0], odd, even
    return hs


def depth(T: int) -> int:
    """The rounds of `scan` that must wait for each other: one down and one up for each halving of T.

    Example:
        >>> depth(1), depth(8), depth(1000)
        (0, 6, 20)
    """
    return 2 * math.ceil(math.log2(check_size("T", T)))


def _started(a: Array, b: Array, h0: Array | None) -> Array:
    """b with the part of h0 in its first step, a_1 h_0 + b_1."""
    if tuple(a.shape) != tuple(b.shape) or a.ndim < 1 or len(a) < 1:
        raise ValueError(f"a, b: expected one shape (T, ...) with T >= 1, got {tuple(a.shape)} and {tuple(b.shape)}")
    if h0 is None:
        return b
    if tuple(h0.shape) != tuple(b.shape[1:]):
        raise ValueError(f"h0: expected {tuple(b.shape[1:])}, got {tuple(h0.shape)}")
    first = (a[0] * h0 + b[0])[None]
    return torch.cat([first, b[1:]]) if isinstance(b, Tensor) else np.concatenate([first, b[1:]])


class MinGRU(nn.Module):
    """The GRU with everything taken out that reads the last state: no reset gate, and gate and candidate of x_t alone.

        z = sigmoid(W_z x_t + b_z)        n = W_n x_t + b_n        h_t = (1 - z) * n + z * h_prev

    That is h_t = a_t h_prev + b_t with a_t = z and b_t = (1 - z) n, so `scan` computes it. z keeps, as everywhere in
    the course; in the paper z replaces (Feng et al. 2024, §3.1). With `signed` the factor is a_t = 2 z - 1, from -1
    to 1: it may also turn the state round (Grazzi et al. 2024).

    Args: D inputs, H units; signed; way "scan" or "loop"; generator: source of the weights.
    Call: layer(xs (T, B, D), state (1, B, H) or None) -> hs (T, B, H), state (1, B, H), as `nn.GRU` has it.
    Parameters: weight_ih_l0 (2H, D), rows z, n, and bias_ih_l0 (2H,).

    Example:
        >>> layer = MinGRU(3, 5, generator=torch.Generator().manual_seed(0))
        >>> hs, h_n = layer(torch.ones(4, 2, 3))
        >>> hs.shape, h_n.shape, bool((h_n[0] == hs[-1]).all())
        (torch.Size([4, 2, 5]), torch.Size([1, 2, 5]), True)

    Derived in notebooks/14_rnn_or_transformer.ipynb.
    """

    def __init__(
        self, D: int, H: int, *, signed: bool = False, way: str = "scan", generator: torch.Generator | None = None
    ) -> None:
        super().__init__()
        check_name("way", way, ("scan", "loop"))
        self.D, self.H, self.signed, self.way = check_size("D", D), check_size("H", H), signed, way
        for name, shape in (("weight_ih_l0", (2 * H, D)), ("bias_ih_l0", (2 * H,))):
            weight = torch.empty(shape).uniform_(-(D**-0.5), D**-0.5, generator=generator)
            self.register_parameter(name, nn.Parameter(weight))

    def forward(self, xs: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        if xs.dim() != 3 or xs.shape[2] != self.D:
            raise ValueError(f"xs: expected (T, B, D) = (T, B, {self.D}), got {tuple(xs.shape)}")
        a_z, n = (xs @ self.weight_ih_l0.T + self.bias_ih_l0).chunk(2, dim=2)  # each (T, B, H)
        z = torch.sigmoid(a_z)
        a, b = (2 * z - 1 if self.signed else z), (1 - z) * n
        hs = (scan if self.way == "scan" else loop)(a, b, None if state is None else state[0])
        return hs, hs[-1:]
