"""Attention: look up a query among keys, get a weighted mean of the states behind them.

Letters: T states to look at, B batch, D their size, H size of the query (the decoder's state), A size in which query
and keys are compared. The states are a sequence (T, B, D), as everywhere; but nothing here knows their order.
"""

import math

import torch
from torch import Tensor, nn

from course_lib.nn._shapes import check_name


def masked_softmax(scores: Tensor, mask: Tensor | None = None) -> Tensor:
    """alpha_j = exp(e_j) / sum_k exp(e_k) over axis 0, the states; a masked state gets weight 0 exactly.

    Args: scores (T, B); mask (T, B) bool, True where a state counts, or None for all.
    Returns: weights (T, B) that add up to 1 over T.
    Raises: ValueError for a mask of another shape or type, or one that leaves nothing to look at.

    Example:
        >>> masked_softmax(torch.zeros(3, 1), torch.tensor([[True], [True], [False]]))[:, 0]
        tensor([0.5000, 0.5000, 0.0000])

    Derived in notebooks/09_translation.ipynb.
    """
    if mask is None:
        return scores.softmax(0)
    if mask.dtype != torch.bool or mask.shape != scores.shape:
        came = f"{str(mask.dtype).removeprefix('torch.')} {tuple(mask.shape)}"
        raise ValueError(f"mask: expected bool (T, B) = {tuple(scores.shape)}, got {came}")
    if not mask.any(0).all():
        raise ValueError(f"mask: expected a state that counts in each column, got none in column {_empty(mask)}")
    return scores.masked_fill(~mask, -math.inf).softmax(0)


def _empty(mask: Tensor) -> int:
    return int(torch.nonzero(~mask.any(0))[0])


def weighted_mean(weights: Tensor, states: Tensor) -> Tensor:
    """c = sum_j alpha_j h_j: weights (T, B), states (T, B, D) -> (B, D).

    Example:
        >>> weighted_mean(torch.tensor([[0.25], [0.75]]), torch.tensor([[[0.0, 4.0]], [[8.0, 0.0]]]))
        tensor([[6., 1.]])
    """
    return (weights[..., None] * states).sum(0)  # a product of matrices for each b would be slower at these sizes


class _Attention(nn.Module):
    """What both have: W compares the query, U the states; a subclass says how a score comes about."""

    def __init__(self, H: int, D: int, A: int, *, generator: torch.Generator | None = None) -> None:
        super().__init__()
        self.H, self.D, self.A = H, D, A
        self.W = _uniform((A, H), H, generator)
        self.U = _uniform((A, D), D, generator)

    def keys(self, states: Tensor) -> Tensor:
        """U h_j for all states (T, B, D) -> (T, B, A); they are the same at each step, so compute them once."""
        if states.dim() != 3 or states.shape[2] != self.D:
            raise ValueError(f"states: expected (T, B, D) = (T, B, {self.D}), got {tuple(states.shape)}")
        return states @ self.U.T

    def scores(self, query: Tensor, keys: Tensor) -> Tensor:
        """e_j for each state: query (B, H), keys (T, B, A) -> (T, B)."""
        raise NotImplementedError

    def forward(
        self, query: Tensor, states: Tensor, mask: Tensor | None = None, keys: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Look at the states with one query per row.

        Args: query (B, H); states (T, B, D); mask (T, B) bool, True where a state counts; keys as `keys` gives them, or
        None to compute them here.
        Returns: context (B, D), weights (T, B).
        Raises: ValueError for shapes that do not fit.
        """
        if query.dim() != 2 or tuple(query.shape) != (states.shape[1], self.H):
            raise ValueError(f"query: expected (B, H) = ({states.shape[1]}, {self.H}), got {tuple(query.shape)}")
        keys = self.keys(states) if keys is None else keys
        weights = masked_softmax(self.scores(query, keys), mask)  # (T, B)
        return weighted_mean(weights, states), weights


class AdditiveAttention(_Attention):
    """A layer of tanh units compares the query with each state (Bahdanau, Cho & Bengio 2015, §3.1 and A.1.2).

        e_j = v^T tanh(W s + U h_j)        alpha = softmax(e)        c = sum_j alpha_j h_j

    Args: H size of the query s, D size of the states h_j, A size of the comparison; generator: source of the weights.
    Parameters: W (A, H), U (A, D), v (A,).

    Example:
        >>> attention = AdditiveAttention(H=4, D=6, A=5, generator=torch.Generator().manual_seed(0))
        >>> context, weights = attention(torch.ones(2, 4), torch.ones(7, 2, 6))
        >>> context.shape, weights.shape
        (torch.Size([2, 6]), torch.Size([7, 2]))

    Derived in notebooks/09_translation.ipynb.
    """

    def __init__(self, H: int, D: int, A: int, *, generator: torch.Generator | None = None) -> None:
        super().__init__(H, D, A, generator=generator)
        self.v = _uniform((A,), A, generator)

    def scores(self, query: Tensor, keys: Tensor) -> Tensor:
        return torch.tanh(query @ self.W.T + keys) @ self.v


class DotAttention(_Attention):
    """The query and each state meet in a scalar product, scaled by the root of its size (Vaswani et al. 2017, §3.2.1).

        e_j = (W s) . (U h_j) / sqrt(A)        alpha = softmax(e)        c = sum_j alpha_j h_j

    Args: H size of the query s, D size of the states h_j, A size of the comparison; generator: source of the weights.
    Parameters: W (A, H), U (A, D). With U = 1 and without the root it is Luong, Pham & Manning's (2015) "general".

    Example:
        >>> attention = DotAttention(H=4, D=6, A=5, generator=torch.Generator().manual_seed(0))
        >>> attention(torch.ones(2, 4), torch.ones(7, 2, 6))[1].shape
        torch.Size([7, 2])

    Derived in notebooks/09_translation.ipynb.
    """

    def scores(self, query: Tensor, keys: Tensor) -> Tensor:
        return (query @ self.W.T * keys).sum(2) / math.sqrt(self.A)


ATTENTIONS = {"additive": AdditiveAttention, "dot": DotAttention}


def make_attention(name: str, H: int, D: int, A: int, *, generator: torch.Generator | None = None) -> _Attention:
    """An attention by its name, "additive" or "dot".

    Raises: ValueError for an unknown name.

    Example:
        >>> make_attention("adaptive", 3, 5, 4)
        Traceback (most recent call last):
        ValueError: attention: expected one of additive, dot, got 'adaptive'
    """
    check_name("attention", name, ATTENTIONS)
    return ATTENTIONS[name](H, D, A, generator=generator)


def _uniform(shape: tuple[int, ...], size: int, generator: torch.Generator | None) -> nn.Parameter:
    """Weights from U(-1/sqrt(size), 1/sqrt(size)), PyTorch's own law for a linear layer."""
    return nn.Parameter(torch.empty(shape).uniform_(-(size**-0.5), size**-0.5, generator=generator))
