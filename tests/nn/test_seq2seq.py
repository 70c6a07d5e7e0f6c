"""Encoder and decoder: padding changes nothing, greedy is a beam of one, and a wide beam finds the best answer."""

import itertools

import pytest
import torch

from course_lib.data import translations
from course_lib.nn import seq2seq
from course_lib.nn.seq2seq import END, PAD, START, Decoder, Encoder, Memory, Seq2Seq, beam, greedy, occlusion

ATTENTIONS = (None, "additive", "dot")
LONG, SHORT = [5, 3, 8, 4, 7], [6, 3]


def made(attention, V=7, seed=0):
    generator = torch.Generator().manual_seed(seed)
    encoder = Encoder(V=9, D=3, H=4, generator=generator)
    return Seq2Seq(encoder, Decoder(V=V, D=3, H=5, K=4, attention=attention, generator=generator))


def ids(*columns):
    T = max(map(len, columns))
    return torch.tensor([[column[t] if t < len(column) else PAD for column in columns] for t in range(T)])


def test_the_kept_ids_are_those_of_the_data():
    assert (PAD, START, END) == (translations.PAD, translations.START, translations.END)
    assert (seq2seq.PAD, seq2seq.START, seq2seq.END) == (0, 1, 2)


@pytest.mark.parametrize("attention", ATTENTIONS)
def test_a_longer_neighbour_changes_nothing(attention):
    model, fed = made(attention), ids([START, 4, 5])
    alone, _ = model.decoder(model.encoder(ids(SHORT)), fed)
    together, _ = model.decoder(model.encoder(ids(LONG, SHORT)), torch.cat([fed, fed], 1))
    assert torch.allclose(alone[:, 0], together[:, 1], atol=1e-6)


def test_the_summary_is_the_state_at_the_last_symbol():
    encoder = made(None).encoder
    memory = encoder(ids(LONG, SHORT))
    assert torch.equal(memory.summary, torch.stack([memory.states[4, 0], memory.states[1, 1]]))
    assert memory.mask.sum(0).tolist() == [5, 2]


@pytest.mark.parametrize("attention", ATTENTIONS)
def test_one_call_is_encoder_and_decoder(attention):
    model = made(attention)
    xs = torch.zeros(5, 2, 2, dtype=torch.long)
    xs[..., 0], xs[:3, :, 1] = ids(LONG, SHORT), ids([START, 4, 5], [START, 6])
    logits, state = model(xs)
    expected, _ = model.decoder(model.encoder(xs[..., 0]), xs[:3, :, 1])
    assert state is None
    assert torch.equal(logits[:3], expected)
    assert (logits[3:] == 0).all()
    assert logits.shape == (5, 2, 7)


@pytest.mark.parametrize("attention", ATTENTIONS)
@pytest.mark.parametrize("seed", range(3))
def test_greedy_is_a_beam_of_one_and_stops_at_the_end(attention, seed):
    model = made(attention, seed=seed)
    model.decoder.head.bias.data[END] += 0.3
    both = greedy(model.decoder, model.encoder(ids(LONG, SHORT)), steps=6)
    for b, text in enumerate((LONG, SHORT)):
        one = beam(model.decoder, model.encoder(ids(text)), width=1, steps=6)[0]
        written = both.ids[:, b].tolist()
        end = written.index(END) if END in written else len(written)
        assert written[:end] == one.ids
        assert set(written[end + 1 :]) <= {PAD}
        assert float(both.log_p[b]) == pytest.approx(one.log_p, abs=1e-5)


@torch.no_grad()
def test_a_wide_beam_finds_the_likeliest_of_all_answers():
    model, steps = made("additive", V=6, seed=3), 3
    memory, found = model.encoder(ids(LONG)), []
    for n in range(steps):
        for answer in itertools.product((3, 4, 5), repeat=n):
            fed = ids([START, *answer])
            log_p = model.decoder(memory, fed)[0].log_softmax(2)[range(n + 1), 0, [*answer, END]].sum()
            found.append((float(log_p), list(answer)))
    best = beam(model.decoder, memory, width=40, steps=steps)[0]
    assert best.ended
    assert (pytest.approx(best.log_p, abs=1e-5), best.ids) == max(found)


def test_weights_of_the_library_read_out_the_state_they_look_at():
    model = made("dot")
    memory = model.encoder(ids(LONG))
    written = greedy(model.decoder, memory, steps=4)
    assert written.weights.shape == (len(written.ids), 5, 1)
    assert torch.allclose(written.weights.sum(1), torch.ones(len(written.ids), 1))


def test_a_seed_fixes_the_weights_and_leaves_torchs_own_alone():
    torch.manual_seed(0)
    before = torch.get_rng_state()
    first, second = made("additive", seed=1).state_dict(), made("additive", seed=1).state_dict()
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert torch.equal(torch.get_rng_state(), before)


def test_what_does_not_fit_is_named():
    model = made(None)
    with pytest.raises(ValueError, match=r"ids: expected ids in 0\.\.8, got 3\.\.9"):
        model.encoder(ids([3, 9]))
    with pytest.raises(ValueError, match="padding .* only after them"):
        model.encoder(ids([3, PAD, 4]))
    with pytest.raises(ValueError, match="padding .* only after them"):
        model.encoder(ids(SHORT, [PAD, PAD]))
    with pytest.raises(ValueError, match="ids: expected integer ids"):
        model.encoder(torch.zeros(3, 2))
    with pytest.raises(ValueError, match="inputs: expected B = 1 columns, got 2"):
        model.decoder(model.encoder(ids(SHORT)), ids([START], [START]))
    with pytest.raises(ValueError, match=r"xs: expected \(L, B, 2\)"):
        model(ids(SHORT))
    with pytest.raises(ValueError, match="B = 1, got B = 2"):
        beam(model.decoder, model.encoder(ids(LONG, SHORT)), 2, 3)
    with pytest.raises(ValueError, match="width: expected at least 1, got 0"):
        beam(model.decoder, model.encoder(ids(LONG)), 0, 3)
    with pytest.raises(ValueError, match="steps: expected at least 1, got 0"):
        greedy(model.decoder, model.encoder(ids(LONG)), 0)


def test_occlusion_measures_what_a_piece_is_worth():
    model, written = made("additive"), [4, 5, END]
    found = occlusion(model, torch.tensor(LONG), written, [(1, 3)], blank=2)
    fed = ids([START, 4, 5])

    def chance(text):
        return model.decoder(model.encoder(ids(text)), fed)[0].softmax(2)[range(3), 0, written]

    worth = (chance(LONG) - chance([5, 2, 2, 4, 7])).clamp(min=0)
    assert torch.allclose(found[:, 1], worth.detach(), atol=1e-6)
    assert torch.equal(found[:, 1], found[:, 2])
    assert (found[:, [0, 3, 4]] == 0).all()


def test_any_memory_can_be_described():
    decoder, memory = made("additive").decoder, Memory(torch.ones(4, 2, 4), torch.ones(2, 4), torch.ones(4, 2) > 0)
    assert greedy(decoder, memory, 3).ids.shape[1] == 2
