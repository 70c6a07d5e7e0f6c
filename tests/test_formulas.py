"""Formulas as MathML: every formula of the course converts, and the spaces are those of TeX."""

import re
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import nbformat
import pytest

from course_lib import formulas

ROOT = Path(__file__).parent.parent
NOTEBOOKS = sorted([*ROOT.glob("notebooks/*.ipynb"), *ROOT.glob("solutions/*.ipynb")])
QUIZZES = sorted(ROOT.glob("course_lib/show/quizzes/*.toml"))
WRITTEN = re.compile(r"<(code|pre)\b.*?</\1>|<[^>]*>", re.S)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_every_formula_of_a_notebook_is_drawn_without_mathjax(path):
    text = "\n\n".join(cell.source for cell in nbformat.read(path, 4).cells if cell.cell_type == "markdown")
    page = formulas.markdown2html({}, text)
    assert not re.findall(r".{0,40}(?:\$|\\[a-zA-Z]).{0,40}", WRITTEN.sub("", page))
    assert ("$" in text) == ("<math" in page)


@pytest.mark.parametrize("path", QUIZZES, ids=lambda path: path.stem)
def test_every_formula_of_a_question_is_drawn_without_mathjax(path):
    for item in tomllib.loads(path.read_text("utf-8")).values():
        for text in [
            item["question"],
            *(o[k] for o in item["options"] for k in ("text", "why", "misconception") if k in o),
        ]:
            assert not re.search(r"\$[^$]+\$", WRITTEN.sub("", formulas.inline(re.sub("`[^`]*`", "", str(text))))), text


SPACE = '<mspace width="0.167em" />'


@pytest.mark.parametrize(
    ("tex", "part"),
    [
        (r"\ln u", f"<mi>ln</mi>{SPACE}<mi>u</mi>"),
        (r"\log_2 x", f"</msub>{SPACE}<mi>x</mi>"),
        (r"\tanh(a)", '<mi>tanh</mi><mo stretchy="false">(</mo>'),
        (r"\max(a, b)", '<mi>max</mi><mo stretchy="false">('),
        (r"\operatorname{diag}(h)", '<mi>diag</mi><mo stretchy="false">('),
        ("w = -2", '<mo form="prefix">−</mo>'),
        ("a - b", "<mo>−</mo>"),
        ("(a) - b", "<mo>−</mo>"),
        ("1/2", '<mo lspace="0" rspace="0">/</mo>'),
        (r"db \mathrel{+}= da", "<mo>+=</mo>"),
        (r"x \sim N", "<mo>∼</mo>"),
        (r"\begin{aligned}a&=b\\c&=d\end{aligned}", '<mtd columnalign="right" style="text-align: right">'),
        (r"\lVert g \rVert < 1", "<mo>‖</mo><mo>&lt;</mo>"),
    ],
)
def test_signs_and_spaces(tex, part):
    assert part in formulas.mathml(tex)


def test_what_is_no_formula_stays():
    assert formulas.inline("5 $ or 6 $, `x`, $\\unknown$, <code>$x$</code>") == (
        "5 $ or 6 $, `x`, $\\unknown$, <code>$x$</code>"
    )
    page = formulas.markdown2html({}, "`$x$` and $\\unknown{x}$\n\n```\n$y$\n```")
    assert "<math" not in page
    assert "$\\unknown{x}$" in page
    with pytest.raises(ValueError, match="unknown"):
        formulas.mathml(r"\unknown")


def test_the_environment_has_the_setting_of_the_installed_course():
    try:
        metadata.version("course-lib")
    except metadata.PackageNotFoundError:
        pytest.skip("the course is not installed here")
    installed = Path(sys.prefix, "etc", "jupyter", "jupyter_nbconvert_config.json")
    assert installed.read_text("utf-8") == (ROOT / "course_lib" / "nbconvert.json").read_text("utf-8"), (
        "install the course anew: pip install --no-deps -e ."
    )
