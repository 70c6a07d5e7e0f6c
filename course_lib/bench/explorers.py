"""What each explorer costs: bytes in the notebook, CPU seconds when its cell is run, milliseconds from key to picture.

The explorers are those of the lectures. One that shows what its lecture has trained cannot be drawn here: its bytes
are those of the stored notebook.
"""

from __future__ import annotations

import re
import shutil
from statistics import median
from time import process_time

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge")


def explorer_rows() -> list[dict]:
    """Bytes, CPU seconds and milliseconds of each explorer; goals: 150 kB of frames, 3.4 times the Python loop."""
    import matplotlib as mpl

    from course_lib.bench import row
    from course_lib.show import stored, style

    mpl.use("agg")
    style()
    rows, everything = [], list(stored.explorers())
    loop = min(python_loop() for _ in range(3))
    waits = latencies([found.html for found in everything])
    for found, wait in zip(everything, waits):
        name = f"{found.lecture[:2]} {found.cell}"
        packed = len(re.split(r'<script type="text/x-frames">.*\n|</script>', found.html)[1]) if found.html else 0
        rows.append(row(f"{name}: frames", packed / 1000, 150, "kB", goal=1))
        rows.append(row(f"{name}: output", len(found.html) / 1000, None, "kB"))
        if found.arguments:
            stored.made(found)  # what is loaded and cached once is not counted
            start = process_time()
            stored.made(found)
            rows.append(row(f"{name}: drawing / the Python loop", process_time() - start, loop, "s", goal=3.4))
        if wait is not None:
            rows.append(row(f"{name}: from input to picture", wait, 16.7, "ms"))
    return rows


def python_loop() -> float:
    """CPU seconds of the course's named Python loop: 10^7 additions."""
    start, total = process_time(), 0
    for k in range(10_000_000):
        total += k
    return process_time() - start


MEASURE = """async root => {
  const image = root.querySelector("img"), field = root.querySelector("input[type=range], select"), waits = [];
  for (let k = 0; k < 20; k++) {
    const count = field.options ? field.options.length : Math.round((field.max - field.min) / field.step) + 1;
    const begun = performance.now(), loaded = new Promise(done => { image.onload = done; setTimeout(done, 500); });
    if (field.options) field.selectedIndex = k % count;
    else field.value = +field.min + (k % count) * field.step;
    field.dispatchEvent(new Event("input"));
    await loaded;
    waits.push(performance.now() - begun);
  }
  return waits.sort((a, b) => a - b)[10];
}"""


def latencies(pages: list[str]) -> list[float | None]:
    """Milliseconds from a control's event to the loaded picture, the median of 20; None where no browser is found."""
    program = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        program = None
    if program is None:
        return [None] * len(pages)
    waits: list[float | None] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        for html in pages:
            page.set_content(f"<!doctype html><meta charset=utf-8><body>{html}")
            live = page.query_selector(".course-explorer[data-live]")
            waits.append(median(live.evaluate(MEASURE) for _ in range(3)) if live else None)
        browser.close()
    return waits
