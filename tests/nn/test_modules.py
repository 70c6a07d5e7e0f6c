"""The torch modules against torch.nn with copied weights, and the variants against the readable cells."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.nn import cells, modules
from course_lib.nn.modules import MODULES, make_module, mask, masked_mean, pad

F64 = torch.float64
TWINS = ("rnn", "lstm", "gru")
few = settings(max_examples=12, deadline=None)


def pair(name, D, H, num_layers=1, **options):
    ours = make_module(name, D, H, num_layers=num_layers, dtype=F64, **options)
    theirs = getattr(torch.nn, name.upper())(D, H, num_layers, dtype=F64, **options)
    return ours, theirs


def results(module, xs, state, lengths=None):
    """Outputs, last states and all gradients of one scalar made of them."""
    xs = xs.clone().requires_grad_()
    if lengths is not None and not isinstance(module, modules._Recurrent):
        packed = torch.nn.utils.rnn.pack_padded_sequence(xs, lengths, enforce_sorted=False)
        hs, last = module(packed, state)
        hs, _ = torch.nn.utils.rnn.pad_packed_sequence(hs, total_length=len(xs))
    elif lengths is not None:
        hs, last = module(xs, state, lengths)
    else:
        hs, last = module(xs, state)
    last = torch.cat(last) if isinstance(last, tuple) else last
    (hs.sin().sum() + last.cos().sum()).backward()
    names = sorted(name for name, _ in module.named_parameters())
    return [hs, last, xs.grad] + [dict(module.named_parameters())[name].grad for name in names]


def draw_state(name, *shape):
    h0, c0 = (torch.randn(shape, dtype=F64) for _ in range(2))
    return (h0, c0) if name in ("lstm", "peephole", "cifg") else h0


@pytest.mark.parametrize("name", TWINS)
@few
@given(
    size=st.tuples(*(st.integers(1, n) for n in (7, 4, 3, 4))),
    layers=st.integers(1, 3),
    both=st.booleans(),
    padded=st.booleans(),
    seed=st.integers(0, 2**31),
)
def test_equals_torch_with_its_state_dict_both_ways(name, size, layers, both, padded, seed):
    torch.manual_seed(seed)
    T, B, D, H = size
    ours, theirs = pair(name, D, H, layers, bidirectional=both)
    theirs.load_state_dict(ours.state_dict())
    ours.load_state_dict(theirs.state_dict())
    xs, state = torch.randn(T, B, D, dtype=F64), draw_state(name, layers * (1 + both), B, H)
    lengths = torch.randint(1, T + 1, (B,)) if padded else None
    for mine, other in zip(results(ours, xs, state, lengths), results(theirs, xs, state, lengths), strict=True):
        torch.testing.assert_close(mine, other, rtol=0, atol=1e-10)


def test_relu_equals_torch():
    ours, theirs = pair("rnn", 3, 4, nonlinearity="relu")
    theirs.load_state_dict(ours.state_dict())
    xs = torch.randn(6, 2, 3, dtype=F64)
    torch.testing.assert_close(ours(xs), theirs(xs), rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", MODULES)
def test_padding_with_lengths_equals_no_padding(name):
    torch.manual_seed(0)
    module = make_module(name, 3, 4, num_layers=2, bidirectional=True, dtype=F64)
    sequences = [torch.randn(n, 3, dtype=F64) for n in (5, 2, 7)]
    xs, lengths = pad(sequences, value=7.0)
    hs, last = module(xs, lengths=lengths)
    losses = hs.square().sum(dim=2)
    alone = [module(s[:, None]) for s in sequences]
    expected = torch.cat([a.square().sum(dim=2).flatten() for a, _ in alone]).mean()
    torch.testing.assert_close(masked_mean(losses, lengths), expected)
    for b, (a, end) in enumerate(alone):
        torch.testing.assert_close(hs[: len(a), b], a[:, 0])
        for s, e in zip(last if isinstance(last, tuple) else [last], end if isinstance(end, tuple) else [end]):
            torch.testing.assert_close(s[:, b], e[:, 0])
    assert (hs[~mask(lengths, len(xs))] == 0).all()


def test_gru_before_equals_the_readable_cell_and_differs_from_torch():
    torch.manual_seed(1)
    ours, theirs = make_module("gru_before", 3, 4, dtype=F64), torch.nn.GRU(3, 4, dtype=F64)
    theirs.load_state_dict(ours.state_dict())
    xs = torch.randn(5, 2, 3, dtype=F64)
    hs = ours(xs)[0].detach().numpy()
    h_t = np.zeros((2, 4))
    for x_t, h in zip(xs.numpy(), hs, strict=True):
        h_t = cells.gru_step_before(x_t, h_t, *(p.detach().numpy() for p in ours.parameters()))
        np.testing.assert_allclose(h, h_t, atol=1e-12)
    assert not torch.allclose(ours(xs)[0], theirs(xs)[0], atol=1e-3)


def test_variants_reduce_to_the_lstm():
    torch.manual_seed(2)
    lstm, peephole, cifg = (make_module(name, 3, 4, dtype=F64) for name in ("lstm", "peephole", "cifg"))
    xs = torch.randn(6, 2, 3, dtype=F64)
    missing = peephole.load_state_dict(lstm.state_dict(), strict=False)
    assert missing.missing_keys == ["peephole_i_l0", "peephole_f_l0", "peephole_o_l0"]
    assert not torch.allclose(peephole(xs)[0], lstm(xs)[0], atol=1e-3)
    with torch.no_grad():
        for name in missing.missing_keys:
            getattr(peephole, name).zero_()
        # sigmoid(-a) = 1 - sigmoid(a): an LSTM whose input gate is the mirror of its forget gate is a CIFG.
        for mine, coupled in zip(lstm.parameters(), cifg.parameters(), strict=True):
            mine.copy_(torch.cat([-coupled[:4], coupled]))
    torch.testing.assert_close(cifg(xs), lstm(xs), rtol=0, atol=1e-12)
    peephole.load_state_dict(lstm.state_dict(), strict=False)
    torch.testing.assert_close(peephole(xs), lstm(xs), rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", MODULES)
def test_gradients_by_finite_differences(name):
    torch.manual_seed(3)
    module = make_module(name, 2, 3, dtype=F64)
    xs = torch.randn(4, 2, 2, dtype=F64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda xs, *_: module(xs, lengths=[4, 2])[0], (xs, *module.parameters()))


@pytest.mark.parametrize("placement", modules.PLACEMENTS)
def test_dropout_acts_in_training_only_and_follows_its_generator(placement):
    def build():
        return make_module(
            "gru", 3, 8, num_layers=2, dropout=0.5, placement=placement, generator=torch.Generator().manual_seed(4)
        )

    xs, first, second = torch.ones(5, 2, 3), build(), build()
    assert torch.equal(first(xs)[0], second(xs)[0])
    assert not torch.equal(first(xs)[0], first(xs)[0])
    assert torch.equal(first.eval()(xs)[0], first(xs)[0])


def test_placements_put_their_masks_where_they_say():
    def recorded(placement):
        module = make_module("rnn", 2, 64, dropout=0.5, placement=placement, generator=torch.Generator().manual_seed(5))
        seen, step = [], module.step

        def record(x_t, h_in, state, *weights):
            seen.append((x_t == 0, h_in == 0))
            return step(x_t, h_in, state, *weights)

        module.step = record
        module(torch.ones(4, 1, 2), torch.ones(1, 1, 64))
        return seen

    (_, z1), (_, z2) = recorded("zaremba")[1:3]
    assert not z1.any()
    assert not z2.any()
    (x1, v1), (x2, v2) = recorded("variational")[1:3]
    assert v1.any()
    assert torch.equal(v1, v2)
    assert torch.equal(x1, x2)
    (_, n1), (_, n2) = recorded("naive")[1:3]
    assert n1.any()
    assert not torch.equal(n1, n2)


BAD = {
    "features": (lambda m: m(torch.zeros(5, 2, 4)), r"xs: expected \(T, B, D\) = \(T, B, 3\), got \(5, 2, 4\)"),
    "empty": (lambda m: m(torch.zeros(0, 2, 3)), r"xs: expected no empty axis, got \(T, B, D\) = \(0, 2, 3\)"),
    "numpy": (lambda m: m(np.zeros((5, 2, 3))), "xs: expected .* got ndarray"),
    "dtype": (lambda m: m(torch.zeros(5, 2, 3, dtype=F64)), "xs: expected torch.float32 .* got torch.float64"),
    "nan": (lambda m: m(torch.full((5, 2, 3), torch.nan)), r"xs: expected finite values, got nan at index \(0, 0, 0\)"),
    "count": (lambda m: m(torch.zeros(5, 2, 3), lengths=[5]), r"lengths: expected \(B,\) = \(2,\), got \(1,\)"),
    "long": (lambda m: m(torch.zeros(5, 2, 3), lengths=[5, 6]), "lengths: expected values in 1..T = 1..5, got 6"),
    "state": (lambda m: m(torch.zeros(5, 2, 3), "h0"), "state: expected (one tensor h0|two tensors)"),
    "number": (lambda m: m(torch.zeros(5, 2, 3), 5), "state: expected (one tensor h0|two tensors .*), got int"),
    "h0": (
        lambda m: m(torch.zeros(5, 2, 3), (torch.zeros(2, 4),) * m.states),
        r"h0: expected \(num_layers \* directions, B, H\) = \(1, 2, 4\), got \(2, 4\)",
    ),
}


@pytest.mark.parametrize("name", MODULES)
@pytest.mark.parametrize("bad", BAD)
def test_bad_input_is_one_clear_line(name, bad):
    call, message = BAD[bad]
    with pytest.raises(ValueError, match=message):
        call(make_module(name, 3, 4))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"H": 0}, "H: expected a whole number >= 1, got 0"),
        ({"bidirectional": 2}, "bidirectional: expected one of True, False, got 2"),
        ({"dropout": 1.0}, r"dropout: expected a probability in \[0, 1\), got 1.0"),
        ({"placement": "everywhere"}, "placement: expected one of zaremba, naive, variational, got 'everywhere'"),
        ({"nonlinearity": "sin"}, "nonlinearity: expected one of tanh, relu, got 'sin'"),
    ],
)
def test_bad_options(options, message):
    with pytest.raises(ValueError, match=message):
        make_module("rnn", **{"D": 3, "H": 4} | options)


@pytest.mark.parametrize("sequences", [[], [np.zeros(2)], [torch.tensor(1.0)], [torch.zeros(2, 3), torch.zeros(2, 4)]])
def test_what_cannot_stand_side_by_side(sequences):
    with pytest.raises(ValueError, match=r"sequences: expected at least one tensor \(T_i, ...\)"):
        pad(sequences)


def test_sizes_and_lengths_may_be_of_any_whole_number_type():
    assert make_module("rnn", np.int64(3), 4).D == 3
    assert mask(torch.tensor([255, 1], dtype=torch.uint8), T=300).sum() == 256
