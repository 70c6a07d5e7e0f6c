"""`torch.nn.RNN` and `torch.nn.GRU` that run on `course_lib.nn.layers` where they can: small networks train faster.

On a processor, torch keeps a node per operation and time step for autograd. Here the whole sequence is one node, and
its backward pass is the layer's own. The smaller the network, the more that saves. `torch.nn.LSTM` needs no such
help: oneDNN runs it as one operation.

Parameters are those of `torch.nn`; results and gradients differ from it by rounding only. What the layers cannot do
(another device, several layers or directions, packed sequences, numbers that are not finite) is left to `torch.nn`.
"""

from collections.abc import Callable
from math import isfinite
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from course_lib.nn import layers


class _Sequence(torch.autograd.Function):
    """A whole sequence as one node; `run` is torch's own function for the same."""

    @staticmethod
    def forward(
        ctx: Any, layer: layers.RNN | layers.GRU, run: Callable[..., Any], xs: Tensor, h0: Tensor, *weights: Tensor
    ) -> tuple[Tensor, Tensor]:
        ctx.layer, ctx.run = layer, run
        ctx.save_for_backward(
            xs, h0, *weights
        )  # so that autograd notices when one of them is changed before `backward`
        with np.errstate(all="ignore"):
            hs, h_T = layer.forward(xs.detach().numpy(), h0[0].detach().numpy())
        return torch.tensor(hs), torch.from_numpy(h_T)[None]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dhs: Tensor, dh_T: Tensor) -> tuple[Tensor | None, ...]:
        inputs = [a.detach().requires_grad_() for a in ctx.saved_tensors]
        if not _finite(dhs, dh_T):  # the layers refuse it
            with torch.enable_grad():
                outputs = _torch(ctx.run, *inputs)
            return None, None, *torch.autograd.grad(outputs, inputs, (dhs, dh_T))
        with np.errstate(all="ignore"):
            found = ctx.layer.backward(dhs.numpy(), dh_T[0].numpy(), inputs=ctx.needs_input_grad[2])
        dxs, dh0, *dweights = (None if d is None else torch.from_numpy(d) for d in found)
        return None, None, dxs, dh0[None], *dweights, *dweights[2 : 6 - len(dweights)]  # an RNN's two biases share one


def _torch(run: Callable[..., Any], xs: Tensor, h0: Tensor, *weights: Tensor) -> tuple[Tensor, Tensor]:
    return run(
        xs, h0, weights, True, 1, 0.0, False, False, False
    )  # biases, layers, dropout, training, both, batch first


def _finite(*tensors: Tensor) -> bool:
    """Whether all numbers are finite; squares that overflow count as not finite: torch can do those too."""
    arrays = [a.detach().numpy() for a in tensors]
    return all(isfinite(np.vdot(a, a)) for a in arrays)


def _fits(module: nn.RNNBase, xs: Any, h0: Any) -> bool:
    """Whether the layers can do it; what is malformed does not fit either, and torch says what is wrong."""
    if module.num_layers > 1 or module.bidirectional or module.batch_first or not module.bias:
        return False
    given = [xs] if h0 is None else [xs, h0]
    W = module.weight_hh_l0
    if not all(isinstance(a, Tensor) and a.ndim == 3 and a.dtype == W.dtype and a.device == W.device for a in given):
        return False
    shapes = (xs.shape[2] == module.input_size, h0 is None or h0.shape == (1, xs.shape[1], module.hidden_size))
    known = W.device.type == "cpu" and W.dtype in (torch.float32, torch.float64)
    return known and all(shapes) and 0 not in xs.shape and _finite(*given, *module.parameters())


def _forward(
    module: nn.RNNBase, make: Callable[..., Any], run: Callable[..., Any], xs: Tensor, h0: Tensor | None
) -> Any:
    if h0 is None:
        h0 = torch.zeros(1, xs.shape[1], module.hidden_size, dtype=xs.dtype)
    weights = module.weight_ih_l0, module.weight_hh_l0, module.bias_ih_l0, module.bias_hh_l0
    return _Sequence.apply(make(*(w.detach().numpy() for w in weights)), run, xs, h0, *weights)


class RNN(nn.RNN):
    """`torch.nn.RNN` (tanh or relu), faster on a processor.

    Call: module(xs, h0=None) -> hs (T, B, H), h_T (1, B, H), for xs (T, B, D), as `torch.nn.RNN`. Derived in
    notebooks/03_bptt.ipynb.
    """

    def forward(self, xs: Tensor, h0: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Outputs and the last state."""
        if not _fits(self, xs, h0):
            return super().forward(xs, h0)
        f = self.nonlinearity
        run = torch.rnn_tanh if f == "tanh" else torch.rnn_relu
        return _forward(self, lambda W_xh, W_hh, b_x, b_h: layers.RNN(W_xh, W_hh, b_x + b_h, f), run, xs, h0)


class GRU(nn.GRU):
    """`torch.nn.GRU`, faster on a processor.

    Call: module(xs, h0=None) -> hs (T, B, H), h_T (1, B, H), for xs (T, B, D), as `torch.nn.GRU`. Derived in
    notebooks/06_gru.ipynb.
    """

    def forward(self, xs: Tensor, h0: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Outputs and the last state."""
        if not _fits(self, xs, h0):
            return super().forward(xs, h0)
        return _forward(self, layers.GRU, torch.gru, xs, h0)
