"""Each lecture as nbconvert's HTML over file://, with no network: explorers, questions, formulas, accessibility.

Light at 1,200 px with the mouse; dark at 800 px with the keyboard and reduced motion; 640 px (a window of 1,280 at
200 %); and without scripts.
"""

import json
import re
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbconvert import HTMLExporter
from traitlets.config import Config

SETTING = Path(__file__).parents[2] / "course_lib" / "nbconvert.json"
PARTS = ".course-explorer, .course-quiz, .course-predict, .course-guess, .course-figure"
CODE = [
    [".jp-InputArea-editor"],
    [".jp-InputPrompt"],
    [".jp-OutputPrompt"],
    ["math"],
]  # JupyterLab's colours of code; inherited
TEMPLATE = {"link-in-text-block"}  # JupyterLab's links in a text have a colour and no line
WATCH = """() => {  // what each picture shows while a button of the mouse is down, and how long a frame takes
  window.seen = [];
  addEventListener('pointerdown', () => { window.down = true; }, true);
  addEventListener('pointerup', () => { window.down = false; }, true);
  addEventListener('input', () => { window.asked = performance.now(); }, true);
  for (const image of document.querySelectorAll('.course-explorer img'))
    image.addEventListener('load', () => seen.push([window.down, image.src, image.alt, performance.now() - asked]));
}"""
WIDE = """() => [...document.querySelectorAll('PARTS')].flatMap(part => [part, ...part.querySelectorAll('*')])
  .filter(part => part.checkVisibility() && !part.closest('.told, math')
    && part.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
  .map(part => part.outerHTML.slice(0, 80))""".replace("PARTS", PARTS)
STATUS = "n => { const told = document.querySelectorAll('.course-explorer')[n]; return told.querySelector('[role=status]').textContent === told.querySelector('img').alt; }"  # noqa: E501


@pytest.fixture(scope="module")
def html(lecture, tmp_path_factory):
    """The lecture as light and as dark HTML, by nbconvert with the setting that the course brings along."""
    folder, exporter = tmp_path_factory.mktemp("html"), HTMLExporter(config=Config(json.loads(SETTING.read_text())))
    light, _ = exporter.from_notebook_node(nbformat.read(lecture, 4))
    (folder / "light.html").write_text(light, "utf-8")
    dark = light.replace('data-jp-theme-light="true"', 'data-jp-theme-light="false"')  # what --theme dark changes
    colours = [
        exporter.environment.loader.get_source(None, f"static/theme-{name}.css")[0] for name in ("light", "dark")
    ]
    assert colours[0] in dark
    (folder / "dark.html").write_text(dark.replace(*colours), "utf-8")
    return folder


def opened(browser, path, **options):
    """A page of its own, offline, that records what it asks the web for and what goes wrong in its scripts."""
    context = browser.new_context(**options)
    context.set_default_timeout(15_000)
    page = context.new_page()
    page.asked, page.errors = [], []
    context.route(re.compile("^https?:"), lambda route: (page.asked.append(route.request.url), route.abort()))
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.goto(path.as_uri())
    return page


@pytest.fixture(scope="module")
def light(browser, html):
    page = opened(browser, html / "light.html", viewport={"width": 1200, "height": 900})
    page.evaluate(WATCH)
    yield page
    page.context.close()


@pytest.fixture(scope="module")
def dark(browser, html):
    size = {"width": 800, "height": 900}
    page = opened(browser, html / "dark.html", viewport=size, reduced_motion="reduce", color_scheme="dark")
    yield page
    page.context.close()


def explorers(page):
    """The explorers that work without a kernel; all of them must be live."""
    found = page.locator(".course-explorer").all()
    assert all(one.get_attribute("data-live") is not None for one in found)
    return found


def values(slider):
    """(low, high, step, value) of a slider."""
    return slider.evaluate("s => [+s.min, +s.max, +s.step, +s.value]")


def shown(explorer):
    """(data, alt text) of an explorer's picture."""
    return tuple(explorer.locator("img").evaluate("i => [i.src, i.alt]"))


def until_changed(explorer, before, what):
    """The picture after it changed; a failure names what did not change it."""
    for _ in range(60):
        if shown(explorer) != before:
            return shown(explorer)
        explorer.page.wait_for_timeout(50)
    raise AssertionError(f"{what}: the picture did not change; it says {before[1][:80]!r}")


def label(field):
    """What a reader knows a control by."""
    text = field.evaluate("f => f.labels?.[0]?.innerText.trim() || f.innerText.trim()")
    assert text, field.evaluate("f => f.outerHTML")
    return text


