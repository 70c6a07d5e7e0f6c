"""A causal Transformer: each position looks at itself and at what came before it, and all are computed at once.

Letters: T positions that are read now, S positions read before, B batch, D width of every vector, N heads of size
D / N, F units of the feed-forward part, L blocks. Sequences are (T, B, D), as everywhere. `Block` takes and gives the
`state_dict` of `torch.nn.TransformerEncoderLayer(D, N, F, norm_first=True, dropout=0)`.

What a recurrent network keeps of the past is its state, of one size for ever. What a Transformer keeps is the cache:
the keys and the values of all positions so far, 2 L D numbers more with each of them.
"""

import math
from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn

from course_lib.nn._shapes import check_name, check_size

POSITIONS = ("sine", "learned", "none")
WAYS = ("torch", "equation")
Cache = tuple[Tensor, Tensor] | Callable[[Tensor, Tensor], tuple[Tensor, Tensor]] | None  # or what writes into one


def split_heads(xs: Tensor, N: int) -> Tensor:
    """(T, B, D) -> (B, N, T, D / N): the entries of each vector dealt out to N heads, in their order.

    Example:
        >>> split_heads(torch.arange(4.0).reshape(1, 1, 4), 2)[0, :, 0]
        tensor([[0., 1.],
                [2., 3.]])
    """
    T, B, D = xs.shape
    return xs.reshape(T, B, N, D // N).permute(1, 2, 0, 3)


def join_heads(xs: Tensor) -> Tensor:
    """(B, N, T, D / N) -> (T, B, D): what `split_heads` did, undone."""
    B, N, T, size = xs.shape
    return xs.permute(2, 0, 1, 3).reshape(T, B, N * size)


def causal_attention(queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
    """Each query looks at the keys up to its own position, and takes home the mean of their values.

        e_tj = q_t . k_j / sqrt(size)        alpha_t = softmax over j <= t        c_t = sum_j alpha_tj v_j

    Args: queries (..., T, size), keys and values (..., S + T, size): query t stands at position S + t.
    Returns: (..., T, size). The scores of all pairs stand in memory at once: T (S + T) numbers for each head.
    Source: Vaswani et al. 2017, §3.2.1 and §3.2.3.

    Example:
        >>> q = k = torch.zeros(3, 2)  # all scores are equal, so each position takes the mean of what it may see
        >>> causal_attention(q, k, torch.tensor([[0.0, 3.0], [2.0, 3.0], [4.0, 3.0]]))
        tensor([[0., 3.],
                [1., 3.],
                [2., 3.]])

    Derived in notebooks/14_rnn_or_transformer.ipynb.
    """
    scores = queries @ keys.transpose(-1, -2) / math.sqrt(queries.shape[-1])  # (..., T, S + T)
    if queries.shape[-2] > 1:
        scores = scores.masked_fill(_future(queries, keys), -math.inf)
    return scores.softmax(-1) @ values


def attention_in_blocks(queries: Tensor, keys: Tensor, values: Tensor, size: int) -> Tensor:
    """`causal_attention` with never more than T `size` scores in memory: the keys come in blocks.

    A softmax is a sum of exponentials over a sum of exponentials, so both sums can be added up block by block. For the
    numbers to stay finite each is kept relative to the largest score m so far, and scaled anew when m rises:

        m' = max(m, scores)    s' = s e^(m - m') + sum e^(scores - m')    c' = c e^(m - m') + sum e^(scores - m') v

    Args: as for `causal_attention`; size: keys in one block.
    Source: Rabe & Staats 2021, §2; FlashAttention (Dao et al. 2022, §3.1) does the same near the arithmetic.

    Example:
        >>> q, k, v = torch.randn(3, 2, 5, 4)
        >>> torch.allclose(attention_in_blocks(q, k, v, size=2), causal_attention(q, k, v), atol=1e-6)
        True

    Derived in notebooks/14_rnn_or_transformer.ipynb.
    """
    check_size("size", size)
    hidden = _future(queries, keys)
    largest = queries.new_full((*queries.shape[:-1], 1), -math.inf)  # (..., T, 1)
    total, context = torch.zeros_like(largest), torch.zeros_like(queries[..., :1] * values[..., :1, :])
    for j in range(0, keys.shape[-2], size):
        scores = queries @ keys[..., j : j + size, :].transpose(-1, -2) / math.sqrt(queries.shape[-1])
        scores = scores.masked_fill(hidden[:, j : j + size], -math.inf)  # (..., T, size)
        new = torch.maximum(largest, scores.amax(-1, keepdim=True))  # finite: the first block has position 0
        kept, weights = torch.exp(largest - new), torch.exp(scores - new)
        total = total * kept + weights.sum(-1, keepdim=True)
        context = context * kept + weights @ values[..., j : j + size, :]
        largest = new
    return context / total


def _future(queries: Tensor, keys: Tensor) -> Tensor:
    """True (T, S + T) where a key stands behind the query's own position."""
    T, both = queries.shape[-2], keys.shape[-2]
    return torch.ones(T, both, dtype=torch.bool, device=keys.device).triu(1 + both - T)


class Reserved:
    """A cache with room for `room` positions: reading on writes into it, and nothing that was read is copied.

    `Transformer.reserve` makes one. It serves a single reading, without gradients; a tuple of tensors as state can be
    read on from as often as you like, at the price of a copy at each step.
    """

    def __init__(self, L: int, room: int, B: int, D: int) -> None:
        self.numbers, self.S = torch.empty(2 * L, check_size("room", room), check_size("B", B), D), 0

    def write(self, i: int, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """Put the keys and values (T, B, D) of block i behind the others; return all S + T."""
        end = self.S + len(keys)
        if end > self.numbers.shape[1]:
            raise ValueError(f"room: expected at most {self.numbers.shape[1]} positions, got {end}")
        self.numbers[2 * i, self.S : end], self.numbers[2 * i + 1, self.S : end] = keys, values
        return self.numbers[2 * i, :end], self.numbers[2 * i + 1, :end]

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        """What has been read, as the state that `Transformer` gives: 2 L tensors (S, B, D)."""
        return tuple(self.numbers[:, : self.S])


class CausalSelfAttention(nn.Module):
    """Queries, keys and values are all made of the same sequence; N heads look independently of each other.

        [q; k; v] = W_in x + b_in        c = causal_attention(q, k, v) for each head        y = W_out c + b_out

    Args: D width, N heads (N divides D); way "equation": as it stands in `causal_attention`, "torch": the same by
    PyTorch's function, which goes through the keys in blocks.
    Parameters as in `torch.nn.MultiheadAttention`: in_proj_weight (3D, D), in_proj_bias (3D,), out_proj.weight (D, D),
    out_proj.bias (D,).
    Source: Vaswani et al. 2017, §3.2.2.

    Example:
        >>> attention = CausalSelfAttention(D=4, N=2)
        >>> xs = torch.ones(5, 3, 4)
        >>> ys, cache = attention(xs)
        >>> ys.shape, cache[0].shape
        (torch.Size([5, 3, 4]), torch.Size([5, 3, 4]))

    Derived in notebooks/14_rnn_or_transformer.ipynb.
    """

    def __init__(self, D: int, N: int, way: str = "torch") -> None:
        super().__init__()
        check_name("way", way, WAYS)
        self.D, self.N, self.way = check_size("D", D), check_size("N", N), way
        if D % N:
            raise ValueError(f"N: expected heads that divide D = {D}, got {N}")
        self.in_proj_weight = nn.Parameter(nn.init.xavier_uniform_(torch.empty(3 * D, D)))  # as torch does
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * D))
        self.out_proj = nn.Linear(D, D)

    def forward(self, xs: Tensor, cache: Cache = None) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """xs (T, B, D), cache: keys and values (S, B, D) of what was read before -> ys (T, B, D), the longer cache."""
        queries, keys, values = nn.functional.linear(xs, self.in_proj_weight, self.in_proj_bias).chunk(3, dim=2)
        if callable(cache):
            keys, values = cache(keys, values)
        elif cache is not None:
            keys, values = torch.cat([cache[0], keys]), torch.cat([cache[1], values])  # (S + T, B, D)
        context = self._look(*(split_heads(part, self.N) for part in (queries, keys, values)))
        return self.out_proj(join_heads(context)), (keys, values)

    def _look(self, queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        T, both = queries.shape[-2], keys.shape[-2]
        if self.way == "equation" or 1 < T < both:  # with a cache, torch's mask is for other positions
            return causal_attention(queries, keys, values)
        return nn.functional.scaled_dot_product_attention(queries, keys, values, is_causal=T > 1)


class Block(nn.Module):
    """Look, then think: attention and a feed-forward part, each behind a layer norm and added to what was there.

        x <- x + attention(norm1(x))        x <- x + W_2 relu(W_1 norm2(x) + b_1) + b_2

    With the norms in front ("pre-norm") the sum runs through all blocks untouched, as the cell of an LSTM runs through
    time (Xiong et al. 2020); Vaswani et al. 2017 had them behind the sums.

    Args: D width, N heads, F units. The `state_dict` is that of torch.nn.TransformerEncoderLayer.

    Example:
        >>> ours, theirs = Block(8, 2, 16), nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, norm_first=True)
        >>> ours.load_state_dict(theirs.state_dict())
        <All keys matched successfully>
        >>> xs, mask = torch.randn(5, 3, 8), nn.Transformer.generate_square_subsequent_mask(5)
        >>> torch.allclose(ours(xs)[0], theirs(xs, src_mask=mask), atol=1e-6)
        True

    Derived in notebooks/14_rnn_or_transformer.ipynb.
    """

    def __init__(self, D: int, N: int, F: int, way: str = "torch") -> None:
        super().__init__()
        self.self_attn = CausalSelfAttention(D, N, way)
        self.linear1, self.linear2 = nn.Linear(D, check_size("F", F)), nn.Linear(F, D)
        self.norm1, self.norm2 = nn.LayerNorm(D), nn.LayerNorm(D)

    def forward(self, xs: Tensor, cache: Cache = None) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """xs (T, B, D), cache or None -> the same shape, the longer cache."""
        looked, cache = self.self_attn(self.norm1(xs), cache)
        xs = xs + looked
        return xs + self.linear2(torch.relu(self.linear1(self.norm2(xs)))), cache


def sine_positions(first: int, T: int, D: int) -> Tensor:
    """A vector (T, D) for the positions first, ..., first + T - 1: a sine and a cosine for each of D / 2 speeds.

        p_t[2i] = sin(t / 10000^(2i / D))        p_t[2i + 1] = cos(t / 10000^(2i / D))

    Source: Vaswani et al. 2017, §3.5.

    Example:
        >>> sine_positions(0, 2, 4)
        tensor([[0.0000, 1.0000, 0.0000, 1.0000],
                [0.8415, 0.5403, 0.0100, 0.9999]])
    """
    t = torch.arange(first, first + T, dtype=torch.float64)[:, None]
    angles = t / 10000 ** (torch.arange(0, D, 2) / D)  # (T, D / 2)
    return torch.stack([angles.sin(), angles.cos()], 2).reshape(T, -1)[:, :D].to(torch.get_default_dtype())


class Transformer(nn.Module):
    """L blocks between an input layer and a head, behind the call that `course_lib.training.fit` can train.

    Args: D_in numbers in each input, or None with `vocabulary` ids; D width, N heads, F units, L blocks, out outputs;
    positions "sine", "learned" (then T_max of them) or "none"; read "all": outputs (T, B, out), "last": (B, out);
    way as for `CausalSelfAttention`; generator: source of the weights.

    Call: model(xs, state=None) -> outputs, state. The state is the cache: keys and values of block 1, of block 2, and
    so on, a flat tuple of 2 L tensors (S, B, D). Reading in pieces with the state gives what reading at once gives.
    Raises: ValueError for heads that do not divide D, an unknown name, xs or state that do not fit, learned positions
    that are not enough.

    Example:
        >>> model = Transformer(D_in=1, D=8, N=2, F=16, L=2, out=2, generator=torch.Generator().manual_seed(0))
        >>> xs = torch.randn(6, 3, 1)
        >>> at_once, _ = model(xs)
        >>> first, state = model(xs[:4])
        >>> rest, state = model(xs[4:], state)
        >>> torch.allclose(torch.cat([first, rest]), at_once, atol=1e-6), len(state), state[0].shape
        (True, 4, torch.Size([6, 3, 8]))

    Derived in notebooks/14_rnn_or_transformer.ipynb.
    """

    def __init__(
        self,
        D_in: int | None,
        D: int,
        N: int,
        F: int,
        L: int,
        out: int,
        *,
        vocabulary: int | None = None,
        positions: str = "sine",
        T_max: int | None = None,
        read: str = "all",
        way: str = "torch",
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        check_name("positions", positions, POSITIONS)
        check_name("read", read, ("all", "last"))
        if positions == "learned" and T_max is None:
            raise ValueError("T_max: expected the number of learned positions, got None")
        self.D_in, self.D, self.vocabulary, self.positions, self.read = D_in, D, vocabulary, positions, read
        with torch.random.fork_rng(devices=[]):  # the constructors draw weights that are replaced below
            self.inputs = nn.Embedding(vocabulary, D) if vocabulary else nn.Linear(check_size("D_in", D_in), D)
            self.places = nn.Embedding(check_size("T_max", T_max), D) if positions == "learned" else None
            self.blocks = nn.ModuleList(Block(D, N, F, way) for _ in range(check_size("L", L)))
            self.norm, self.head = nn.LayerNorm(D), nn.Linear(D, out)
        _fill(self, generator)

    def reserve(self, room: int, B: int = 1) -> Reserved:
        """An empty cache with room for so many positions, to be given as the first state of a long reading."""
        return Reserved(len(self.blocks), room, B, self.D)

    def forward(self, xs: Tensor, state: tuple[Tensor, ...] | Reserved | None = None):
        S = self._check(xs, state)
        hs, caches = self._placed(self.inputs(xs), S), []
        for i, block in enumerate(self.blocks):
            if isinstance(state, Reserved):
                cache = partial(state.write, i)
            else:
                cache = None if state is None else (state[2 * i], state[2 * i + 1])
            hs, cache = block(hs, cache)
            caches += cache
        hs = self.norm(hs)
        if isinstance(state, Reserved):
            state.S = S + len(xs)
        outputs = self.head(hs if self.read == "all" else hs[-1])
        return outputs, state if isinstance(state, Reserved) else tuple(caches)

    def _placed(self, hs: Tensor, S: int) -> Tensor:
        """hs (T, B, D) with the vectors of the positions S, ..., S + T - 1 added."""
        if self.positions == "none":
            return hs
        if self.places is None:
            places = sine_positions(S, len(hs), self.D).to(hs)
        else:
            if S + len(hs) > len(self.places.weight):
                raise ValueError(f"T_max: expected at most {len(self.places.weight)} positions, got {S + len(hs)}")
            places = self.places.weight[S : S + len(hs)]
        return hs + places[:, None]

    def _check(self, xs: Tensor, state: tuple[Tensor, ...] | Reserved | None) -> int:
        """Check the call; return S, the number of positions that the state has."""
        wanted = "(T, B) ids" if self.vocabulary else f"(T, B, D_in) = (T, B, {self.D_in})"
        fits = isinstance(xs, Tensor) and xs.dim() == (2 if self.vocabulary else 3) and 0 not in xs.shape
        if not fits or (not self.vocabulary and xs.shape[2] != self.D_in):
            came = tuple(xs.shape) if isinstance(xs, Tensor) else type(xs).__name__
            raise ValueError(f"xs: expected {wanted} with T, B >= 1, got {came}")
        if state is None:
            return 0
        state = state.tensors if isinstance(state, Reserved) else state
        shapes, shape = [tuple(part.shape) for part in state], (len(state[0]), xs.shape[1], self.D)
        if shapes != [shape] * (2 * len(self.blocks)):
            raise ValueError(f"state: expected {2 * len(self.blocks)} tensors (S, B, D) = {shape}, got {shapes}")
        return shape[0]


@torch.no_grad()
def _fill(model: Transformer, generator: torch.Generator | None) -> None:
    """Embeddings from N(0, 1); matrices from Glorot's uniform law, biases 0; layer norms as torch has them, 1 and 0."""
    for name, parameter in model.named_parameters():
        if name in ("inputs.weight", "places.weight") and (model.vocabulary or name[0] == "p"):
            nn.init.normal_(parameter, generator=generator)
        elif parameter.dim() == 2:
            nn.init.xavier_uniform_(parameter, generator=generator)
        elif "norm" not in name:
            nn.init.zeros_(parameter)


def state_bytes(state: Tensor | tuple | Reserved) -> int:
    """The bytes of a state, whatever network it comes from: h, (h, c), or a cache.

    Example:
        >>> state_bytes((torch.zeros(1, 1, 8), torch.zeros(1, 1, 8)))  # an LSTM's h and c in float32
        64
    """
    if isinstance(state, Tensor):
        return state.numel() * state.element_size()
    return sum(state_bytes(part) for part in (state.tensors if isinstance(state, Reserved) else state))


def stored_bytes(layer: nn.Module, xs: Tensor) -> int:
    """The bytes that torch keeps of one forward pass for the way back, without the weights themselves.

    Example:
        >>> layer = nn.Tanh()  # the way back needs the outputs
        >>> stored_bytes(layer, torch.zeros(5, 1, 4, requires_grad=True))
        80
    """
    weights = {p.untyped_storage().data_ptr() for p in layer.parameters()}
    found = {}

    def note(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights:
            found[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        kept_alive = layer(xs)  # or its memory could be given away before all is counted
    del kept_alive
    return sum(found.values())
