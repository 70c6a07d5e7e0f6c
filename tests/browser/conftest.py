"""A headless Chromium for the lectures: as nbconvert's HTML over file://, and in JupyterLab.

Needs Chromium (Debian's, or any that is on the path, or one named by COURSE_BROWSER); skipped where there is none.
COURSE_LECTURES names another folder of lectures than notebooks/.
"""

import os
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LECTURES = sorted(Path(os.environ.get("COURSE_LECTURES", ROOT / "notebooks")).glob("[0-9]*.ipynb"))
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge")
QUIET = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage")


@pytest.fixture(scope="session")
def browser():
    """A headless Chromium, driven by Playwright."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install '.[test]'")
    chosen = os.environ.get("COURSE_BROWSER")
    path = chosen or next((found for name in NAMES if (found := shutil.which(name))), None)
    if path is None:
        pytest.skip("no Chromium found: install one (Debian: `apt install chromium`) or name it in COURSE_BROWSER")
    with playwright.sync_playwright() as p:
        chromium = p.chromium.launch(executable_path=path, args=QUIET, headless=True)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def lectures():
    """The files of all lectures."""
    return LECTURES


def pytest_generate_tests(metafunc):
    """Each test with a `lecture` runs once for each of them."""
    if "lecture" in metafunc.fixturenames:
        metafunc.parametrize("lecture", LECTURES, ids=lambda path: path.stem[:2], scope="module")
