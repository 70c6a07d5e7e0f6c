"""The classic experiments as one table: a recipe, what the paper found, and what came out here.

Each row is run from several starts by `course bench experiments`; its `--store` writes `experiments.json`, which
`stored` reads. Nothing in that file is written by hand.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from ..training import Settings

FILE = Path(__file__).with_suffix(".json")
HS = "Hochreiter & Schmidhuber 1997"


@dataclass(frozen=True)
class Experiment:
    """A row of the table.

    title      what is run, for people
    recipe     a name in `RECIPES`, and `changes` to it
    task       the definition in one line
    paper      what was published, and where
    published  the number that was published, of `unit` until the task was solved; None where there is none
    solves     whether the paper's network solves it
    goal       CPU seconds of one quiet core that the course set itself
    share      ours / published may not be above this
    why        a sentence that explains a difference from the paper or a missed goal
    full       only with --full
    unit       "sequences", or "guesses": weights are drawn at random instead of being trained
    """

    title: str
    recipe: str
    task: str
    paper: str
    published: int | None = None
    changes: dict[str, Any] = field(default_factory=dict)
    solves: bool = True
    goal: float | None = None
    share: float | None = None
    why: str = ""
    starts: int = 3
    full: bool = False
    unit: str = "sequences"


class Start(NamedTuple):
    """One run: `loops` is its CPU time over that of the course's Python loop, taken beside it (10^7 additions)."""

    solved: bool
    score: float
    sequences: int
    loops: float


@dataclass(frozen=True)
class Result:
    """An experiment and its starts; `loop` is the CPU time of the Python loop on the quiet machine."""

    name: str
    experiment: Experiment
    starts: tuple[Start, ...]
    loop: float

    @property
    def solved(self) -> int:
        """How many starts were solved."""
        return sum(start.solved for start in self.starts)

    @property
    def sequences(self) -> float:
        """The median until solved, in the experiment's unit; a start that was not solved counts as infinitely many."""
        return median(start.sequences if start.solved else math.inf for start in self.starts)

    @property
    def seconds(self) -> float:
        """The median of CPU seconds, at most, on the quiet machine, whether solved or not."""
        return self.loop * median(start.loops for start in self.starts)

    @property
    def score(self) -> float:
        """The median of the scores on fresh data, in the unit of the recipe's metric."""
        return median(start.score for start in self.starts)

    @property
    def told(self) -> str:
        """The number of sequences in words.

        >>> row = Experiment("adding", "adding", "", "")
        >>> Result("adding", row, (Start(True, 0.009, 4000, 3.0),), 0.4).told
        '4,000 sequences'
        >>> Result("adding", row, (Start(False, 0.17, 64000, 50.0),), 0.4).told
        'not solved within 64,000 sequences'
        """
        if math.isfinite(self.sequences):
            return f"{self.sequences:,.0f} {self.experiment.unit}"
        return f"not solved within {max(start.sequences for start in self.starts):,} {self.experiment.unit}"

    @property
    def line(self) -> tuple[str, list[int], list[int], int | None]:
        """What `show.experiments` draws: the title, numbers of the starts solved and not solved, the paper's number."""
        solved, given_up = ([start.sequences for start in self.starts if start.solved is k] for k in (True, False))
        return self.experiment.title, solved, given_up, self.experiment.published

    @property
    def missed(self) -> bool:
        """Whether the paper did otherwise, or a goal of the course is not reached."""
        row, most = self.experiment, math.inf
        if row.published is not None:
            most = row.published * (row.share or 1)
        late = row.goal is not None and self.seconds > row.goal
        other = self.solved < len(self.starts) if row.solves else self.solved > 0
        return late or other or self.sequences > most


def _settings(steps: int, lr: float, **more: Any) -> Settings:
    return Settings(**{"steps": steps, "lr": lr, "every": 50, **more})


