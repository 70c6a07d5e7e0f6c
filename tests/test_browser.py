"""Lesson 1 in a real browser: JupyterLab opens it, runs it, and a slider moved by the keyboard changes the picture.

Needs Chromium (Debian's, or any that is on the path, or one named by COURSE_BROWSER); skipped where there is none.
"""

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
import urllib.error
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LESSON = "01_recurrence.ipynb"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge")
SETTINGS = {
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "notebook-extension/tracker": {"windowingMode": "none", "autoStartDefaultKernel": True},
}
READY = """() => {
  const panel = window.jupyterapp?.shell?.currentWidget;
  return Boolean(panel?.context?.isReady && panel.sessionContext.isReady && panel.content.widgets.length > 50);
}"""
RUN = "async () => { await window.jupyterapp.commands.execute('notebook:run-all-cells'); }"
FAILED = """() => window.jupyterapp.shell.currentWidget.content.widgets
  .filter(c => c.model.type === 'code')
  .flatMap(c => c.model.outputs.toJSON().map(o => [c.model.id, o]))
  .filter(([id, o]) => o.output_type === 'error').map(([id, o]) => `${id}: ${o.evalue}`)"""
CELL = """words => window.jupyterapp.shell.currentWidget.content.widgets
  .find(c => c.model.type === 'code' && c.model.sharedModel.getSource().includes(words)).node"""


@pytest.fixture(scope="module")
def browser():
    """A headless Chromium, driven by Playwright."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install '.[test]'")
    chosen = os.environ.get("COURSE_BROWSER")
    path = chosen or next((found for name in NAMES if (found := shutil.which(name))), None)
    if path is None:
        pytest.skip("no Chromium found: install one (Debian: `apt install chromium`) or name it in COURSE_BROWSER")
    quiet = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage"]
    with playwright.sync_playwright() as p:
        chromium = p.chromium.launch(executable_path=path, args=quiet, headless=True)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """JupyterLab on a copy of lesson 1, with its own settings; yields a function from path to address."""
    folder = tmp_path_factory.mktemp("lab")
    shutil.copy(ROOT / "notebooks" / LESSON, folder / LESSON)
    for name, values in SETTINGS.items():
        file = folder / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(values), "utf-8")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    token = secrets.token_hex(16)
    options = {"ServerApp.root_dir": folder, "ServerApp.port": port, "ServerApp.port_retries": 0,
               "IdentityProvider.token": token, "LabApp.expose_app_in_browser": True,
               "LanguageServerManager.autodetect": False,
               "KernelSpecManager.allowed_kernelspecs": "python3"}  # fmt: skip
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"]
    command += [f"--{name}={value}" for name, value in options.items()]
    own = {"JUPYTER_CONFIG_DIR": folder / "config", "JUPYTERLAB_SETTINGS_DIR": folder / "settings",
           "JUPYTERLAB_WORKSPACES_DIR": folder / "workspaces", "JUPYTER_RUNTIME_DIR": folder / "runtime",
           "IPYTHONDIR": folder / "ipython", "COURSE_HOME": folder / "home"}  # fmt: skip
    log = folder / "lab.log"
    with log.open("w") as out:
        env = {**os.environ, **{name: str(path) for name, path in own.items()}, "JUPYTER_PREFER_ENV_PATH": "1"}
        server = subprocess.Popen(command, env=env, cwd=folder, stdout=out, stderr=out, start_new_session=True)
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
def page(browser, lab):
    """Lesson 1, open, with its kernel ready."""
    page = browser.new_context(viewport={"width": 1200, "height": 900}).new_page()
    page.set_default_timeout(120_000)
    page.goto(lab(f"doc/tree/{LESSON}"))
    page.wait_for_function(READY)
    yield page
    page.context.close()


def picture(cell):
    """(data, alt text) of the picture in a cell."""
    image = cell.query_selector("img")
    return (image.get_attribute("src"), image.get_attribute("alt")) if image else (None, None)


def cell_with(page, words):
    return page.evaluate_handle(CELL, words).as_element()


def press_until_changed(page, cell, key):
    """Press a key on the first slider of a cell and wait for another picture."""
    before = picture(cell)
    cell.query_selector(".noUi-handle").focus()
    page.keyboard.press(key)
    until = time.monotonic() + 30
    while picture(cell) in (before, (None, None)) and time.monotonic() < until:
        page.wait_for_timeout(100)
    after = picture(cell)
    assert after not in (before, (None, None)), f"{key}: the picture did not change"
    return after


def test_before_anything_runs_pictures_and_questions_are_there(page):
    data, alt = picture(cell_with(page, "plots.draw_reading"))
    assert data.startswith("data:image/png;base64,")
    assert "after step 1" in alt
    question = cell_with(page, 'quiz("01.pulse")').query_selector("details")
    assert not question.evaluate("d => d.open")
    question.query_selector("summary").click()
    assert question.evaluate("d => d.open")
    assert any(verdict in question.inner_text() for verdict in ("✓ Right.", "✗ Not so:"))


def test_the_lesson_runs_and_its_slider_follows_the_keyboard(page):
    page.evaluate(RUN)
    assert page.evaluate(FAILED) == []
    cell = cell_with(page, "plots.draw_reading")
    assert "after step 1" in picture(cell)[1]
    for step in (2, 3, 4, 5):
        assert f"after step {step}" in press_until_changed(page, cell, "ArrowRight")[1]
    assert "“the cat sat on the”" in picture(cell)[1]
    assert "after step 4" in press_until_changed(page, cell, "ArrowLeft")[1]
