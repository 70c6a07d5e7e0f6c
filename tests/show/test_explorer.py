"""Explorers: their controls, their frames, and the budget of both. How they move is in the browser tests."""

import re

import matplotlib.pyplot as plt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.show import explorer, figure, frames, script

ALT = "A straight line that rises with the slope."


def line(slope=1.0, kind="thin", label=False):
    fig, (ax, low) = plt.subplots(2, 1, layout="constrained")
    ax.plot([0, 1], [0, slope], lw=3 if kind == "thick" else 1, gid="line")
    ax.set(ylim=(0, 5), title=f"slope {slope:.1f}", xlabel="time" if label else "")
    low.plot([0, 1], [slope, 0])
    return fig


def made(draw=line, alt=ALT, **controls):
    return explorer.as_html(draw, alt, [explorer.control(name, spec) for name, spec in controls.items()])


def stored(html):
    """The spec and the frames of an explorer's HTML."""
    return re.search(r'<script type="text/x-frames">(.*)\n(.*?)</script>', html).groups()


@pytest.mark.parametrize(
    ("spec", "kind", "values", "start"),
    [
        ((1, 9, 2), "slider", [1, 3, 5, 7, 9], 5),
        ((0.0, 1.0, 0.25, 0.75), "slider", [0.0, 0.25, 0.5, 0.75, 1.0], 0.75),
        ([20, 50, 200], "slider", [20, 50, 200], 20),
        (([20, 50, 200], 50), "slider", [20, 50, 200], 50),
        (["a", "b"], "list", ["a", "b"], "a"),
        (True, "box", [False, True], True),
        ("def", "text", ["def"], "def"),
    ],
)
def test_controls_of_each_kind(spec, kind, values, start):
    found = explorer.control("spectral_radius", spec)
    assert (found.kind, found.values, found.values[found.start]) == (kind, values, start)
    assert found.label == "spectral radius"


@pytest.mark.parametrize("spec", [(1,), (2, 1, 1), (0, 1, 0.5, 7), [], [3], 5])
def test_a_control_that_is_none_is_refused(spec):
    with pytest.raises(ValueError, match="x: expected"):
        explorer.control("x", spec)


def test_a_line_to_type_in_needs_a_kernel():
    with pytest.raises(ValueError, match="kind: .* live=True"):
        made(kind="thin")


def test_a_control_without_a_label_is_refused():
    with pytest.raises(ValueError, match="label"):
        explorer.control("_", (1, 3, 1))


def test_the_values_of_one_control_have_the_same_number_of_digits():
    assert explorer.control("x", (0.0, 1.0, 0.25)).shown() == ["0.00", "0.25", "0.50", "0.75", "1.00"]
    assert explorer.control("x", (1, 3, 1)).shown() == ["1", "2", "3"]


def test_an_explorer_holds_a_frame_and_a_text_for_each_combination():
    html = made(
        alt=lambda slope, kind: f"A {kind} line with the slope {slope:.1f}.",
        slope=(0.0, 2.0, 1.0),
        kind=["thin", "thick"],
    )
    svgs, alts = frames.unpack(stored(html)[1])
    assert len(set(svgs)) == 6
    assert alts[1] == "A thick line with the slope 0.0."
    assert alts[-1] == "A thick line with the slope 2.0."
    assert 'alt="A thin line with the slope 1.0."' in html, "the still picture is that of the start values"
    assert html.count("<script>") == 1
    assert not re.search(r"https?://(?!www\.w3\.org)", html), "nothing is fetched"


def without_definitions(svg):
    """An SVG text without the shapes of its ticks, which kept axes may define twice; all that it uses is defined."""
    assert set(frames.REFERENCE.findall(svg)) <= set(re.findall(r' id="([^"]*)"', svg))
    return re.sub(r"<defs>.*?</defs>\n", "", svg, flags=re.S)


def test_a_frame_with_kept_axes_is_the_frame_drawn_anew():
    box = explorer.extent(line, [explorer.control("slope", (0.0, 4.0, 1.0))])
    drawer = frames.Drawer()
    for values in [{}, {"slope": 3.0}, {"slope": 2.0, "label": True}, {"slope": 4.0, "kind": "thick"}]:
        kept = drawer.svg(drawer.arrange(line(**values)), box)
        fresh = frames.Drawer()
        fresh.places = drawer.places
        anew = fresh.svg(fresh.arrange(line(**values)), box)
        assert without_definitions(kept) == without_definitions(anew)


@given(st.lists(st.tuples(st.floats(-500, 500), st.floats(-500, 500)), min_size=2, max_size=40))
def test_a_small_path_stays_within_a_tenth_of_a_point(points):
    path = "M " + " L ".join(f"{x:.6f} {y:.6f}" for x, y in points)
    numbers = [float(t) for t in re.findall(r"-?(?:\d+\.?\d*|\.\d+)", frames._relative(path))]
    x = y = 0.0
    for k, (right_x, right_y) in enumerate(points):
        x, y = x + numbers[2 * k], y + numbers[2 * k + 1]
        assert (x, y) == pytest.approx((right_x, right_y), abs=0.0501)


@given(st.lists(st.text("ab\n", max_size=12), min_size=1, max_size=5))
def test_packed_frames_come_back(svgs):
    assert frames.unpack(frames.pack(svgs, svgs)) == (svgs, svgs)


def test_no_text_of_a_figure_is_too_small_to_read():
    fig, ax = plt.subplots(figsize=(11, 3))
    ax.plot([0, 1], label="one")
    ax.text(0, 0, "tiny", fontsize=5)
    ax.legend(fontsize=6)
    ax.tick_params(labelsize=4)
    figure.legible(fig)
    fig.draw_without_rendering()
    least = figure.SMALLEST * 11 * 96 / figure.COLUMN
    assert min(t.get_fontsize() for t in fig.findobj(plt.Text)) == pytest.approx(least)
    plt.close(fig)


def test_frames_over_the_budget_are_refused(monkeypatch):
    monkeypatch.setattr(explorer, "LARGEST", 1000)
    with pytest.raises(ValueError, match="more than 1000"):
        made(slope=(0.0, 2.0, 1.0))


def test_many_frames_are_drawn_by_the_build_and_then_kept(monkeypatch, tmp_path):
    monkeypatch.setattr(explorer, "CACHE", tmp_path / "frames")
    monkeypatch.setattr(explorer, "MOST", 2)
    drawn = []
    monkeypatch.setattr(frames.Drawer, "svg", lambda self, fig, box, keep=(): drawn.append(plt.close(fig)) or "<svg/>")
    made(slope=(0.0, 2.0, 1.0))
    assert not (tmp_path / "frames").exists(), "only the build keeps frames"
    monkeypatch.setenv("COURSE_BUILDING", "1")
    first = made(slope=(0.0, 2.0, 1.0))
    count = len(drawn)
    assert made(slope=(0.0, 2.0, 1.0)) == first
    assert len(drawn) == count == 6
    made(slope=(0.0, 3.0, 1.0))
    assert len(drawn) == 10, "another grid is drawn anew"


def test_a_formula_needs_its_file_and_tells_where_its_lines_lie():
    with pytest.raises(LookupError, match=r"formulas/none\.js"):
        script.formula("none")
    fig = line()
    figure.legible(fig)
    assert list(explorer.artists(fig)) == ["line"]
    plt.close(fig)


def test_a_figure_with_too_short_a_text_is_refused():
    with pytest.raises(ValueError, match="expected a sentence"):
        made(alt="line", slope=(0.0, 2.0, 1.0))
