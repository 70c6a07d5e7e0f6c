"""What the language models of lines share: what each line costs, read by itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from course_lib.data import pad
from course_lib.data.prose import prose


@torch.no_grad()
def surprise(network: nn.Module, rows: Sequence[np.ndarray]) -> np.ndarray:
    """The bits of all symbols of a row but the first, which is only read; every row starts from a fresh state.

    Shapes: n rows of ids, each (T_i + 1,) -> (n,).
    """
    totals = np.zeros(len(rows))
    order = sorted(range(len(rows)), key=lambda i: len(rows[i]))  # like lengths together: few pads
    for start in range(0, len(rows), 128):
        chosen = order[start : start + 128]
        ids, _, mask = pad([rows[i] for i in chosen])
        scores, _ = network(torch.from_numpy(ids[:-1]))
        losses = F.cross_entropy(scores.permute(0, 2, 1), torch.from_numpy(ids[1:]), reduction="none")  # (T, n)
        totals[chosen] = (losses * torch.from_numpy(mask[1:])).sum(0).numpy() / np.log(2)
    return totals


def checked(lines: Sequence[str]) -> Sequence[str]:
    """The lines, or ValueError for an empty one or one with a line break."""
    for line in lines:
        if not line or "\n" in line:
            raise ValueError(f"lines: expected one line of text each, got {line!r}")
    return lines


def per_character(bits: Callable[[nn.Module, Sequence[str]], np.ndarray], network: nn.Module) -> float:
    """Bits per character, line ends included, on the sentences of the held-out files; `bits` says what lines cost."""
    lines = prose().held_out
    return float(bits(network, lines).sum() / sum(len(line) + 1 for line in lines))