# ---------------------------------------------------------------- with the mouse


def test_the_page_is_whole_without_a_network(light, lecture):
    assert light.asked == []
    assert light.errors == []
    sizes = light.locator("math").evaluate_all("all => all.map(m => m.getBoundingClientRect().height)")
    visible = [size for size in sizes if size > 0]
    cells = nbformat.read(lecture, 4).cells
    texts = [cell.source for cell in cells if cell.cell_type == "markdown"]
    texts += [out.data.get("text/markdown", "") for cell in cells for out in cell.get("outputs", []) if "data" in out]
    assert bool(visible) == any(re.search(r"\$[^$`]+\$", text) for text in texts)


def test_the_picture_follows_each_slider_while_the_mouse_drags(light):
    for explorer in explorers(light):
        for slider in explorer.locator("input[type=range]").all():
            low, high, step, start = values(slider)
            name, box = label(slider), slider.scroll_into_view_if_needed() or slider.bounding_box()
            light.evaluate("() => { window.seen = []; }")
            at = box["x"] + 8 + (box["width"] - 16) * (start - low) / (high - low)
            end = box["x"] + 2 if start - low > high - start else box["x"] + box["width"] - 2
            light.mouse.move(at, box["y"] + box["height"] / 2)
            light.mouse.down()
            wanted, count, last = min(3, round(abs(high - start if end > at else start - low) / step)), 0, start
            for k in range(1, 9):
                light.mouse.move(at + (end - at) * k / 8, box["y"] + box["height"] / 2)
                if values(slider)[3] != last:  # each step shows its frame before the next one is taken
                    light.wait_for_function("n => window.seen.length > n", arg=count)
                last, count = values(slider)[3], light.evaluate("() => window.seen.length")
            seen = light.evaluate("() => window.seen.map(([down, src, alt]) => [down, src, alt])")
            light.mouse.up()
            assert values(slider)[3] in (low, high), name
            assert len({src for down, src, _ in seen if down}) >= wanted, f"{name}: {len(seen)} frames while dragging"
            assert len({alt for _, _, alt in seen}) >= min(2, wanted), f"{name}: the alt text stays"
            slider.evaluate("(s, v) => { s.value = v; s.dispatchEvent(new Event('input')); }", start)


def test_play_runs_and_pauses(light):
    for explorer in explorers(light):
        for button in explorer.locator("form button").all():
            for slider in explorer.locator("input[type=range]").all():
                slider.press("Home")
            light.wait_for_timeout(100)
            before = shown(explorer)
            button.click()
            until_changed(explorer, before, "play")
            assert "pause" in button.inner_text()
            button.click()
            assert "play" in button.inner_text()


# ---------------------------------------------------------------- with the keyboard alone


def test_each_control_works_with_the_keyboard_alone(dark):
    for n, explorer in enumerate(explorers(dark)):
        fields = explorer.locator("form :is(input, select, button)").all()
        fields[0].focus()
        for k, field in enumerate(fields):
            assert field.evaluate("f => f === document.activeElement"), "Tab does not reach the next control"
            drive(dark, explorer, field, field.evaluate("f => f.type || f.tagName"))
            if k + 1 < len(fields):
                dark.keyboard.press("Tab")
        dark.wait_for_function(STATUS, arg=n)


def drive(page, explorer, field, kind):
    """One control through its keys; the picture changes with it."""
    name, before = label(field), shown(explorer)
    if kind == "range":
        low, high, step, _ = values(field)
        for key, value in {"End": high, "Home": low, "ArrowRight": low + step, "ArrowLeft": low}.items():
            page.keyboard.press(key)
            assert values(field)[3] == pytest.approx(value), f"{name}: {key}"
            told = field.get_attribute("aria-valuetext")
            assert told == field.evaluate("f => f.closest('label').nextElementSibling.textContent"), name
        page.wait_for_timeout(150)
        lowest = shown(explorer)
        page.keyboard.press("PageUp")
        raised = values(field)[3]
        assert raised > low, f"{name}: PageUp"
        page.keyboard.press("PageDown")  # a tenth of the range, rounded to a step: not always back to the lowest
        assert values(field)[3] < raised, f"{name}: PageDown"
        page.keyboard.press("End")
        until_changed(explorer, lowest, f"{name}, from one end to the other")
    elif kind == "select-one":
        chosen = field.evaluate("f => f.selectedIndex")
        page.keyboard.press("ArrowDown" if chosen == 0 else "ArrowUp")
        assert field.evaluate("f => f.selectedIndex") != chosen
        until_changed(explorer, before, name)
    elif kind == "checkbox":
        page.keyboard.press("Space")
        until_changed(explorer, before, name)
    else:
        slider = explorer.locator("input[type=range]").first
        page.keyboard.press("Enter")  # reduced motion: one step, no running
        until_changed(explorer, before, name)
        after = values(slider)
        page.wait_for_timeout(1300)
        assert values(slider) == after, "Play runs on although motion is to be reduced"


