"""The layers of the course as torch modules: the equations of `course_lib.nn.cells` in a loop, autograd does the rest.

`RNN`, `LSTM` and `GRU` take and give the `state_dict` of `torch.nn.RNN`, `LSTM` and `GRU`, several layers and both
directions included, so that trained weights move both ways. `PeepholeLSTM`, `CIFG` and `GRUBefore` are the variants
that the lessons compare. Sequences are (T, B, D); a step is one method with the equations, the loop stands once.

Dropout has three placements (lesson 07): "zaremba" on the way from layer to layer only, a new mask at each time step,
as torch.nn has it (Zaremba et al. 2014 also drop the first layer's input and the last one's output); "naive" the same,
and on the state that each step hands to the next one's product; "variational" one mask for the whole sequence, on
each layer's input and on that state (Gal & Ghahramani 2016).
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from course_lib.nn._shapes import check_name, check_size

PLACEMENTS = ("zaremba", "naive", "variational")


class _Recurrent(nn.Module):
    """Parameters, loop over time, layers, directions, lengths and dropout; a subclass adds `gates` and `step`."""

    gates: int
    states = 1  # 2 where a cell state c goes with h
    peepholes: tuple[str, ...] = ()

    def __init__(
        self,
        D: int,
        H: int,
        num_layers: int = 1,
        *,
        bidirectional: bool = False,
        dropout: float = 0.0,
        placement: str = "zaremba",
        generator: torch.Generator | None = None,
        dtype: torch.dtype | None = None,
    ):
        """Weights start uniform in +-1/sqrt(H), as in torch.nn; `generator` also draws the dropout masks."""
        super().__init__()
        D, H, num_layers = check_size("D", D), check_size("H", H), check_size("num_layers", num_layers)
        check_name("bidirectional", bidirectional, (True, False))
        if not 0 <= dropout < 1:
            raise ValueError(f"dropout: expected a probability in [0, 1), got {dropout!r}")
        check_name("placement", placement, PLACEMENTS)
        self.D, self.H, self.num_layers, self.bidirectional = D, H, num_layers, bidirectional
        self.dropout, self.placement, self.generator = dropout, placement, generator
        for layer in range(num_layers):
            size = D if layer == 0 else H * self.directions
            for suffix in self._suffixes(layer):
                self._add("weight_ih" + suffix, self.gates * H, size, dtype=dtype)
                self._add("weight_hh" + suffix, self.gates * H, H, dtype=dtype)
                self._add("bias_ih" + suffix, self.gates * H, dtype=dtype)
                self._add("bias_hh" + suffix, self.gates * H, dtype=dtype)
                for name in self.peepholes:
                    self._add(name + suffix, H, dtype=dtype)

    @property
    def directions(self) -> int:
        """2 for a bidirectional layer, else 1."""
        return 1 + self.bidirectional

    def _suffixes(self, layer: int) -> list[str]:
        return [f"_l{layer}", f"_l{layer}_reverse"][: self.directions]

    def _add(self, name: str, *shape: int, dtype: torch.dtype | None) -> None:
        weight = torch.empty(shape, dtype=dtype).uniform_(-(self.H**-0.5), self.H**-0.5, generator=self.generator)
        self.register_parameter(name, nn.Parameter(weight))

    def _weights(self, suffix: str) -> list[Tensor]:
        names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh", *self.peepholes)
        return [getattr(self, name + suffix) for name in names]

    def step(self, x_t: Tensor, h_in: Tensor, state: tuple, W_xh: Tensor, W_hh: Tensor, b_x: Tensor, b_h: Tensor):
        """One time step: the new state as a tuple whose first entry is h_t.

        `h_in` is what the recurrent product sees: h_prev, behind a dropout mask where the placement asks for one.
        """
        raise NotImplementedError

    def forward(self, xs: Tensor, state=None, lengths=None):
        """Outputs hs (T, B, directions * H) and the last state, as in torch.nn.

        Args: xs (T, B, D); state: h0, or (h0, c0) for the LSTM family, each (num_layers * directions, B, H), or None
        for zeros; lengths (B,) of right-padded sequences or None: outputs after the end are 0, the last state is the
        one at each sequence's end, and the backward direction starts there. The same results as packing, without it.
        Raises: ValueError for shapes, dtypes, values or lengths that do not fit.
        """
        state = self._check(xs, state)
        keep = None if lengths is None else mask(lengths, len(xs), xs.shape[1])[..., None].to(xs.device)  # (T, B, 1)
        last = []
        for layer in range(self.num_layers):
            if layer > 0 or self.placement == "variational":
                xs = self._dropped(xs)
            outputs = []
            for suffix in self._suffixes(layer):
                start = tuple(s[len(last)] for s in state)
                hs, end = self._run(xs, start, self._weights(suffix), keep, suffix.endswith("reverse"))
                outputs.append(hs)
                last.append(end)
            xs = torch.cat(outputs, dim=2)
        last = tuple(torch.stack(s) for s in zip(*last))
        return xs, last if self.states == 2 else last[0]

    def _run(self, xs: Tensor, state: tuple, weights: list[Tensor], keep: Tensor | None, reverse: bool):
        """The loop over time of one layer in one direction."""
        T, hs = len(xs), [None] * len(xs)
        h_mask = self._mask_like(state[0]) if self.placement == "variational" else None
        for t in reversed(range(T)) if reverse else range(T):
            h_in = state[0]
            if self.placement == "variational":
                h_in = h_in * h_mask
            elif self.placement == "naive":
                h_in = h_in * self._mask_like(h_in)
            new = self.step(xs[t], h_in, state, *weights)
            if keep is not None:  # after its end a sequence keeps its state, and puts out zeros
                new = tuple(torch.where(keep[t], s_t, s_prev) for s_t, s_prev in zip(new, state))
            hs[t] = new[0] if keep is None else new[0] * keep[t]
            state = new
        return torch.stack(hs), state

    def _mask_like(self, a: Tensor) -> Tensor:
        """0 with probability `dropout`, else 1 / (1 - dropout), so that the mean stays; ones outside training."""
        if not self.training or self.dropout == 0:
            return torch.ones_like(a)
        return torch.empty_like(a).bernoulli_(1 - self.dropout, generator=self.generator) / (1 - self.dropout)

    def _dropped(self, xs: Tensor) -> Tensor:
        return xs * self._mask_like(xs[:1] if self.placement == "variational" else xs)

    def _check(self, xs: Tensor, state) -> tuple[Tensor, ...]:
        """Check the inputs; return the initial state as a tuple, zeros where none was given."""
        dtype = self.weight_ih_l0.dtype
        if not isinstance(xs, Tensor) or xs.dim() != 3 or xs.shape[2] != self.D:
            came = tuple(xs.shape) if isinstance(xs, Tensor) else type(xs).__name__
            raise ValueError(f"xs: expected (T, B, D) = (T, B, {self.D}), got {came}")
        if 0 in xs.shape:
            raise ValueError(f"xs: expected no empty axis, got (T, B, D) = {tuple(xs.shape)}")
        shape = (self.num_layers * self.directions, xs.shape[1], self.H)
        if state is None:
            state = [torch.zeros(shape, dtype=dtype, device=xs.device)] * self.states
        state = tuple(state) if isinstance(state, tuple | list) else (state,)
        if len(state) != self.states or not all(isinstance(s, Tensor) for s in state):
            wanted = "two tensors (h0, c0)" if self.states == 2 else "one tensor h0"
            raise ValueError(f"state: expected {wanted}, got {', '.join(type(s).__name__ for s in state)}")
        for name, s in zip(("h0", "c0"), state):
            if tuple(s.shape) != shape:
                raise ValueError(f"{name}: expected (num_layers * directions, B, H) = {shape}, got {tuple(s.shape)}")
        for name, a in zip(("xs", "h0", "c0"), (xs, *state)):
            if a.dtype != dtype:
                raise ValueError(f"{name}: expected {dtype} like the weights, got {a.dtype}")
            if not torch.isfinite(a).all():
                where = tuple(torch.nonzero(~torch.isfinite(a))[0].tolist())
                raise ValueError(f"{name}: expected finite values, got {a[where].item()} at index {where}")
        return state


class RNN(_Recurrent):
    """The simple recurrent network, `torch.nn.RNN` with the same `state_dict`.

        h_t = f(W_xh x_t + b_x + W_hh h_prev + b_h)        f: nonlinearity "tanh" or "relu"

    Example:
        >>> ours, theirs = RNN(3, 5, num_layers=2), torch.nn.RNN(3, 5, num_layers=2)
        >>> ours.load_state_dict(theirs.state_dict())
        <All keys matched successfully>
        >>> xs = torch.ones(4, 1, 3)
        >>> torch.allclose(ours(xs)[0], theirs(xs)[0], atol=1e-6)
        True

    Derived in notebooks/01_recurrence.ipynb.
    """

    gates = 1

    def __init__(self, D: int, H: int, num_layers: int = 1, *, nonlinearity: str = "tanh", **options):
        check_name("nonlinearity", nonlinearity, ("tanh", "relu"))
        super().__init__(D, H, num_layers, **options)
        self.nonlinearity = nonlinearity

    def step(self, x_t, h_in, state, W_xh, W_hh, b_x, b_h):
        a_t = x_t @ W_xh.T + b_x + h_in @ W_hh.T + b_h  # (B, H)
        return (torch.tanh(a_t) if self.nonlinearity == "tanh" else torch.relu(a_t),)


class LSTM(_Recurrent):
    """The LSTM with forget gate, `torch.nn.LSTM` with the same `state_dict`; gate rows i, f, g, o.

        c_t = f * c_prev + i * g
        h_t = o * tanh(c_t)

    Example:
        >>> hs, (h_n, c_n) = LSTM(3, 5, bidirectional=True)(torch.ones(4, 2, 3))
        >>> hs.shape, c_n.shape
        (torch.Size([4, 2, 10]), torch.Size([2, 2, 5]))

    Derived in notebooks/05_lstm.ipynb.
    """

    gates = 4
    states = 2

    def step(self, x_t, h_in, state, W_xh, W_hh, b_x, b_h):
        _, c_prev = state
        a_i, a_f, a_g, a_o = (x_t @ W_xh.T + b_x + h_in @ W_hh.T + b_h).chunk(4, dim=1)  # each (B, H)
        i, f, g, o = torch.sigmoid(a_i), torch.sigmoid(a_f), torch.tanh(a_g), torch.sigmoid(a_o)
        c_t = f * c_prev + i * g
        h_t = o * torch.tanh(c_t)
        return h_t, c_t


class PeepholeLSTM(LSTM):
    """The LSTM whose gates also look at the cell state (Gers & Schmidhuber 2000): i and f at c_prev, o at c_t.

        i = sigmoid(a_i + p_i * c_prev)        f = sigmoid(a_f + p_f * c_prev)        o = sigmoid(a_o + p_o * c_t)

    An LSTM's `state_dict` loads with `strict=False`; with peepholes of 0 the two agree.

    Example:
        >>> PeepholeLSTM(3, 5).peephole_o_l0.shape
        torch.Size([5])

    Derived in notebooks/05_lstm.ipynb.
    """

    peepholes = ("peephole_i", "peephole_f", "peephole_o")

    def step(self, x_t, h_in, state, W_xh, W_hh, b_x, b_h, p_i, p_f, p_o):
        _, c_prev = state
        a_i, a_f, a_g, a_o = (x_t @ W_xh.T + b_x + h_in @ W_hh.T + b_h).chunk(4, dim=1)  # each (B, H)
        i, f, g = torch.sigmoid(a_i + p_i * c_prev), torch.sigmoid(a_f + p_f * c_prev), torch.tanh(a_g)
        c_t = f * c_prev + i * g
        o = torch.sigmoid(a_o + p_o * c_t)
        h_t = o * torch.tanh(c_t)
        return h_t, c_t


class CIFG(_Recurrent):
    """The LSTM with coupled input and forget gates, i = 1 - f (Greff et al. 2017): the bridge to the GRU; rows f, g, o.

        c_t = f * c_prev + (1 - f) * g
        h_t = o * tanh(c_t)

    Example:
        >>> sum(p.numel() for p in CIFG(3, 5).parameters()) / sum(p.numel() for p in LSTM(3, 5).parameters())
        0.75

    Derived in notebooks/06_gru.ipynb.
    """

    gates = 3
    states = 2

    def step(self, x_t, h_in, state, W_xh, W_hh, b_x, b_h):
        _, c_prev = state
        a_f, a_g, a_o = (x_t @ W_xh.T + b_x + h_in @ W_hh.T + b_h).chunk(3, dim=1)  # each (B, H)
        f, g, o = torch.sigmoid(a_f), torch.tanh(a_g), torch.sigmoid(a_o)
        c_t = f * c_prev + (1 - f) * g
        h_t = o * torch.tanh(c_t)
        return h_t, c_t


class GRU(_Recurrent):
    """The GRU of `torch.nn.GRU` with the same `state_dict`: reset after the recurrent product; rows r, z, n.

        n = tanh(W_xn x_t + b_xn + r * (W_hn h_prev + b_hn))
        h_t = (1 - z) * n + z * h_prev

    Example:
        >>> hs, h_n = GRU(3, 5)(torch.ones(4, 2, 3), lengths=[4, 1])
        >>> bool((hs[1:, 1] == 0).all()), bool((h_n[0, 1] == hs[0, 1]).all())
        (True, True)

    Derived in notebooks/06_gru.ipynb.
    """

    gates = 3

    def step(self, x_t, h_in, state, W_xh, W_hh, b_x, b_h):
        (h_prev,) = state
        x_r, x_z, x_n = (x_t @ W_xh.T + b_x).chunk(3, dim=1)  # each (B, H)
        h_r, h_z, h_n = (h_in @ W_hh.T + b_h).chunk(3, dim=1)  # each (B, H)
        r, z = torch.sigmoid(x_r + h_r), torch.sigmoid(x_z + h_z)
        n = torch.tanh(x_n + r * h_n)
        h_t = (1 - z) * n + z * h_prev
        return (h_t,)


class GRUBefore(GRU):
    """The GRU of Cho et al. 2014, reset before the recurrent product; names and shapes as `torch.nn.GRU` has them.

        n = tanh(W_xn x_t + b_xn + W_hn (r * h_prev) + b_hn)
        h_t = (1 - z) * n + z * h_prev

    The weights of `torch.nn.GRU` load, and give something else: a silent error when models move between libraries.

    Derived in notebooks/06_gru.ipynb.
    """

    def step(self, x_t, h_in, state, W_xh, W_hh, b_x, b_h):
        (h_prev,) = state
        H = self.H
        x_r, x_z, x_n = (x_t @ W_xh.T + b_x).chunk(3, dim=1)  # each (B, H)
        h_r, h_z = (h_in @ W_hh[: 2 * H].T + b_h[: 2 * H]).chunk(2, dim=1)  # each (B, H)
        r, z = torch.sigmoid(x_r + h_r), torch.sigmoid(x_z + h_z)
        n = torch.tanh(x_n + (r * h_in) @ W_hh[2 * H :].T + b_h[2 * H :])
        h_t = (1 - z) * n + z * h_prev
        return (h_t,)


MODULES = {"rnn": RNN, "lstm": LSTM, "gru": GRU, "peephole": PeepholeLSTM, "cifg": CIFG, "gru_before": GRUBefore}


def make_module(name: str, D: int, H: int, **options) -> _Recurrent:
    """A module by its name: rnn, lstm, gru, peephole, cifg or gru_before; options as for the class.

    Raises: ValueError for an unknown name.

    Example:
        >>> make_module("lstmm", 3, 5)
        Traceback (most recent call last):
        ValueError: cell: expected one of rnn, lstm, gru, peephole, cifg, gru_before, got 'lstmm'
    """
    check_name("cell", name, MODULES)
    return MODULES[name](D, H, **options)


# --- sequences of different lengths -----------------------------------------------------------------------------------


def pad(sequences: Sequence[Tensor], value: float = 0.0) -> tuple[Tensor, Tensor]:
    """Sequences (T_i, ...) side by side as (T, B, ...) with T the longest, and their lengths (B,).

    Example:
        >>> xs, lengths = pad([torch.ones(2), torch.ones(3)])
        >>> xs.tolist(), lengths.tolist()
        ([[1.0, 1.0], [1.0, 1.0], [0.0, 1.0]], [2, 3])
    """
    came = [tuple(s.shape) if isinstance(s, Tensor) else type(s).__name__ for s in sequences]
    if not came or not all(isinstance(c, tuple) and c and c[0] for c in came) or len({c[1:] for c in came}) > 1:
        raise ValueError(f"sequences: expected at least one tensor (T_i, ...), T_i >= 1, the rest equal, got {came}")
    lengths = [len(s) for s in sequences]
    return nn.utils.rnn.pad_sequence(list(sequences), padding_value=value), torch.tensor(lengths)


def mask(lengths: Tensor | Sequence[int], T: int, B: int | None = None) -> Tensor:
    """True (T, B) where a time step belongs to its sequence, False where it is padding.

    Raises: ValueError unless lengths are B whole numbers in 1..T.

    Example:
        >>> mask([1, 3], T=3).int().tolist()
        [[1, 1], [0, 1], [0, 1]]
    """
    lengths = torch.as_tensor(lengths)
    if lengths.dim() != 1 or (B is not None and len(lengths) != B):
        raise ValueError(f"lengths: expected (B,){'' if B is None else f' = ({B},)'}, got {tuple(lengths.shape)}")
    if lengths.is_floating_point() or lengths.dtype == torch.bool:
        raise ValueError(f"lengths: expected integers, got {lengths.dtype}")
    lengths = lengths.long()  # torch would compare T as a uint8 with lengths of that type
    for i in torch.nonzero((lengths < 1) | (lengths > T)).flatten().tolist():
        raise ValueError(f"lengths: expected values in 1..T = 1..{T}, got {lengths[i].item()} at index {i}")
    return torch.arange(T, device=lengths.device)[:, None] < lengths


def masked_mean(losses: Tensor, lengths: Tensor | Sequence[int]) -> Tensor:
    """Mean of the losses (T, B) over the time steps that are not padding.

    Example:
        >>> masked_mean(torch.tensor([[1.0, 2.0], [9.0, 3.0]]), lengths=[1, 2])
        tensor(2.)
    """
    if not isinstance(losses, Tensor) or losses.dim() != 2:
        came = tuple(losses.shape) if isinstance(losses, Tensor) else type(losses).__name__
        raise ValueError(f"losses: expected (T, B), got {came}")
    keep = mask(lengths, *losses.shape).to(losses.device)
    return torch.where(keep, losses, 0).sum() / keep.sum()
