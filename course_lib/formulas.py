r"""Formulas without a network: TeX to MathML, which every browser draws by itself.

JupyterLab typesets `$…$` with the MathJax that it brings along; a page of nbconvert fetches MathJax from the web.
`course_lib/nbconvert.json`, which the installed course puts into its environment's `etc/jupyter`, makes
`jupyter nbconvert --to html` use `markdown2html` from here and fetch nothing. With a Jupyter of another environment:
`--config course_lib/nbconvert.json` (the course must be installed there).
"""

from __future__ import annotations

import html
import re
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from jinja2 import pass_context
from latex2mathml.converter import convert_to_element
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

INLINE = re.compile(r"(?<![$\\])\$(?![$\s])([^$]+?)(?<![\s\\])\$(?!\d)")
CODE = re.compile(r"(<(code|pre|script|style)\b.*?</\2>)", re.S)
SIGNS, CLOSING, TIGHT = set("+−±∓"), set(")]}⟩⌋⌉|‖!′"), set("/.")


def mathml(tex: str, display: bool = False) -> str:
    r"""One formula as a MathML element; ValueError when it holds a command that is not known.

    Example:
        >>> mathml(r"\ln 2")[66:]
        '<mrow><mi>ln</mi><mspace width="0.167em" /><mn>2</mn></mrow></math>'
    """
    plain = re.sub(r"\{aligned\}", "{align*}", tex.strip())
    try:
        tree = convert_to_element(plain, display="block" if display else "inline")
        text = ElementTree.tostring(_mended(tree), encoding="unicode")
    except Exception as error:  # every fault of the library's has a class of its own
        raise ValueError(f"formula {tex!r}: {type(error).__name__} {error}") from error
    if "\\" in text:
        raise ValueError(f"formula {tex!r}: {re.search(r'.[a-zA-Z]*', text[text.index(chr(92)) :])[0]} is not known")
    return text


def inline(text: str) -> str:
    """HTML with every `$…$` outside of code as MathML; a formula that is none stays as it is.

    Example:
        >>> inline("$5 and <code>$x$</code>")
        '$5 and <code>$x$</code>'
    """
    parts = CODE.split(text)  # text, code, the code's tag, text, …
    return "".join(INLINE.sub(_formula, part) if k % 3 == 0 else part * (k % 3 == 1) for k, part in enumerate(parts))


def _formula(found: re.Match[str]) -> str:
    try:
        return mathml(html.unescape(found[1]))
    except ValueError:
        return found[0]


# ---------------------------------------------------------------- what the library leaves to mend


def _mended(tree: Element) -> Element:
    r"""Spaces as TeX sets them: \ln 2, \max(a, b), x = -1, 1/2, and \mathrel{+}= as one sign."""
    for part in tree.iter():
        part.text = html.unescape(part.text).replace("~", "∼") if part.text else None  # the library writes entities
        if part.tag == "mo" and len(part):  # \mathrel{+}
            part.text = html.unescape("".join(part.itertext()))
            part[:] = []
        if part.tag == "mo" and re.fullmatch("[a-z]{2,}", part.text or ""):  # \max
            part.tag = "mi"
            part.attrib.clear()
        if part.text == "∼":  # a relation, not a letter
            part.tag = "mo"
        if part.get("columnalign") and part.tag == "mtd":  # no browser reads the attribute
            part.set("style", f"text-align: {part.get('columnalign')}")
    for row in [part for part in tree.iter() if part.tag in ("mrow", "mtd", "mstyle", "math")]:
        before: Element | None = None
        for part in list(row):
            sign = part.text if part.tag == "mo" else None
            last = before.text if before is not None and before.tag == "mo" else None
            if last == "+" and sign == "=":
                before.text = "+="
                row.remove(part)
                continue
            if sign in SIGNS and (before is None or (last and last not in CLOSING)):
                part.set("form", "prefix")
            if sign in TIGHT:
                part.attrib.update(lspace="0", rspace="0")
            if before is not None and _is_function(before) and sign is None and part.tag != "mspace":
                row.insert(list(row).index(part), Element("mspace", width="0.167em"))
            before = part
    return tree


def _is_function(part: Element) -> bool:
    base = part[0] if part.tag in ("msub", "msup", "msubsup", "munder") else part
    return base.tag == "mi" and re.fullmatch("[a-z]{2,}", base.text or "") is not None


# ---------------------------------------------------------------- nbconvert


class _Renderer(IPythonRenderer):
    def block_math(self, body: str) -> str:
        return self._math(body, True) or super().block_math(body)

    def inline_math(self, body: str) -> str:
        return self._math(body, False) or super().inline_math(body)

    def latex_environment(self, name: str, body: str) -> str:
        return self._math(rf"\begin{{{name}}}{body}\end{{{name}}}", True) or super().latex_environment(name, body)

    def _math(self, body: str, display: bool) -> str | None:
        try:
            return mathml(body, display)
        except ValueError:
            return None


@pass_context
def markdown2html(context: Any, source: str) -> str:
    """nbconvert's filter of this name, with MathML for formulas."""
    cell, metadata = context.get("cell", {}), context.get("resources", {}).get("metadata", {})
    renderer = _Renderer(escape=False, attachments=cell.get("attachments", {}), path=metadata.get("path", ""))
    return MarkdownWithMath(renderer=renderer).render(source)
