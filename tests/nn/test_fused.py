"""The modules that run on the fused layers against torch.nn, and what they leave to it."""

import copy

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.nn import fused

F64 = torch.float64
KINDS = [("RNN", {}), ("RNN", {"nonlinearity": "relu"}), ("GRU", {})]
kinds = pytest.mark.parametrize(("name", "options"), KINDS, ids=["tanh", "relu", "gru"])
few = settings(max_examples=15, deadline=None)


def twins(name, D, H, dtype=F64, **options):
    ours, theirs = (getattr(home, name)(D, H, dtype=dtype, **options) for home in (fused, torch.nn))
    theirs.load_state_dict(ours.state_dict())
    return ours, theirs


def results(module, xs, h0, weight=1.0):
    """Outputs, last state and the gradients of everything."""
    xs, h0 = xs.clone().requires_grad_(), None if h0 is None else h0.clone().requires_grad_()
    hs, h_T = module(xs, h0)
    (weight * (hs.sin().sum() + h_T.cos().sum())).backward()
    return [hs, h_T, xs.grad, *([] if h0 is None else [h0.grad]), *(p.grad for p in module.parameters())]


@kinds
@few
@given(size=st.tuples(*(st.integers(1, n) for n in (40, 4, 3, 5))), start=st.booleans(), seed=st.integers(0, 2**31))
def test_results_and_gradients_are_those_of_torch(name, options, size, start, seed):
    torch.manual_seed(seed)
    T, B, D, H = size
    ours, theirs = twins(name, D, H, **options)
    xs, h0 = torch.randn(T, B, D, dtype=F64), torch.randn(1, B, H, dtype=F64) if start else None
    for a, b in zip(results(ours, xs, h0), results(theirs, xs, h0), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-10)


@kinds
def test_one_node_for_the_whole_sequence_and_a_gradient_only_where_it_is_asked_for(name, options):
    ours, _ = twins(name, 3, 4, torch.float32, **options)
    hs, h_T = ours(torch.randn(9, 2, 3))
    assert type(hs.grad_fn).__name__ == "_SequenceBackward"
    ours.weight_hh_l0.requires_grad_(False)
    hs, h_T = ours(torch.randn(9, 2, 3))
    (hs.mean() + h_T.sum()).backward()  # a mean's gradient is one number, seen many times
    assert ours.weight_hh_l0.grad is None
    assert ours.weight_ih_l0.grad.abs().sum() > 0
    with torch.no_grad():
        assert not ours(torch.randn(9, 2, 3))[0].requires_grad


@kinds
@pytest.mark.parametrize("change", [{"num_layers": 2}, {"bidirectional": True}, {"batch_first": True}, {"bias": False}])
def test_what_the_layers_cannot_do_is_done_by_torch(name, options, change):
    ours, theirs = twins(name, 3, 4, **options, **change)
    for a, b in zip(
        results(ours, torch.ones(5, 2, 3, dtype=F64), None), results(theirs, torch.ones(5, 2, 3, dtype=F64), None)
    ):
        assert torch.equal(a, b)
    packed = torch.nn.utils.rnn.pack_sequence([torch.ones(n, 3, dtype=F64) for n in (4, 2)])
    assert torch.equal(ours(packed)[0].data, theirs(packed)[0].data)


@kinds
@pytest.mark.parametrize("where", ["input", "state", "weight", "gradient"])
def test_numbers_that_are_not_finite_go_the_way_of_torch(name, options, where):
    torch.manual_seed(0)
    ours, theirs = twins(name, 3, 4, **options)
    xs, h0 = torch.randn(5, 2, 3, dtype=F64), torch.randn(1, 2, 4, dtype=F64)
    if where == "weight":
        for module in (ours, theirs):
            module.weight_hh_l0.data[1, 2] = float("nan")
    else:
        {"input": xs, "state": h0}.get(where, torch.zeros(1, 1, 1))[0, 0, 0] = float("inf")
    weight = float("inf") if where == "gradient" else 1.0
    for a, b in zip(results(ours, xs, h0, weight), results(theirs, xs, h0, weight), strict=True):
        torch.testing.assert_close(a, b, equal_nan=True)


@kinds
def test_what_is_malformed_gets_the_error_of_torch(name, options):
    ours, theirs = twins(name, 3, 4, torch.float32, **options)
    for xs, h0 in [
        (torch.ones(5, 2, 7), None),
        (torch.ones(5, 2, 3), torch.ones(1, 3, 4)),
        (torch.ones(5, 2, 3, dtype=F64), None),
        (torch.ones(5, 2, 3), torch.ones(1, 2, 4, dtype=F64)),
        (torch.ones(3), None),
    ]:
        with pytest.raises(Exception) as expected:  # noqa: PT011
            theirs(xs, h0)
        with pytest.raises(type(expected.value)) as got:
            ours(xs, h0)
        assert str(got.value) == str(expected.value)


@kinds
def test_autograd_keeps_its_rules(name, options):
    ours, _ = twins(name, 3, 4, **options)
    xs = torch.randn(5, 2, 3, dtype=F64)
    loss = ours(xs)[0].sum()
    loss.backward()
    with pytest.raises(RuntimeError, match="second time"):
        loss.backward()
    loss = ours(xs)[0].sum()
    with torch.no_grad():
        ours.weight_hh_l0.mul_(2)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()
    with pytest.raises(RuntimeError, match="once_differentiable"):
        torch.autograd.grad(ours(xs)[0].square().sum(), ours.weight_ih_l0, create_graph=True)[0].sum().backward()


@kinds
def test_two_sequences_do_not_disturb_each_other(name, options):
    ours, theirs = twins(name, 3, 4, **options)
    other = copy.deepcopy(ours)
    losses = []
    for module in (ours, theirs):
        torch.manual_seed(0)
        a, b = module(torch.randn(6, 2, 3, dtype=F64)), module(torch.randn(3, 5, 3, dtype=F64))
        losses.append(a[0].square().sum() + b[0].square().sum())
        losses[-1].backward()
    torch.testing.assert_close(ours.weight_hh_l0.grad, theirs.weight_hh_l0.grad, rtol=1e-10, atol=1e-12)
    assert other.weight_hh_l0.grad is None