def _descent(clip_by: str, lr: float = 0.1) -> Settings:
    return _settings(2000, lr, optimizer="sgd", clip_by=clip_by, nonfinite="allow")


ADDING = "add the two marked numbers of T; solved: mean squared error below 0.01 (always answering 1 costs 0.167)"
ADDING_1997 = "T..1.1 T numbers in [-1, 1], one of the first 10 and one of the first T/2 - 1 marked; 99 % within 0.04"
ORDER = "in which order came X and Y, hidden at 10-20 % and 50-60 % of T..1.1 T symbols? 99 % right"
REBER = "predict the next symbol; solved: the second-last one, the same as the second, is right in 99.9 %"
STREAM = "Reber strings end to end, learned in sequences of 200; solved: 1000 symbols without a mistake, on average"
DIGITS = "drawn digits of 8 x 8 pixels, read as a sequence; 95 % right"
COUNTING = "n letters a, then n letters b, which b is the last? trained on n up to 50; right for every n up to 100"
SUMS = "47+85=132, character by character; solved: 95 % of the sums without any mistake"
TALLEC = "Tallec & Ollivier 2018: adding at T = 750 is learned 7 times faster with chrono than without"
LE = "Le, Jaitly & Hinton 2015 §4.1: the IRNN is comparable to an LSTM, a tanh RNN falls behind"
GREFF = "Greff et al. 2017: the forget gate is among the most critical parts of the LSTM"
WEISS = "Weiss, Goldberg & Yahav 2018: the LSTM learns to count and goes on far beyond training, the GRU does not"
GERS = "Gers, Schmidhuber & Cummins 2000"
DESCENT = "temporal order with T = 20, plain descent with steps of 0.1, at norm 1 or as they are; 99 % right"
PASCANU = "Pascanu, Mikolov & Bengio 2013 §4.1: clipping raises the share of starts that succeed, more so with length"
LONG = {"T_max": 1000, "settings": _settings(2500, 2e-2)}
COPY = {
    "sizes": ((10, 5), (10, 20), (10, 50), (10, 100)),
    "H": 64,
    "B": 32,
    "settings": _settings(12_000, 1e-2),
    "held": (256, 2560),
}
CLIP = {"sizes": (20,), "cell": "rnn", "H": 50, "B": 20, "settings": _descent("norm")}

