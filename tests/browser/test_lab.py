"""Each lecture in JupyterLab: trusted and without a kernel, changed and so not trusted, and one with its kernel."""

import contextlib
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request

import nbformat
import pytest

from course_lib import trust

SETTINGS = {
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "notebook-extension/tracker": {"windowingMode": "none"},
}
OPEN = """async path => {
  const app = window.jupyterapp, preference = {shouldStart: false, canStart: false, autoStartDefault: false};
  await app.restored;
  if (!app.shell.leftCollapsed) await app.commands.execute('application:toggle-left-area');
  await app.commands.execute('docmanager:open', {path, factory: 'Notebook', kernelPreference: preference});
  const panel = app.shell.currentWidget;
  await panel.context.ready;
  await panel.revealed;
}"""
KERNEL = "() => window.jupyterapp.shell.currentWidget.sessionContext.session?.kernel?.status ?? null"
CELLS = """() => { const {activeCellIndex, widgets} = window.jupyterapp.shell.currentWidget.content;
  return [activeCellIndex, widgets.length, ...widgets.map(w => w.model.type[0])].join(' '); }"""
EVIDENCE = "cells => cells.filter(cell => !cell.offsetParent).length"
EXPAND = "() => window.jupyterapp.commands.execute('notebook:expand-all-headings')"
VALUE = "f => `${f.checked} ${f.value}`"
WIDE = """() => {
  const edge = document.querySelector('.jp-Notebook').getBoundingClientRect().right;
  return [...document.querySelectorAll('.jp-Notebook :is(.course-explorer, .course-quiz, .course-figure)')]
    .filter(part => part.getBoundingClientRect().right > edge).map(part => part.outerHTML.slice(0, 80));
}"""
THEME = "theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})"
RUN = "() => window.jupyterapp.commands.execute('notebook:run-all-cells')"
READY = "() => window.jupyterapp?.shell?.currentWidget?.sessionContext?.isReady"
FAILED = """() => window.jupyterapp.shell.currentWidget.content.widgets
  .filter(c => c.model.type === 'code')
  .flatMap(c => c.model.outputs.toJSON().map(o => [c.model.id, o]))
  .filter(([id, o]) => o.output_type === 'error').map(([id, o]) => `${id}: ${o.evalue}`)"""


@pytest.fixture(scope="module")
def course(lectures, tmp_path_factory):
    """All lectures in a folder of their own: those in notebooks/ signed as `lab` does it, those in changed/ changed."""
    folder = tmp_path_factory.mktemp("lab")
    for name in ("notebooks", "changed", "course_lib", "data"):
        (folder / name).mkdir()
    for path in lectures:
        shutil.copy(path, folder / "notebooks" / path.name)
        notebook = nbformat.read(path, 4)
        notebook.cells[0].source += " (changed)"
        nbformat.write(notebook, folder / "changed" / path.name)
    (folder / trust.LIST).write_text(trust.trusted(folder))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_DATA_DIR", str(folder / "data"))
        assert trust.sign(folder) == len(lectures)
    return folder


@pytest.fixture(scope="module")
def lab(course):
    """JupyterLab on these lectures with settings of its own; yields a function from path to address."""
    for name, values in SETTINGS.items():
        file = course / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(values), "utf-8")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    token = secrets.token_hex(16)
    options = {"ServerApp.root_dir": course, "ServerApp.port": port, "ServerApp.port_retries": 0,
               "IdentityProvider.token": token, "LabApp.expose_app_in_browser": True,
               "LanguageServerManager.autodetect": False,
               "KernelSpecManager.allowed_kernelspecs": "python3"}  # fmt: skip
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"]
    command += [f"--{name}={value}" for name, value in options.items()]
    own = {"JUPYTER_CONFIG_DIR": course / "config", "JUPYTERLAB_SETTINGS_DIR": course / "settings",
           "JUPYTERLAB_WORKSPACES_DIR": course / "workspaces", "JUPYTER_RUNTIME_DIR": course / "runtime",
           "JUPYTER_DATA_DIR": course / "data", "IPYTHONDIR": course / "ipython",
           "COURSE_HOME": course / "home"}  # fmt: skip
    log = course / "lab.log"
    with log.open("w") as out:
        env = {**os.environ, **{name: str(path) for name, path in own.items()}, "JUPYTER_PREFER_ENV_PATH": "1"}
        server = subprocess.Popen(command, env=env, cwd=course, stdout=out, stderr=out, start_new_session=True)
    try:
        wait_for(port, token, server, log)
        yield lambda path: f"http://127.0.0.1:{port}/{path}?token={token}"
    finally:
        stop(port, token, server)


