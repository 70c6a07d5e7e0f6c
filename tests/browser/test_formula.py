"""The formula of an explorer gives what its drawing function draws: the same words, and the same numbers to 1e-9."""

import itertools
import re

import matplotlib.pyplot as plt
import numpy as np
import pytest

from course_lib.show import explorer, script, stored

FORMULAS = {
    f.arguments[1]["formula"]: f.arguments for f in stored.explorers() if f.arguments and "formula" in f.arguments[1]
}
NUMBER = re.compile(r"-?\d+\.?\d*(?:e[+-]?\d+)?")


def drawn(draw, alt, values):
    """What the figure says at these values: gid -> text, or [xs, ys]."""
    fig = draw(**values)
    parts = {}
    for name, artist in explorer.artists(fig).items():
        lines = hasattr(artist, "get_ydata")
        parts[name] = np.array([artist.get_xdata(), artist.get_ydata()], float) if lines else artist.get_text()
    plt.close(fig)
    return parts | {"alt": alt(**values)}


def agree(ours, theirs):
    """Whether two texts are equal up to the last digit of their numbers: ties are rounded differently."""
    if NUMBER.sub("#", ours) != NUMBER.sub("#", theirs):
        return False
    for a, b in zip(NUMBER.findall(ours), NUMBER.findall(theirs), strict=True):
        places = len(a.partition(".")[2].partition("e")[0])
        if abs(float(a) - float(b)) > 1.001 * 10.0**-places * max(1, abs(float(a)) if "e" in a else 1):
            return False
    return True


def some(controls, rng, count=16):
    """The lowest and the highest of all controls together, and values drawn at random."""
    yield from ({c.key: c.values[k] for c in controls} for k in (0, -1))
    for _ in range(count):
        yield {c.key: c.values[rng.integers(len(c.values))] for c in controls}


@pytest.mark.parametrize("name", FORMULAS)
def test_the_formula_is_the_drawing(name, browser):
    [draw], options = FORMULAS[name]
    alt = options["alt"]
    controls = [explorer.control(k, spec) for k, spec in options.items() if k not in stored.SETTINGS]
    page = browser.new_page()
    page.set_content(f"<!doctype html><body>{script.formula(name)}")
    for values in itertools.islice(some(controls, np.random.default_rng(0)), 18):
        result = page.evaluate("([name, values]) => window.courseFormulas[name](values)", [name, values])
        wanted = drawn(draw, alt, values)
        assert set(result) == set(wanted)
        for part, value in wanted.items():
            if isinstance(value, str):
                assert agree(value, result[part]), (values, part, value, result[part])
                continue
            found = result[part] if isinstance(result[part][0], list) else [value[0], result[part]]
            np.testing.assert_allclose(np.array(found, float), value, rtol=1e-9, atol=1e-9, err_msg=f"{values} {part}")
    page.close()