# ---------------------------------------------------------------- questions


def test_questions_lock_tell_and_remember(light, html):
    """By turns the right option and a wrong one, with the mouse and with the keyboard."""
    source = BeautifulSoup((html / "light.html").read_text("utf-8"), "html.parser")
    right = [
        ["right" in option["class"] for option in quiz.select("details")] for quiz in source.select(".course-quiz")
    ]
    told = []
    for n, quiz in enumerate(light.locator(".course-quiz").all()):
        lock, verdict, choice = quiz.locator("button"), quiz.locator(".verdict"), right[n].index(n % 2 == 0)
        lock.click()
        assert "Choose" in verdict.inner_text()
        choose(light, quiz, choice, by_keyboard=n % 4 > 1)
        assert verdict.inner_text().startswith("✓ Right." if n % 2 == 0 else "✗ Not so:")
        colour = verdict.evaluate("v => getComputedStyle(v).borderLeftColor")
        assert colour == ("rgb(0, 158, 115)" if n % 2 == 0 else "rgb(213, 94, 0)")
        explained = quiz.locator("details.all")
        explained.locator("summary").first.click()
        assert explained.locator("details").count() == len(right[n])
        assert sum("✓" in text for text in explained.locator("details").all_inner_texts()) <= 1
        told.append((choice, verdict.inner_text()))
    for predict in light.locator(".course-predict").all():
        predict.locator("input").fill("-1e9")
        predict.locator("button").click()
        assert "too low" in predict.locator(".verdict").inner_text()
    light.wait_for_timeout(300)  # the browser writes answers down in its own time
    light.reload()
    light.evaluate(WATCH)
    assert light.errors == []
    explorers(light)
    for quiz, (choice, verdict) in zip(light.locator(".course-quiz").all(), told, strict=True):
        assert quiz.locator("input").nth(choice).is_checked()
        assert quiz.locator("input:disabled").count() == quiz.locator("input").count() - 1
        assert quiz.locator(".verdict").inner_text() == verdict
    for predict in light.locator(".course-predict").all():
        assert "too low" in predict.locator(".verdict").inner_text()


def choose(page, quiz, choice, by_keyboard):
    if not by_keyboard:
        quiz.locator("label").nth(choice).click()
        quiz.locator("button").click()
        return
    quiz.locator("input").first.focus()
    page.keyboard.press("Space")
    for _ in range(choice):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")


# ---------------------------------------------------------------- sizes, themes, without scripts


def test_nothing_is_cut_off_in_a_narrow_window(dark):
    assert dark.evaluate(WIDE) == []
    dark.set_viewport_size({"width": 640, "height": 450})
    assert dark.evaluate(WIDE) == []
    widths = dark.locator(".course-explorer input[type=range]").evaluate_all("all => all.map(s => s.clientWidth)")
    assert all(width >= 100 for width in widths)
    dark.set_viewport_size({"width": 800, "height": 900})


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious(theme, light, dark):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="pip install '.[test]'").Axe()
    page = {"light": light, "dark": dark}[theme]
    page.evaluate("() => document.querySelectorAll('details').forEach(d => { d.open = true; })")
    where = {"exclude": CODE} if theme == "light" else {"include": [[part] for part in PARTS.split(", ")]}
    found = [(v["id"], node["html"][:150]) for v in axe.run(page, where).response["violations"]
             if v["impact"] in ("serious", "critical") and v["id"] not in TEMPLATE for node in v["nodes"]]  # fmt: skip
    assert found == []


def test_without_scripts_pictures_and_answers_are_there(browser, html):
    page = opened(browser, html / "light.html", java_script_enabled=False)
    for explorer in page.locator(".course-explorer").all():
        assert len(explorer.locator("img").get_attribute("alt")) > 20
        assert explorer.locator(".still").is_visible()
    folds = ".course-quiz details:first-of-type, .course-predict details, details.course-guess"
    for option in page.locator(folds).all():
        assert option.get_attribute("open") is None
        option.locator("summary").first.click()
        assert option.get_attribute("open") is not None
    page.context.close()