def ask(port, token, path, method="GET"):
    headers = {"Authorization": f"token {token}"}
    request = urllib.request.Request(f"http://127.0.0.1:{port}/{path}", method=method, headers=headers)
    with urllib.request.urlopen(request, timeout=5) as answer:
        return answer.read()


def wait_for(port, token, server, log, seconds=90):
    """Until the server answers; a server that ended or never answers fails with the end of its log."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and server.poll() is None:
        with contextlib.suppress(OSError):
            ask(port, token, "api/status")
            return
        time.sleep(0.2)
    pytest.fail(f"JupyterLab did not start: {log.read_text(errors='replace')[-1500:]}")


def stop(port, token, server):
    """End the kernels, the server, and whatever is left of its process group."""
    with contextlib.suppress(OSError, ValueError):
        for kernel in json.loads(ask(port, token, "api/kernels")):
            ask(port, token, f"api/kernels/{kernel['id']}", "DELETE")
        ask(port, token, "api/shutdown", "POST")
    try:
        server.wait(15)
    except subprocess.TimeoutExpired:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait(15)


@pytest.fixture(scope="module")
def window(browser, lab):
    """JupyterLab with nothing open."""
    page = browser.new_context(viewport={"width": 1200, "height": 900}).new_page()
    page.set_default_timeout(60_000)
    page.goto(lab("lab"))
    page.wait_for_function("() => window.jupyterapp")
    yield page
    page.context.close()


@contextlib.contextmanager
def opened(window, path):
    """A notebook, open without a kernel; what stands below "More evidence" was shut, and is opened here."""
    window.evaluate(OPEN, path)
    assert window.evaluate(KERNEL) is None
    if window.get_by_role("heading", name="More evidence").count():
        assert window.locator(".jp-Notebook .jp-Cell").evaluate_all(EVIDENCE) > 0
        window.evaluate(EXPAND)
    assert window.locator(".jp-Notebook .jp-Cell").evaluate_all(EVIDENCE) == 0
    try:
        yield
    finally:
        window.evaluate("() => window.jupyterapp.shell.currentWidget.dispose()")


def stored(lecture, kind):
    """How many explorers or questions the lecture's outputs hold."""
    outputs = [o for cell in nbformat.read(lecture, 4).cells for o in cell.get("outputs", [])]
    return sum(o.get("data", {}).get("text/html", "").count(f'<div class="course-{kind}"') for o in outputs)


def test_a_trusted_lecture_is_alive_without_a_kernel(window, lecture):
    """Its explorers move, its keys are its own, its answers are kept; it fits a narrow window and a dark theme."""
    with opened(window, f"notebooks/{lecture.name}"):
        for kind in ("explorer", "quiz", "predict"):
            window.wait_for_function(
                "([kind, n]) => document.querySelectorAll(`.course-${kind}[data-live]`).length === n",
                arg=[kind, stored(lecture, kind)], timeout=15_000)  # fmt: skip
        for explorer in window.locator(".course-explorer").all():
            keys_stay_in(window, explorer)
        for quiz in window.locator(".course-quiz").all():
            quiz.locator("input").first.check()
            quiz.locator("button").click()
        verdicts = window.locator(".course-quiz .verdict").all_inner_texts()
        assert all(verdict.startswith(("✓ Right.", "✗ Not so:")) for verdict in verdicts)
        window.set_viewport_size({"width": 800, "height": 900})
        window.evaluate(THEME, "JupyterLab Dark")
        window.wait_for_function("() => document.body.dataset.jpThemeLight === 'false'")
        assert window.evaluate(WIDE) == []
        filters = window.locator(".course-figure").evaluate_all("all => all.map(i => getComputedStyle(i).filter)")
        assert "none" not in filters
        window.evaluate(THEME, "JupyterLab Light")
        window.set_viewport_size({"width": 1200, "height": 900})
    with opened(window, f"notebooks/{lecture.name}"):
        window.wait_for_function(
            "n => document.querySelectorAll('.course-quiz[data-live]').length === n", arg=len(verdicts)
        )
        assert window.locator(".course-quiz .verdict").all_inner_texts() == verdicts


