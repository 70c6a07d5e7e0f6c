"""One training loop for every lesson: schedules, clipping, truncated BPTT, early stop, history.

Letters: B batch, T time, D input, H hidden, V vocabulary; sequences are (T, B, D). No global seed is set or read:
weights come from the `torch.Generator` that a model is given, data from the `np.random.Generator` of the caller.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from time import process_time
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .data import Batch
from .data._common import at_least, in_range
from .nn import fused
from .show.bar import bar, in_notebook

Schedule = Callable[[int], float]
Metric = Callable[[Tensor, Batch], Tensor]
Batches = Callable[[int], Batch] | Sequence[Batch]
CELLS = {"rnn": fused.RNN, "relu": fused.RNN, "lstm": nn.LSTM, "gru": fused.GRU}
INITS = ("default", "xavier", "orthogonal", "identity")


# ---------------------------------------------------------------------------------------------- schedules


def constant(lr: float) -> Schedule:
    """lr_t = lr.

    >>> constant(0.1)(7)
    0.1
    """
    return lambda step: lr


def exponential(lr: float, gamma: float) -> Schedule:
    """lr_t = lr gamma^t, equal to `torch.optim.lr_scheduler.ExponentialLR`.

    >>> [exponential(0.1, 0.5)(t) for t in range(3)]
    [0.1, 0.05, 0.025]
    """
    return lambda step: lr * gamma**step


def step_decay(lr: float, size: int, gamma: float = 0.1) -> Schedule:
    """lr_t = lr gamma^floor(t / size), equal to `StepLR`.

    >>> [step_decay(1.0, 2, 0.5)(t) for t in range(5)]
    [1.0, 1.0, 0.5, 0.5, 0.25]
    """
    at_least("size", size, 1)
    return lambda step: lr * gamma ** (step // size)


def cosine(lr: float, steps: int, lr_min: float = 0.0) -> Schedule:
    """lr_t = lr_min + (lr - lr_min) (1 + cos(pi t / steps)) / 2, then lr_min.

    Equal to `CosineAnnealingLR(T_max=steps)` up to `steps`; torch's then rises again.

    >>> [round(cosine(1.0, 4)(t), 3) for t in (0, 2, 4, 9)]
    [1.0, 0.5, 0.0, 0.0]
    """
    at_least("steps", steps, 1)
    return lambda step: lr_min + (lr - lr_min) * (1 + math.cos(math.pi * min(step, steps) / steps)) / 2


def warm_up(schedule: Schedule, steps: int, start: float = 0.1) -> Schedule:
    """For `steps` steps a straight line from start x lr_0 to lr_0, then the schedule from its beginning.

    Equal to `SequentialLR([LinearLR(start, 1, steps), ...], [steps])`.

    >>> [round(warm_up(constant(1.0), 2, start=0.5)(t), 3) for t in range(4)]
    [0.5, 0.75, 1.0, 1.0]
    """
    at_least("steps", steps, 0)
    return lambda step: (
        schedule(0) * (start + (1 - start) * step / steps) if step < steps else schedule(step - steps)
    )


# ---------------------------------------------------------------------------------------------- model


class SequenceModel(nn.Module):
    """A recurrent layer and a linear head: h_t = cell(x_t, h_{t-1}), y_t = W_hy h_t + b_y.

    cell        "rnn" (tanh), "relu", "lstm", "gru" (as in `torch.nn`, some faster: `nn.fused`), or a callable
                (D, H) -> module with the interface of `nn.RNN`
    init        "default" (PyTorch's U(-1/sqrt H, 1/sqrt H)), "xavier", "orthogonal", "identity": see `set_weights`
    gate_bias   None, a number, or "chrono" with T_max: see `set_gate_bias`
    read        "all": outputs (T, B, out); "last": outputs (B, out), from the last step
    vocabulary  V: inputs are ids (T, B), and D is the size of their embedding
    generator   source of every random weight; None = torch's default generator

    Call: model(xs, state=None) -> outputs, state. Raises ValueError for an unknown cell, init or read.

    >>> model = SequenceModel("lstm", D=2, H=8, out=1, generator=torch.Generator().manual_seed(0))
    >>> outputs, (h, c) = model(torch.zeros(5, 3, 2))
    >>> outputs.shape, h.shape
    (torch.Size([5, 3, 1]), torch.Size([1, 3, 8]))
    """

    def __init__(
        self,
        cell: str | Callable[[int, int], nn.Module],
        D: int,
        H: int,
        out: int,
        *,
        init: str = "default",
        gate_bias: float | str | None = None,
        T_max: int | None = None,
        read: str = "all",
        vocabulary: int | None = None,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        if read not in ("all", "last"):
            raise ValueError(f"read: expected 'all' or 'last', got {read!r}")
        if not callable(cell) and cell not in CELLS:
            raise ValueError(f"cell: expected one of {', '.join(CELLS)} or a callable, got {cell!r}")
        self.read, self.D = read, D
        with torch.random.fork_rng(devices=[]):  # the constructors draw weights that are replaced below
            self.embedding = nn.Embedding(vocabulary, D) if vocabulary else None
            extra = {"nonlinearity": "relu"} if cell == "relu" else {}
            self.rnn = cell(D, H) if callable(cell) else CELLS[cell](D, H, **extra)
            self.head = nn.Linear(H, out)
        if self.embedding is not None:
            nn.init.normal_(self.embedding.weight, generator=generator)
        set_weights(self.rnn, init, generator)
        for parameter in self.head.parameters():
            nn.init.uniform_(parameter, -(H**-0.5), H**-0.5, generator=generator)
        if gate_bias is not None:
            set_gate_bias(self.rnn, gate_bias, T_max, generator)

    def forward(self, xs: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        self._check(xs)
        if self.embedding is not None:
            xs = self.embedding(xs)  # (T, B, D)
        hs, state = self.rnn(xs, state)
        return self.head(hs if self.read == "all" else hs[-1]), state

    def _check(self, xs: Tensor) -> None:
        if not isinstance(xs, Tensor):
            raise ValueError(f"xs: expected a tensor, got {type(xs).__name__}")
        got = f"{tuple(xs.shape)} {str(xs.dtype).removeprefix('torch.')}"
        if self.embedding is not None:
            if xs.ndim != 2 or 0 in xs.shape or xs.is_floating_point():
                raise ValueError(f"xs: expected (T, B) integer ids with T, B >= 1, got {got}")
            V, largest = self.embedding.num_embeddings, int(xs.max())
            if largest >= V or int(xs.min()) < 0:
                raise ValueError(f"xs: expected ids in 0..{V - 1}, got {int(xs.min())}..{largest}")
        elif xs.ndim != 3 or 0 in xs.shape or xs.shape[-1] != self.D or not xs.is_floating_point():
            raise ValueError(f"xs: expected (T, B, D) = (T, B, {self.D}) floats with T, B >= 1, got {got}")


@torch.no_grad()
def set_weights(rnn: nn.Module, init: str = "default", generator: torch.Generator | None = None) -> None:
    """Fill the parameters of any module that names them as `nn.RNN` does; gates are treated one by one.

    "default"     every number from U(-1/sqrt H, 1/sqrt H), PyTorch's own
    "xavier"      weights from Glorot's uniform law, biases 0 (Glorot & Bengio 2010)
    "orthogonal"  W_hh orthogonal, W_xh Xavier, biases 0 (Saxe, McClelland & Ganguli 2014)
    "identity"    W_hh = I, W_xh from N(0, 0.001), biases 0: the IRNN (Le, Jaitly & Hinton 2015), meant for "relu"

    Raises ValueError for an unknown name, or a module without weight_hh. The equations are `course_lib.nn.init`.
    """
    if init not in INITS:
        raise ValueError(f"init: expected one of {', '.join(INITS)}, got {init!r}")
    H = next((p.shape[1] for name, p in rnn.named_parameters() if name.startswith("weight_hh")), None)
    if H is None:
        raise ValueError(f"rnn: expected a module with a weight_hh, as nn.RNN has it, got {type(rnn).__name__}")
    for name, parameter in rnn.named_parameters():
        if init == "default":
            nn.init.uniform_(parameter, -(H**-0.5), H**-0.5, generator=generator)
        elif name.startswith("bias"):
            nn.init.zeros_(parameter)
        else:
            recurrent = name.startswith("weight_hh")
            for block in parameter.split(H):  # one gate after the other
                if init == "orthogonal" and recurrent:
                    nn.init.orthogonal_(block, generator=generator)
                elif init == "identity":
                    _ = nn.init.eye_(block) if recurrent else nn.init.normal_(block, std=1e-3, generator=generator)
                else:
                    nn.init.xavier_uniform_(block, generator=generator)


@torch.no_grad()
def set_gate_bias(
    rnn: nn.Module, value: float | str, T_max: int | None = None, generator: torch.Generator | None = None
) -> None:
    """Set the total bias of the gate that keeps: f of an LSTM, z of a GRU.

    PyTorch adds two biases per gate, so `value` goes to bias_ih and 0 to bias_hh: setting both to 1 would make 2.
    "chrono" draws b_f = log u, u ~ U(1, T_max - 1), so that gates forget over 1..T_max steps, and sets b_i = -b_f
    (LSTM) (Tallec & Ollivier 2018 §3). Raises ValueError for an RNN without gates, or "chrono" without T_max >= 3.

    >>> rnn = nn.LSTM(2, 3)
    >>> set_gate_bias(rnn, 1.0)
    >>> (rnn.bias_ih_l0 + rnn.bias_hh_l0)[3:6]
    tensor([1., 1., 1.], grad_fn=<SliceBackward0>)
    """
    chrono = value == "chrono"
    if not chrono and (isinstance(value, str) or not math.isfinite(value)):
        raise ValueError(f"gate_bias: expected a finite number or 'chrono', got {value!r}")
    if chrono and (T_max is None or T_max < 3):
        raise ValueError(f"T_max: expected at least 3 for 'chrono', got {T_max!r}")
    parameters = dict(rnn.named_parameters())
    for name in [name for name in parameters if name.startswith("bias_ih")]:
        twin = parameters[name.replace("bias_ih", "bias_hh")]
        H = parameters[name.replace("bias_ih", "weight_hh")].shape[1]
        gates = len(twin) // H
        if gates not in (3, 4):
            raise ValueError(f"gate_bias: expected an LSTM (4 blocks) or a GRU (3 blocks), got {gates} block")
        keep = torch.empty(H).uniform_(1, T_max - 1, generator=generator).log() if chrono else torch.full((H,), value)
        parameters[name][H : 2 * H], twin[H : 2 * H] = keep.to(twin), 0
        if chrono and gates == 4:
            parameters[name][:H], twin[:H] = -keep.to(twin), 0


# ---------------------------------------------------------------------------------------------- loss and metrics


def _every_step(targets: Tensor) -> bool:
    """Whether targets are (T, B) ids or (T, B, K) floats, not (B,) or (B, K)."""
    return targets.ndim == (3 if targets.is_floating_point() else 2)


def _answers(outputs: Tensor, batch: Batch, numbers: bool | None = None) -> tuple[Tensor, Tensor]:
    """The outputs and targets that count: (N, K) and (N,) ids or (N, K) numbers; `numbers` says which are meant."""
    targets = batch.targets
    if numbers is not None and targets.is_floating_point() != numbers:
        wanted = "floats" if numbers else "class ids"
        raise ValueError(f"targets: expected {wanted} for this metric, got {targets.dtype}")
    answers, targets = _counted(outputs, batch)
    if targets.numel() == 0:
        raise ValueError("mask: expected at least one step that counts, got none")
    K, found = answers.shape[-1], targets
    if targets.is_floating_point() and answers.shape != targets.shape:
        raise ValueError(f"outputs: expected K = {targets.shape[-1]} numbers per answer, got {K}")
    if not targets.is_floating_point() and (found.min() < 0 or found.max() >= K):
        raise ValueError(f"targets: expected class ids in 0..{K - 1}, got {found.min()}..{found.max()}")
    return answers, targets


def _counted(outputs: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
    targets, mask, got = batch.targets, batch.mask, tuple(outputs.shape)
    if _every_step(targets):
        if outputs.ndim != 3 or outputs.shape[:2] != targets.shape[:2]:
            raise ValueError(f"outputs: expected (T, B, K) = {(*targets.shape[:2], 'K')}, got {got}")
        return (outputs.flatten(0, 1), targets.flatten(0, 1)) if mask is None else (outputs[mask], targets[mask])
    if mask is not None:
        if outputs.ndim != 3:
            raise ValueError(f"outputs: expected (T, B, K) where a mask marks each last step, got {got}")
        if not mask.any(0).all():
            raise ValueError("mask: expected at least one step that counts in each row, got a row without")
        outputs = outputs[mask.sum(0) - 1, torch.arange(mask.shape[1])]  # the last real step of each row
    elif outputs.ndim == 3:
        outputs = outputs[-1]
    if len(outputs) != len(targets):
        raise ValueError(f"outputs: expected B = {len(targets)} rows, got {len(outputs)}")
    return outputs, targets


def sequence_loss(outputs: Tensor, batch: Batch) -> Tensor:
    """Mean cross-entropy in nats for integer targets, mean squared error for floats; only masked steps count.

    Shapes: outputs (T, B, K) or (B, K); see `Batch` for targets. A mask with targets (B,) means: read the last
    real step of each row. Raises ValueError when shapes or class ids do not fit, or no step counts.

    >>> sequence_loss(torch.zeros(1, 1), Batch(None, torch.full((1, 1), 3.0)))
    tensor(9.)
    """
    answers, targets = _answers(outputs, batch)
    return (F.mse_loss if targets.is_floating_point() else F.cross_entropy)(answers, targets)


def mse(outputs: Tensor, batch: Batch) -> Tensor:
    """Mean squared error. Raises ValueError for class ids."""
    return F.mse_loss(*_answers(outputs, batch, numbers=True))


def cross_entropy(outputs: Tensor, batch: Batch) -> Tensor:
    """Mean cross-entropy in nats. Raises ValueError for targets that are no class ids."""
    return F.cross_entropy(*_answers(outputs, batch, numbers=False))


def bits(outputs: Tensor, batch: Batch) -> Tensor:
    """Mean cross-entropy in bits: nats / ln 2.

    >>> bits(torch.zeros(3, 4), Batch(None, torch.tensor([0, 1, 3])))  # four classes, no idea: 2 bits
    tensor(2.)
    """
    return cross_entropy(outputs, batch) / math.log(2)


def accuracy(outputs: Tensor, batch: Batch) -> Tensor:
    """Share of answers whose largest output is the target. Raises ValueError for targets that are no class ids.

    >>> accuracy(torch.eye(4), Batch(None, torch.tensor([0, 1, 2, 2])))
    tensor(0.7500)
    """
    answers, targets = _answers(outputs, batch, numbers=False)
    return (answers.argmax(-1) == targets).float().mean()


def within(tolerance: float) -> Metric:
    """A metric: share of answers closer to the target than `tolerance`.

    >>> within(0.04)(torch.tensor([[0.5], [0.1]]), Batch(None, torch.tensor([[0.53], [0.2]])))
    tensor(0.5000)
    """

    def share(outputs: Tensor, batch: Batch) -> Tensor:
        answers, targets = _answers(outputs, batch, numbers=True)
        return ((answers - targets).abs() < tolerance).float().mean()

    return share


@torch.no_grad()
def score(model: nn.Module, batch: Batch, metric: Metric = sequence_loss) -> float:
    """The metric of a model on one batch, in evaluation mode and without a graph.

    >>> model = SequenceModel("rnn", D=1, H=2, out=2, generator=torch.Generator().manual_seed(0))
    >>> 0 <= score(model, Batch(torch.ones(3, 4, 1), torch.zeros(4, dtype=torch.int64)), accuracy) <= 1
    True
    """
    was_training = model.training
    model.eval()
    batch = _to_tensors(batch, model)
    value = float(metric(model(batch.xs)[0], batch))
    model.train(was_training)
    return value


def _to_tensors(batch: Batch, model: nn.Module) -> Batch:
    """Copy arrays to the model's device; floats get the model's dtype, class ids torch's. ValueError for a bad mask."""
    like = next(model.parameters())

    def convert(array: Any) -> Tensor:
        tensor = array if isinstance(array, Tensor) else torch.tensor(array)
        return tensor.to(like) if tensor.is_floating_point() else tensor.to(like.device)

    xs, targets, mask = (None if part is None else convert(part) for part in (*batch, None)[:3])
    if mask is not None and (mask.dtype != torch.bool or mask.shape != xs.shape[:2]):
        raise ValueError(f"mask: expected bool (T, B) = {tuple(xs.shape[:2])}, got {mask.dtype} {tuple(mask.shape)}")
    return Batch(xs, targets if targets.is_floating_point() else targets.long(), mask)


# ---------------------------------------------------------------------------------------------- the loop


@dataclass(frozen=True)
class Settings:
    """How to train. Change one field with `dataclasses.replace`.

    steps      number of updates
    lr         a number, or a schedule (a function step -> lr)
    optimizer  "adam", "sgd" or "adagrad"; betas only concern Adam
    clip       threshold; clip_by "norm" (of all gradients together), "value" (each entry) or "none"
    truncate   k: cut each batch into chunks of k steps, carry the state, cut the gradient, update after each chunk
    carry      let the state go on into the next batch (consecutive windows of a text)
    every      check the goal after this many updates
    nonfinite  an infinite or NaN gradient: "raise", "skip" the update, or "allow"
    device     "cpu", "cuda", ..., or "auto": an accelerator if there is one
    progress   show a bar; None = in a notebook or on a terminal, when the training takes longer than two seconds
    """

    steps: int = 1000
    lr: float | Schedule = 1e-3
    optimizer: str = "adam"
    betas: tuple[float, float] = (0.9, 0.99)
    clip: float = 1.0
    clip_by: str = "norm"
    truncate: int | None = None
    carry: bool = False
    every: int = 25
    nonfinite: str = "raise"
    device: str = "cpu"
    progress: bool | None = None

    def __post_init__(self) -> None:
        choices = {
            "optimizer": ("adam", "sgd", "adagrad"),
            "clip_by": ("norm", "value", "none"),
            "nonfinite": ("raise", "skip", "allow"),
        }
        for name, allowed in choices.items():
            if getattr(self, name) not in allowed:
                raise ValueError(f"{name}: expected one of {', '.join(allowed)}, got {getattr(self, name)!r}")
        for name in ("steps", "every", "truncate"):
            if name != "truncate" or self.truncate is not None:
                at_least(name, getattr(self, name), 1)
        if not callable(self.lr):
            in_range("lr", self.lr, 0, math.inf)
        if self.clip_by != "none" and not self.clip > 0:
            raise ValueError(f"clip: expected a number > 0, got {self.clip!r}")


class Goal(NamedTuple):
    """Held-out data and what counts as solved: metric <= at_most, or metric >= at_least; neither = only watch."""

    batch: Batch
    metric: Metric
    at_most: float | None = None
    at_least: float | None = None

    def reached(self, value: float) -> bool:
        """Whether a score is good enough."""
        return (self.at_most is not None and value <= self.at_most) or (
            self.at_least is not None and value >= self.at_least
        )


@dataclass
class History:
    """One entry per update; grad_norm is measured before clipping, sequences and seconds (CPU) are running totals."""

    loss: list[float] = field(default_factory=list)
    grad_norm: list[float] = field(default_factory=list)
    lr: list[float] = field(default_factory=list)
    sequences: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    scores: list[tuple[int, float]] = field(default_factory=list)
    skipped: int = 0
    solved_at: int | None = None

    @property
    def solved(self) -> bool:
        """Whether the goal was reached; the number of updates it took is `solved_at`."""
        return self.solved_at is not None


@dataclass(frozen=True)
class Watch:
    """What `fit(..., watch=Watch(...))` draws beside the loss: levels in the loss's unit, and their names."""

    floor: float | None = None
    rivals: Mapping[str, float] = field(default_factory=dict)
    title: str = "Training"
    unit: str = ""


def make_optimizer(model: nn.Module, settings: Settings) -> torch.optim.Optimizer:
    """The optimizer that the settings name; `fit` sets its learning rate before each update."""
    lr = settings.lr(0) if callable(settings.lr) else settings.lr
    if settings.optimizer == "adam":
        return torch.optim.Adam(model.parameters(), lr=lr, betas=settings.betas)
    return {"sgd": torch.optim.SGD, "adagrad": torch.optim.Adagrad}[settings.optimizer](model.parameters(), lr=lr)


class _Piece(NamedTuple):
    """Part of a batch: `fresh` = the state starts at zero, `first` = a batch begins; targets None = only read it."""

    batch: Batch
    fresh: bool
    first: bool


def _pieces(batches: Batches, model: nn.Module, settings: Settings) -> Iterator[_Piece]:
    """The stream of chunks to learn from, without end."""
    number = 0
    while True:
        new_round = not callable(batches) and number % len(batches) == 0
        batch = _to_tensors(batches(number) if callable(batches) else batches[number % len(batches)], model)
        xs, targets, mask = batch
        if 0 in xs.shape[:2]:
            raise ValueError(f"xs: expected T, B >= 1, got {tuple(xs.shape)}")
        if mask is not None and not mask.any():  # the search for a step to learn from would have no end
            raise ValueError("mask: expected at least one step that counts, got none")
        T, k = len(xs), settings.truncate or len(xs)
        every_step = _every_step(targets)
        if mask is not None and not every_step and k < T:
            raise ValueError("truncate: expected targets at every step where a mask is given, got targets (B,)")
        for start in range(0, T, k):
            part = slice(start, start + k)
            goals = targets[part] if every_step else (targets if start + k >= T else None)
            counts = None if mask is None else mask[part] if every_step else mask
            goals = goals if counts is None or counts.any() else None  # a chunk of nothing but padding is only read
            chunk = Batch(xs[part], goals, counts)
            yield _Piece(chunk, start == 0 and (not settings.carry or new_round), start == 0)
        number += 1


def fit(
    model: nn.Module,
    batches: Batches,
    settings: Settings | None = None,
    *,
    goal: Goal | None = None,
    loss: Metric = sequence_loss,
    callbacks: Sequence[Callable[[int, History, nn.Module], Any]] = (),
    optimizer: torch.optim.Optimizer | None = None,
    history: History | None = None,
    watch: bool | Watch = False,
) -> History:
    """Train a model whose call is model(xs, state) -> outputs, state.

    batches    a function number -> Batch, or a list of batches that is gone through again and again
    goal       checked every `settings.every` updates and after the last; reaching it ends the training
    callbacks  called as callback(step, history, model) after each update
    optimizer, history  pass those of an earlier call to go on from there (a curriculum); a history that you pass keeps
                        what was reached when you interrupt the training
    watch      draw the training curve in a notebook while it comes about, with the levels that a `Watch` names; an
               interrupt (■ in the toolbar) or the Stop button then ends the training and keeps what was trained

    Raises FloatingPointError for a gradient that is not finite (settings.nonfinite = "raise"), ValueError for settings,
    batches or shapes that do not fit.

    >>> import numpy as np
    >>> from course_lib.data import latch
    >>> rng = np.random.default_rng(0)
    >>> model = SequenceModel("gru", D=3, H=8, out=2, generator=torch.Generator().manual_seed(0))
    >>> goal = Goal(latch(rng, 5, 200), accuracy, at_least=0.99)
    >>> fit(model, lambda step: latch(rng, 5, 32), Settings(steps=300, lr=1e-2), goal=goal).solved
    True
    """
    settings = settings or Settings()
    if isinstance(batches, Batch) or not (callable(batches) or isinstance(batches, Sequence)):
        raise ValueError(f"batches: expected a function or a list of batches, got {type(batches).__name__}")
    if not callable(batches) and len(batches) == 0:
        raise ValueError("batches: expected at least one batch, got none")
    if not isinstance(watch, bool | Watch):
        raise ValueError(f"watch: expected True, False or a Watch, got {watch!r}")
    model.to(_device(settings.device)).train()
    optimizer = optimizer or make_optimizer(model, settings)
    history = history or History()
    schedule = settings.lr if callable(settings.lr) else constant(settings.lr)
    begun = process_time() - (history.seconds[-1] if history.seconds else 0.0)
    sequences = history.sequences[-1] if history.sequences else 0
    pieces, state = _pieces(batches, model, settings), None
    with _followed(settings, history, goal, watch) as steps:
        for step in steps:
            piece, state, read = _next_to_learn(pieces, model, state)
            for group in optimizer.param_groups:
                group["lr"] = schedule(step)
            try:
                value, norm, state = _update(model, piece.batch, state, loss, optimizer, settings)
            except FloatingPointError as error:
                raise FloatingPointError(f"step {step}: {error}") from None
            sequences += read + piece.first * piece.batch.xs.shape[1]
            _record(history, value, norm, schedule(step), sequences, process_time() - begun, settings)
            for callback in callbacks:
                callback(step, history, model)
            due = (step + 1) % settings.every == 0 or step + 1 == settings.steps
            if goal is not None and due and _reached(goal, model, history):
                break
    return history


@contextmanager
def _followed(settings: Settings, history: History, goal: Goal | None, watch: bool | Watch) -> Iterator[Iterable[int]]:
    """The numbers of the updates, with a curve or a bar that shows how far they are.

    With `watch` an interrupt ends them quietly, and a line says where.
    """
    before = len(history.loss)
    try:
        if watch and in_notebook():
            from .show.training_curve import Curve

            with Curve(settings.steps, history, goal, Watch() if watch is True else watch) as steps:
                yield steps
        else:
            with closing(_with_bar(settings, history)) as steps:
                yield steps
    except KeyboardInterrupt:
        if not watch:
            raise
        columns = (history.loss, history.grad_norm, history.lr, history.sequences, history.seconds)
        end = min(map(len, columns))  # the interrupt may have come between two of them
        for column in columns:
            del column[end:]
    done = len(history.loss) - before
    if watch and done < settings.steps and history.solved_at != len(history.loss):
        print(f"stopped after {done} of {settings.steps} updates: what was trained is kept")


def _with_bar(settings: Settings, history: History) -> Iterator[int]:
    """Count the updates, with a bar that appears after two seconds, or at once where the settings ask for it."""
    with bar(range(settings.steps), delay=0 if settings.progress else 2, shown=settings.progress) as steps:
        for step in steps:
            yield step
            steps.set_postfix(loss=f"{history.loss[-1]:.4f}", refresh=False)


def _reached(goal: Goal, model: nn.Module, history: History) -> bool:
    """Score the model on the held-out data, and say whether that is good enough."""
    value, updates = score(model, goal.batch, goal.metric), len(history.loss)
    history.scores.append((updates, value))
    if goal.reached(value):
        history.solved_at = updates
    return goal.reached(value)


def _next_to_learn(pieces: Iterator[_Piece], model: nn.Module, state: Any) -> tuple[_Piece, Any, int]:
    """The next chunk that has targets, the state before it, and the sequences begun on the way there."""
    begun = 0
    for piece in pieces:
        state = None if piece.fresh else _detach(state)
        if piece.batch.targets is not None:
            return piece, state, begun
        begun += piece.first * piece.batch.xs.shape[1]
        with torch.no_grad():
            state = model(piece.batch.xs, _fitting(state, piece.batch))[1]
    raise AssertionError("the stream of chunks has no end")


def _update(
    model: nn.Module, batch: Batch, state: Any, loss: Metric, optimizer: torch.optim.Optimizer, settings: Settings
) -> tuple[float, float, Any]:
    """Forward, backward, clip, step. Returns the loss, the gradient norm before clipping, and the new state."""
    optimizer.zero_grad()
    outputs, state = model(batch.xs, _fitting(state, batch))
    value = loss(outputs, batch)
    value.backward()
    parameters = [p for p in model.parameters() if p.grad is not None]
    norm = float(torch.linalg.vector_norm(torch.stack([torch.linalg.vector_norm(p.grad) for p in parameters])))
    if not math.isfinite(norm) and settings.nonfinite == "raise":
        raise FloatingPointError(f"gradient: expected a finite norm, got {norm} (loss {value.item():.3g})")
    if math.isfinite(norm) or settings.nonfinite == "allow":
        if settings.clip_by == "norm":
            nn.utils.clip_grad_norm_(parameters, settings.clip)
        elif settings.clip_by == "value":
            nn.utils.clip_grad_value_(parameters, settings.clip)
        optimizer.step()
    return value.item(), norm, state


def _record(
    history: History, value: float, norm: float, lr: float, sequences: int, seconds: float, settings: Settings
) -> None:
    entry = {"loss": value, "grad_norm": norm, "lr": lr, "sequences": sequences, "seconds": seconds}
    for name, item in entry.items():
        getattr(history, name).append(item)
    history.skipped += not math.isfinite(norm) and settings.nonfinite == "skip"


def _detach(state: Any) -> Any:
    """The same state without its past."""
    if isinstance(state, tuple):
        return tuple(_detach(part) for part in state)
    return state if state is None else state.detach()


def _fitting(state: Any, batch: Batch) -> Any:
    """Raise ValueError when a carried state has another batch size."""
    h = state[0] if isinstance(state, tuple) else state
    if h is not None and h.shape[-2] != batch.xs.shape[1]:
        raise ValueError(f"carry: expected batches of the same B = {h.shape[-2]}, got {batch.xs.shape[1]}")
    return state


def _device(name: str) -> torch.device:
    if name != "auto":
        return torch.device(name)
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
