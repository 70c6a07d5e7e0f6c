"""Encoder and decoder: one sequence is read, another one is written, symbol by symbol.

Letters: T symbols read, S symbols written, B batch, D embedding, H hidden, V vocabulary of what is written.
Ids 0, 1 and 2 are kept: `PAD` fills up, `START` opens what is fed to the decoder, `END` closes what it should write.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn

from course_lib.nn.attention import make_attention

PAD, START, END = 0, 1, 2


class Memory(NamedTuple):
    """What an encoder leaves for the decoder; anything that fills these three can be described, images too.

    states   (T, B, K), one vector per thing that attention may look at
    summary  (B, K), one vector for the whole
    mask     (T, B) bool, True where a state is real
    """

    states: Tensor
    summary: Tensor
    mask: Tensor


class Written(NamedTuple):
    """What a decoder wrote: ids (S, B), `PAD` after the end; weights (S, T, B) of attention or None; log_p (B,)."""

    ids: Tensor
    weights: Tensor | None
    log_p: Tensor


class Encoder(nn.Module):
    """An embedding and an LSTM: h_1..h_T are the states, the one at the last real symbol is the summary.

    Args: V number of symbols to read, D size of their embedding, H hidden size; generator: source of the weights.
    Call: encoder(ids (T, B)) -> Memory with K = H; ids `PAD` at the end of a column are padding.
    Raises: ValueError for ids of another shape or type, ids outside 0..V-1, or a column without a symbol.

    Example:
        >>> memory = Encoder(V=9, D=3, H=4)(torch.tensor([[5, 3], [6, 0]]))
        >>> memory.states.shape, memory.summary.shape, memory.mask.sum(0)
        (torch.Size([2, 2, 4]), torch.Size([2, 4]), tensor([2, 1]))
        >>> bool((memory.summary[1] == memory.states[0, 1]).all())  # where the second one ends
        True
    """

    def __init__(self, V: int, D: int, H: int, *, generator: torch.Generator | None = None) -> None:
        super().__init__()
        self.V, self.K = V, H
        with torch.random.fork_rng(devices=[]):  # the constructors draw weights that are replaced below
            self.embedding = nn.Embedding(V, D)
            self.rnn = nn.LSTM(D, H)
        _fill(self, generator)

    def forward(self, ids: Tensor) -> Memory:
        _check_ids("ids", ids, self.V)
        mask = ids != PAD  # (T, B)
        lengths = mask.sum(0)
        if not mask[0].all() or not torch.equal(mask, torch.arange(len(ids))[:, None] < lengths):
            raise ValueError(f"ids: expected symbols first and padding ({PAD}) only after them, got another order")
        states, _ = self.rnn(self.embedding(ids))  # (T, B, H)
        return Memory(states, states[lengths - 1, torch.arange(ids.shape[1])], mask)


class Decoder(nn.Module):
    """A GRU cell that writes: each step is fed the symbol before it and a context, and gives scores for the next one.

        s_0 = tanh(W_s summary + b_s)
        c_t = attention(s_{t-1}, states)   or, without attention, the summary, the same at each step
        s_t = GRU([embedding(y_{t-1}); c_t], s_{t-1})
        o_t = W_o [s_t; c_t] + b_o

    With attention as in Bahdanau, Cho & Bengio 2015 (A.2.2), without it as in Cho et al. 2014 (§2.2); both with a plain
    linear layer of s_t and c_t in place of their maxout one, which reads y_{t-1} too, and the GRU of torch.

    Args: V number of symbols to write, D size of their embedding, H hidden size, K size of the memory's vectors;
    attention None, "additive" or "dot"; generator: source of the weights.

    Example:
        >>> memory = Encoder(V=9, D=3, H=4)(torch.tensor([[5, 3], [6, 0]]))
        >>> decoder = Decoder(V=7, D=3, H=5, K=4, attention="additive")
        >>> logits, weights = decoder(memory, torch.tensor([[START, START], [4, 6], [5, 3]]))
        >>> logits.shape, weights.shape
        (torch.Size([3, 2, 7]), torch.Size([3, 2, 2]))
    """

    def __init__(
        self,
        V: int,
        D: int,
        H: int,
        K: int,
        *,
        attention: str | None = None,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.V, self.H, self.K = V, H, K
        with torch.random.fork_rng(devices=[]):
            self.embedding = nn.Embedding(V, D)
            self.begin = nn.Linear(K, H)
            self.cell = nn.GRUCell(D + K, H)
            self.head = nn.Linear(H + K, V)
        _fill(self, generator)
        self.attention = None if attention is None else make_attention(attention, H, K, H, generator=generator)

    def start(self, memory: Memory) -> Tensor:
        """The state before the first step: (B, H)."""
        return torch.tanh(self.begin(memory.summary))

    def keys(self, memory: Memory) -> Tensor | None:
        """What attention compares with; the same at each step. None without attention."""
        return None if self.attention is None else self.attention.keys(memory.states)

    def step(
        self, y_prev: Tensor, s_prev: Tensor, memory: Memory, keys: Tensor | None = None
    ) -> tuple[Tensor, Tensor, Tensor | None]:
        """One symbol: y_prev (B,) ids, s_prev (B, H) -> logits (B, V), s_t (B, H), weights (T, B) or None."""
        if self.attention is None:
            context, weights = memory.summary, None
        else:
            context, weights = self.attention(s_prev, memory.states, memory.mask, keys)
        s_t = self.cell(torch.cat([self.embedding(y_prev), context], 1), s_prev)
        return self.head(torch.cat([s_t, context], 1)), s_t, weights

    def forward(self, memory: Memory, inputs: Tensor) -> tuple[Tensor, Tensor | None]:
        """Teacher forcing: each step is fed the right symbol before it, whatever the decoder would have written.

        Args: inputs (S, B) ids, the first row `START`.
        Returns: logits (S, B, V), weights (S, T, B) or None.
        Raises: ValueError for inputs that are no ids in 0..V-1, or another B than the memory's.
        """
        _check_ids("inputs", inputs, self.V)
        if inputs.shape[1] != memory.summary.shape[0]:
            raise ValueError(f"inputs: expected B = {memory.summary.shape[0]} columns, got {inputs.shape[1]}")
        s_t, keys, logits, looked = self.start(memory), self.keys(memory), [], []
        for y_prev in inputs:
            o_t, s_t, weights = self.step(y_prev, s_t, memory, keys)
            logits.append(o_t)
            looked.append(weights)
        return torch.stack(logits), None if self.attention is None else torch.stack(looked)


class Seq2Seq(nn.Module):
    """An encoder and a decoder behind one call that `course_lib.training.fit` can train.

    Call: model(xs, state=None) -> logits (L, B, V), None, with xs (L, B, 2) ids: xs[..., 0] is what the encoder reads,
    xs[..., 1] what the decoder is fed (teacher forcing); both are filled up with `PAD` to the same L. Rows that no
    sequence reaches get zeros. `course_lib.data.translations.pair_batch` makes such a batch.
    Raises: ValueError for xs of another shape.

    Example:
        >>> model = Seq2Seq(Encoder(V=9, D=3, H=4), Decoder(V=7, D=3, H=5, K=4, attention="dot"))
        >>> xs = torch.tensor([[[5, START]], [[6, 4]], [[7, 0]]])  # reads 5 6 7, is fed START 4
        >>> model(xs)[0].shape
        torch.Size([3, 1, 7])
    """

    def __init__(self, encoder: nn.Module, decoder: Decoder) -> None:
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def forward(self, xs: Tensor, state: None = None) -> tuple[Tensor, None]:
        if not isinstance(xs, Tensor) or xs.dim() != 3 or xs.shape[2] != 2:
            came = tuple(xs.shape) if isinstance(xs, Tensor) else type(xs).__name__
            raise ValueError(f"xs: expected (L, B, 2), what is read and what is fed, got {came}")
        T, S = (_longest(xs[..., k]) for k in (0, 1))
        logits, _ = self.decoder(self.encoder(xs[:T, :, 0]), xs[:S, :, 1])
        return torch.cat([logits, logits.new_zeros(len(xs) - S, *logits.shape[1:])]), None


def _longest(ids: Tensor) -> int:
    """The rows up to the last one that holds a symbol, at least one."""
    used = torch.nonzero((ids != PAD).any(1))
    return int(used[-1]) + 1 if len(used) else 1


# --- writing without a teacher ----------------------------------------------------------------------------------------


@torch.no_grad()
def greedy(decoder: Decoder, memory: Memory, steps: int) -> Written:
    """Write the likeliest symbol at each step and feed it back, until each column has its `END`, or for `steps` steps.

    Example:
        >>> encoder, decoder = Encoder(V=9, D=3, H=4), Decoder(V=7, D=3, H=5, K=4, attention="dot")
        >>> written = greedy(decoder, encoder(torch.tensor([[5, 3], [6, 0]])), steps=6)
        >>> written.ids.shape[1], written.log_p.shape
        (2, torch.Size([2]))
    """
    _check_steps(steps)
    s_t, keys = decoder.start(memory), decoder.keys(memory)
    B = len(s_t)
    y_t, done, log_p = torch.full((B,), START), torch.zeros(B, dtype=torch.bool), torch.zeros(B)
    ids, looked = [], []
    while len(ids) < steps and not done.all():
        logits, s_t, weights = decoder.step(y_t, s_t, memory, keys)
        best, y_t = _log_p(logits).max(1)
        y_t, log_p = torch.where(done, PAD, y_t), torch.where(done, log_p, log_p + best)
        done = done | (y_t == END)
        ids.append(y_t)
        looked.append(weights)
    return Written(torch.stack(ids), None if looked[0] is None else torch.stack(looked), log_p)


class Beam(NamedTuple):
    """One of the candidates of `beam`: log_p of the whole, ids up to and without `END`, and whether it has ended."""

    log_p: float
    ids: list[int]
    ended: bool


@torch.no_grad()
def beam(decoder: Decoder, memory: Memory, width: int, steps: int) -> list[Beam]:
    """Keep the `width` likeliest beginnings at each step; the candidates at the end, the likeliest first.

    Args: memory of one sequence, B = 1; width >= 1 (1 is greedy); steps: the longest that is written, `END` included.
    Raises: ValueError for B > 1 or a width or steps below 1.

    Example:
        >>> encoder, decoder = Encoder(V=9, D=3, H=4), Decoder(V=7, D=3, H=5, K=4, attention="dot")
        >>> candidates = beam(decoder, encoder(torch.tensor([[5], [6]])), width=3, steps=6)
        >>> len(candidates), candidates[0].log_p >= candidates[1].log_p
        (3, True)
    """
    _check_steps(steps)
    if width < 1:
        raise ValueError(f"width: expected at least 1, got {width}")
    if memory.summary.shape[0] != 1:
        raise ValueError(f"memory: expected one sequence, B = 1, got B = {memory.summary.shape[0]}")
    alive, ended = [Beam(0.0, [], False)], []
    states, keys = decoder.start(memory), decoder.keys(memory)
    for _ in range(steps):
        n = len(alive)
        many = Memory(memory.states.expand(-1, n, -1), memory.summary.expand(n, -1), memory.mask.expand(-1, n))
        y_prev = torch.tensor([b.ids[-1] if b.ids else START for b in alive])
        logits, states, _ = decoder.step(y_prev, states, many, None if keys is None else keys.expand(-1, n, -1))
        totals = torch.tensor([b.log_p for b in alive])[:, None] + _log_p(logits)  # (n, V)
        values, places = totals.flatten().topk(min(width, totals.isfinite().sum().item()))
        rows, symbols = places // decoder.V, places % decoder.V
        new = [
            Beam(value, alive[row].ids + [symbol] * (symbol != END), symbol == END)
            for value, row, symbol in zip(values.tolist(), rows.tolist(), symbols.tolist(), strict=True)
        ]
        ended += [b for b in new if b.ended]
        keep = [k for k, b in enumerate(new) if not b.ended]
        alive, states = [new[k] for k in keep], states[rows[keep]]
        best = sorted(ended, key=lambda b: -b.log_p)[:width]
        if not alive or (len(best) == width and alive[0].log_p <= best[-1].log_p):  # none of them can still get there
            break
    return sorted(ended + alive, key=lambda b: (-b.ended, -b.log_p))[:width]


@torch.no_grad()
def occlusion(model: Seq2Seq, source: Tensor, written: list[int], spans: list[tuple[int, int]], blank: int) -> Tensor:
    """How much probability each symbol of an answer loses when a piece of the source is blanked.

    Args: source (T,) ids, written the S ids of the answer, spans the pieces as (first, behind the last), blank the id
    that takes the place of their symbols.
    Returns: losses (S, T), the same at all places of a piece, 0 elsewhere and where blanking makes a symbol likelier.

    Example:
        >>> model = Seq2Seq(Encoder(V=9, D=3, H=4), Decoder(V=7, D=3, H=5, K=4, attention="dot"))
        >>> occlusion(model, torch.tensor([5, 6, 7]), [4, 3], [(0, 2)], blank=8)[:, 2]
        tensor([0., 0.])
    """
    fed = torch.tensor([START, *written[:-1]])[:, None]
    places = torch.arange(len(written))

    def chances(ids: Tensor) -> Tensor:
        logits, _ = model.decoder(model.encoder(ids[:, None]), fed)
        return logits.softmax(2)[places, 0, torch.tensor(written)]

    before, losses = chances(source), torch.zeros(len(written), len(source))
    for first, end in spans:
        blanked = source.clone()
        blanked[first:end] = blank
        losses[:, first:end] = (before - chances(blanked)).clamp(min=0)[:, None]
    return losses


def _log_p(logits: Tensor) -> Tensor:
    """log p of each next symbol; `PAD` and `START` are never one."""
    log_p = logits.log_softmax(1)
    log_p[:, [PAD, START]] = -math.inf
    return log_p


def _check_steps(steps: int) -> None:
    if steps < 1:
        raise ValueError(f"steps: expected at least 1, got {steps}")


def _check_ids(name: str, ids: Tensor, V: int) -> None:
    if not isinstance(ids, Tensor) or ids.dim() != 2 or 0 in ids.shape or ids.is_floating_point():
        came = f"{tuple(ids.shape)} {str(ids.dtype)[6:]}" if isinstance(ids, Tensor) else type(ids).__name__
        raise ValueError(f"{name}: expected integer ids (T, B) with T, B >= 1, got {came}")
    low, high = int(ids.min()), int(ids.max())
    if low < 0 or high >= V:
        raise ValueError(f"{name}: expected ids in 0..{V - 1}, got {low}..{high}")


@torch.no_grad()
def _fill(module: nn.Module, generator: torch.Generator | None) -> None:
    """Embeddings from N(0, 1); the rest from U(-1/sqrt(n), 1/sqrt(n)) as torch does, n = H for an LSTM or a GRU."""
    for part in module.children():
        if isinstance(part, nn.Embedding):
            nn.init.normal_(part.weight, generator=generator)
        else:
            n = part.in_features if isinstance(part, nn.Linear) else part.hidden_size
            for parameter in part.parameters():
                nn.init.uniform_(parameter, -(n**-0.5), n**-0.5, generator=generator)