def keys_stay_in(window, explorer):
    """Its first control and its lists take their keys and JupyterLab none of them; Escape goes back to the cell.

    That every control works is tested on nbconvert's page, where it takes less time.
    """
    image, pictures = explorer.locator("img"), set()
    for field in explorer.locator("label:first-of-type input, form select").all():
        field.focus()
        cells, kind = window.evaluate(CELLS), field.evaluate("f => f.type")
        for key in {"range": ("Home", "End"), "select-one": ("Home", "End"), "checkbox": ("Space",)}[kind]:
            before = field.evaluate(VALUE)
            window.keyboard.press(key)
            window.wait_for_timeout(100)
            pictures.add(image.get_attribute("src"))
        assert field.evaluate(VALUE) != before
        for key in ("b", "a", "x", "m", "d", "d", "ArrowDown", "ArrowUp"):
            window.keyboard.press(key)
        assert window.evaluate(CELLS) == cells
    assert len(pictures) > 1, image.get_attribute("alt")
    window.keyboard.press("Escape")
    assert window.evaluate("() => document.activeElement.closest('.jp-Cell') === document.activeElement")


def test_a_changed_lecture_shows_pictures_and_answers_without_scripts(window, lecture):
    with opened(window, f"changed/{lecture.name}"):
        window.wait_for_timeout(300)
        assert window.locator("[data-live], .course-explorer form, .course-quiz fieldset").count() == 0
        stills = window.locator(".jp-OutputArea p em").get_by_text("A still picture").all()
        assert len(stills) >= stored(lecture, "explorer")
        assert all(still.is_visible() for still in stills)
        alts = window.locator(".jp-OutputArea img").evaluate_all("all => all.map(i => i.alt)")
        assert all(len(alt) > 8 for alt in alts)
        folds = window.locator(".jp-OutputArea details").all()
        assert len(folds) >= 2 * stored(lecture, "quiz")
        for option in folds[:4]:
            option.locator("summary").first.click()
            assert option.evaluate("d => d.open")


def test_the_first_lecture_runs_with_a_kernel(browser, lab, course):
    first = min((course / "notebooks").glob("*.ipynb"))
    page = browser.new_context(viewport={"width": 1200, "height": 900}).new_page()
    page.set_default_timeout(120_000)
    page.goto(lab(f"doc/tree/notebooks/{first.name}"))
    page.wait_for_function(READY)
    page.evaluate(RUN)
    assert page.evaluate(FAILED) == []
    assert page.locator(".course-explorer[data-live]").count() == page.locator(".course-explorer").count() > 0
    slider, image = page.locator(".course-explorer input[type=range]").first, page.locator(".course-explorer img").first
    before = image.get_attribute("alt")
    slider.press("Home")
    slider.press("End")
    page.wait_for_function("([i, before]) => i.alt !== before", arg=[image.element_handle(), before])
    quiz = page.locator(".course-quiz").first
    quiz.locator("input").first.check()
    quiz.locator("button").click()
    log = course / "home" / "progress.jsonl"
    for _ in range(200):  # the kernel hears of the answer, and the board counts it
        if log.exists() and '"quiz 00.' in log.read_text("utf-8"):
            break
        page.wait_for_timeout(100)
    assert [json.loads(line)["status"] in ("right", "wrong") for line in log.read_text("utf-8").splitlines()] == [True]
    count = page.locator(".course-explorer").count()
    page.reload()
    page.wait_for_function("n => document.querySelectorAll('.course-explorer[data-live]').length === n", arg=count)
    page.context.close()