EXPERIMENTS = {
    "adding_100": Experiment(
        "adding T=100 as in 1997", "adding_1997", ADDING_1997, f"74,000 sequences ({HS} §5.4)", 74_000
    ),
    "adding_500": Experiment(
        "adding T=500 as in 1997",
        "adding_1997",
        ADDING_1997,
        f"209,000 sequences ({HS} §5.4)",
        209_000,
        {"sizes": (50, 150, 500), "T_max": 500},
        full=True,
    ),
    "adding_1000_1997": Experiment(
        "adding T=1000 as in 1997",
        "adding_1997",
        ADDING_1997,
        f"853,000 sequences ({HS} §5.4)",
        853_000,
        {"sizes": (50, 200, 1000), **LONG},
        full=True,
    ),
    "adding_1000": Experiment(
        "adding T=1000, today's form",
        "adding",
        ADDING,
        f"853,000 sequences, in the older form ({HS} §5.4)",
        853_000,
        {"sizes": (50, 200, 1000), **LONG},
        goal=20,
        share=0.2,
        starts=5,
    ),
    "order": Experiment(
        "temporal order of two, T=100 (6a)",
        "temporal_order",
        ORDER,
        f"31,390 sequences ({HS} §5.6)",
        31_390,
        {"settings": _settings(4000, 5e-2, every=10)},
        goal=1,
        share=0.2,
        starts=5,
    ),
    "order_3": Experiment(
        "temporal order of three, T=100 (6b)",
        "temporal_order_3",
        "the same with three places and eight classes; 99 % right",
        f"571,100 sequences ({HS} §5.6)",
        571_100,
    ),
    "order_bias_1": Experiment(
        "temporal order of two, T=100, forget bias 1",
        "temporal_order",
        ORDER,
        "the same task with another first bias: no figure",
        None,
        {"gate_bias": 1.0, "settings": _settings(2000, 1e-2)},
        solves=False,
    ),
    "two_sequences": Experiment(
        "two sequences T=100 (3a)",
        "two_sequences",
        "the class stands in the first 3 of T..1.1 T inputs; 99 % right",
        f"27,380 sequences ({HS} §5.3)",
        27_380,
    ),
    "latch": Experiment(
        "latch T=100, trained",
        "latch",
        "keep the sign of the first of T..1.1 T inputs through noise; 99 % right",
        "Bengio, Simard & Frasconi 1994 §III: ever harder for gradient descent as T grows",
    ),
    "latch_guessed": Experiment(
        "latch T=100, one tanh unit, weights guessed",
        "latch",
        "the same; all weights are drawn from U(-100, 100) until they fit",
        "22 guesses on the average (Schmidhuber, Hochreiter & Bengio 2001, latch variant II)",
        22,
        {"cell": "rnn", "H": 1},
        starts=5,
        unit="guesses",
        why="Eight numbers are guessed here, the output layer among them; in the paper three. Its tasks are longer.",
    ),
    "reber": Experiment("embedded Reber, LSTM", "reber", REBER, f"{HS} §5.1: solved by the LSTM"),
    "reber_rnn": Experiment(
        "embedded Reber, tanh RNN",
        "reber",
        REBER,
        "none: not trained in this way there",
        None,
        {"cell": "rnn", "settings": _settings(3000, 5e-3)},
        why="The strings have 12 symbols on the average: no test of a long memory.",
    ),
    "stream": Experiment(
        "continual Reber, LSTM",
        "continual_reber",
        STREAM,
        f"perfect in 18 % of the starts, in 62 % with a falling step size ({GERS} §4)",
    ),
    "stream_open": Experiment(
        "continual Reber, no forget gate",
        "continual_reber",
        STREAM,
        f"never perfect, 37 symbols on the average ({GERS} §4)",
        None,
        {"open_gate": "f"},
        solves=False,
        why="Short streams from a zero state, Adam, and 1000 symbols instead of a stream without end: easier.",
    ),
    "copy": Experiment(
        "copy T=100",
        "copy",
        "10 of 8 symbols, 100 blanks, then the same 10 symbols; 99 % of symbols right",
        "not in 1997; Arjovsky, Shah & Bengio 2016 §4.1: over long lags an LSTM hardly beats the baseline",
        changes=COPY,
        goal=20,
        starts=5,
        why="Of five starts one ended at 97.8 %; smaller steps, more units and growing words were no faster.",
    ),
    "adding_200_chrono": Experiment(
        "adding T=200, chrono", "adding", ADDING, TALLEC, None, {"sizes": (200,), "T_max": 200}
    ),
    "adding_200_bias_1": Experiment(
        "adding T=200, forget bias 1", "adding", ADDING, TALLEC, None, {"sizes": (200,), "gate_bias": 1.0}
    ),
    "adding_200_default": Experiment(
        "adding T=200, PyTorch's start",
        "adding",
        ADDING,
        TALLEC,
        None,
        {"sizes": (200,), "gate_bias": None, "init": "default"},
    ),
    "adding_irnn": Experiment(
        "adding T=150, IRNN",
        "adding",
        ADDING,
        LE,
        None,
        {"sizes": (150,), "cell": "relu", "init": "identity", "H": 64, "settings": _settings(3000, 1e-3)},
        why="Two of three starts were still near 0.167 after 48,000 sequences; longer training was not tried.",
    ),
    "adding_rnn": Experiment(
        "adding T=150, tanh RNN",
        "adding",
        ADDING,
        LE,
        None,
        {"sizes": (150,), "cell": "rnn", "H": 64, "settings": _settings(2000, 1e-3)},
        solves=False,
    ),
    "clipped": Experiment("temporal order T=20, tanh RNN, clipped", "temporal_order", DESCENT, PASCANU, None, CLIP),
    "not_clipped": Experiment(
        "temporal order T=20, tanh RNN, not clipped",
        "temporal_order",
        DESCENT,
        PASCANU,
        None,
        CLIP | {"settings": _descent("none")},
        solves=False,
    ),
    "not_clipped_small": Experiment(
        "temporal order T=20, tanh RNN, not clipped, steps of 0.01",
        "temporal_order",
        "the same with steps of a tenth of that",
        PASCANU,
        None,
        CLIP | {"settings": _descent("none", 0.01)},
    ),
    "digits": Experiment("digits pixel by pixel, LSTM", "digits", DIGITS, "none on these digits"),
    "digits_irnn": Experiment(
        "digits pixel by pixel, IRNN",
        "digits",
        DIGITS,
        "97 % on the 784 pixels of MNIST (Le, Jaitly & Hinton 2015)",
        None,
        {"cell": "relu", "init": "identity", "settings": _settings(2000, 1e-3)},
        why="Not one start was solved within 32,000 sequences; longer training was not tried.",
    ),
    "digits_rnn": Experiment(
        "digits pixel by pixel, tanh RNN",
        "digits",
        DIGITS,
        "none on these digits",
        None,
        {"cell": "rnn", "settings": _settings(3000, 1e-3)},
        why="One start of three was at 74 % after 48,000 sequences; longer training was not tried.",
    ),
    "digit_rows": Experiment("digits row by row, LSTM", "digit_rows", DIGITS, "none on these digits"),
    "open_i": Experiment(
        "adding T=100, input gate held open",
        "adding",
        ADDING,
        GREFF,
        None,
        {"open_gate": "i"},
        why="Only the input gate can keep the unmarked numbers out of c; the papers rank by other tasks.",
    ),
    "open_f": Experiment(
        "adding T=100, forget gate held open",
        "adding",
        ADDING,
        GREFF,
        None,
        {"open_gate": "f"},
        why="Each sequence begins at c = 0, and nothing has to be forgotten; the papers rank by other tasks.",
    ),
    "open_o": Experiment("adding T=100, output gate held open", "adding", ADDING, GREFF, None, {"open_gate": "o"}),
    "counting_lstm": Experiment(
        "counting, LSTM",
        "counting",
        COUNTING,
        WEISS,
        why="The third start was right up to n = 92 when it was given up: beyond 50, but short of 100.",
    ),
    "counting_gru": Experiment(
        "counting, GRU",
        "counting",
        COUNTING,
        WEISS,
        None,
        {"cell": "gru", "settings": _settings(4000, 1e-2, every=100)},
        solves=False,
    ),
    "sums_2": Experiment(
        "sums of two digits", "sums", SUMS, "99 % for nine digits, with a curriculum (Zaremba & Sutskever 2014)"
    ),
    "sums_3": Experiment(
        "sums of three digits",
        "sums",
        SUMS,
        "99 % for nine digits, with a curriculum (Zaremba & Sutskever 2014)",
        None,
        {"sizes": (1, 2, 3)},
        full=True,
    ),
}


def stored(names: list[str] | None = None) -> list[Result]:
    """The stored results, all or those named, in the order of the table.

    Raises LookupError for a name without a result.
    """
    told = json.loads(FILE.read_text("utf-8")) if FILE.exists() else {"loop": math.nan, "experiments": {}}
    found = told["experiments"]
    strange = [name for name in names or () if name not in found]
    if strange:
        raise LookupError(f"experiment: expected one of {', '.join(found)}, got {strange[0]!r}")
    return [
        Result(name, row, tuple(Start(**start) for start in found[name]), told["loop"])
        for name, row in EXPERIMENTS.items()
        if name in (found if names is None else names) and name in found
    ]
