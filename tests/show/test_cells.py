"""The three cells as drawings: one part lit, nothing crosses or overlaps, and the drawn numbers are the equations'."""

import matplotlib

matplotlib.use("Agg")

from itertools import combinations

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_hex

from course_lib.nn import cells as nn
from course_lib.show import cells, diagram, figure, legend
from course_lib.show.colours import QUANTITIES
from course_lib.show.explorer import artists

PARTS = {"rnn": cells.RNN_PARTS, "lstm": cells.LSTM_PARTS, "gru": cells.GRU_PARTS}
EVERY = [(name, part) for name, parts in PARTS.items() for part in parts]
GATES = {  # the least and the greatest value of each control
    "rnn": {"x": (-1, 1), "w_xh": (-2, 2), "h_prev": (-1, 1), "w_hh": (-2, 2), "bias": (-1, 1)},
    "lstm": {
        "forget_gate": (0, 1),
        "input_gate": (0, 1),
        "candidate": (-1, 1),
        "output_gate": (0, 1),
        "c_prev": (-2, 2),
    },  # fmt: skip
    "gru": {"reset_gate": (0, 1), "update_gate": (0, 1), "x_n": (-2, 2), "h_n": (-2, 2), "h_prev": (-1, 1)},
}


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def parts(name, part):
    return getattr(cells, f"{name}_parts")(part)


def strokes(ax):
    return [line for line in ax.lines if len(line.get_xdata()) > 1 and line.get_zorder() == 1]


@pytest.mark.parametrize(("name", "part"), EVERY)
def test_one_part_is_lit_and_the_rest_is_grey(name, part):
    ax = parts(name, part).axes[0]
    colours = {to_hex(line.get_color()) for line in strokes(ax)}
    assert (diagram.PALE in colours) == (part != "all")
    assert colours - {diagram.PALE} or part == "state"
    assert ax.get_title() == PARTS[name][part]
    assert PARTS[name][part] in getattr(cells, f"{name}_parts_alt")(part)


@pytest.mark.parametrize("name", PARTS)
def test_an_unknown_part_is_refused(name):
    with pytest.raises(ValueError, match="lit: expected one of all, .*got 'memory'"):
        parts(name, "memory")


@pytest.mark.parametrize("name", PARTS)
def test_no_wire_crosses_another(name):
    lines = [[tuple(p) for p in line.get_xydata()] for line in strokes(parts(name, "all").axes[0])]
    pieces = [piece for line in lines for piece in zip(line, line[1:])]
    for (a, b), (c, d) in combinations(pieces, 2):

        def side(p, q, r):
            return np.sign(round((q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0]), 9))

        assert side(a, b, c) * side(a, b, d) >= 0 or side(c, d, a) * side(c, d, b) >= 0, (a, b, c, d)


def overlaps(fig):
    figure.legible(fig)
    fig.draw_without_rendering()
    found = [(t.get_text(), t.get_window_extent()) for ax in fig.axes for t in ax.texts]
    return [(a, b) for (a, box), (b, other) in combinations(found, 2) if box.overlaps(other)]


def extremes(name):
    ends = GATES[name]
    return [{}, {k: low for k, (low, _) in ends.items()}, {k: high for k, (_, high) in ends.items()}]


@pytest.mark.parametrize("name", PARTS)
def test_no_text_lies_on_another_or_outside(name):
    assert overlaps(parts(name, "all")) == []
    for values in extremes(name):
        fig = getattr(cells, f"{name}_cell")(**values)
        assert overlaps(fig) == []
        assert all(t.get_window_extent().x0 >= 0 and t.get_window_extent().x1 <= fig.bbox.x1 for t in fig.axes[0].texts)


def drawn(name, **values):
    """The numbers of an explorer: from the texts, and from the lengths of the bars."""
    found = artists(getattr(cells, f"{name}_cell")(**values))
    texts = {gid: float(a.get_text()) for gid, a in found.items() if hasattr(a, "get_text")}
    bars = {gid[4:]: float(np.diff(a.get_xdata())[0]) for gid, a in found.items() if gid.startswith("bar_")}
    return texts, bars


def test_the_rnn_s_numbers_are_those_of_its_step():
    texts, bars = drawn("rnn", x=0.5, w_xh=-1.5, h_prev=0.3, w_hh=2.0, bias=0.25)
    h_t = nn.rnn_step(*(np.array([[v]]) for v in (0.5, 0.3, -1.5, 2.0)), np.array([0.25])).item()
    assert texts["h_t"] == round(h_t, 2)
    assert bars["h_t"] == pytest.approx(h_t * cells.UNIT)
    assert bars["from_x"] + bars["from_h"] + bars["bias"] == pytest.approx(bars["a_t"])


def logit(p):
    return np.log(p / (1 - p))


def test_the_lstm_s_numbers_are_those_of_its_step():
    f, i, g, o, c = 0.7, 0.4, -0.6, 0.3, 1.5
    texts, bars = drawn("lstm", forget_gate=f, input_gate=i, candidate=g, output_gate=o, c_prev=c)
    b_h = np.array([logit(i), logit(f), np.arctanh(g), logit(o)])
    zero, none = np.zeros((1, 1)), np.zeros((4, 1))
    h_t, c_t = (a.item() for a in nn.lstm_step(zero, zero, np.array([[c]]), none, none, b_h))
    assert (texts["h_t"], texts["c_t"]) == (round(h_t, 2), round(c_t, 2))
    assert bars["c_t"] == pytest.approx(c_t * cells.UNIT)
    assert bars["kept"] + bars["written"] == pytest.approx(bars["c_t"])


def test_the_gru_s_numbers_are_those_of_its_step():
    r, z, x_n, h_n, h = 0.3, 0.6, -0.4, 1.2, 0.8
    texts, bars = drawn("gru", reset_gate=r, update_gate=z, x_n=x_n, h_n=h_n, h_prev=h)
    b_x, b_h = np.array([logit(r), logit(z), x_n]), np.array([0, 0, h_n])
    none = np.zeros((3, 1))
    h_t = nn.gru_step(np.zeros((1, 1)), np.array([[h]]), none, none, b_x, b_h).item()
    assert texts["h_t"] == round(h_t, 2)
    assert bars["h_t"] == pytest.approx(h_t * 2 * cells.UNIT)
    assert bars["kept"] + bars["written"] == pytest.approx(bars["h_t"])


@pytest.mark.parametrize("name", PARTS)
def test_the_words_tell_the_drawn_numbers(name):
    for values in extremes(name):
        texts = artists(getattr(cells, f"{name}_cell")(**values))
        words = getattr(cells, f"{name}_cell_alt")(**values)
        assert f" {texts['h_t'].get_text()}" in words
        assert "-0.00" not in words


def test_a_legend_has_a_sample_and_a_name_for_each_letter():
    html = legend.legend_html("h", "f")
    assert 'alt="h, full line:"' in html and " hidden state<" in html
    assert 'alt="f, dashed line:"' in html and " forget gate<" in html
    assert legend.legend_html(*QUANTITIES).count("<img") == len(QUANTITIES)
    with pytest.raises(LookupError, match="got 'q'"):
        legend.legend_html("q")
    with pytest.raises(ValueError, match="got none"):
        legend.legend_html()
