"""Is everything ready? Each check names what is wrong and how to mend it; none of them ever stops the notebook.

from course_lib.selfcheck import selfcheck
selfcheck()
"""

from __future__ import annotations

import errno
import importlib.metadata
import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import course_lib

PACKAGE = "course-lib"
OLDEST_PYTHON = (3, 11)
LAB = "`python -m course_lib lab`"
ANEW = f"close JupyterLab, delete .venv, if there is one, and start with {LAB}"
MANAGER = Path("@jupyter-widgets", "jupyterlab-manager", "package.json")
OLDEST_MANAGER = 5  # the first that draws the sliders of ipywidgets 8
SERVERS = re.compile(r"jupyter-?(lab|notebook|server|labhub)|jupyterhub-singleuser", re.IGNORECASE)
SERVER_MODULES = {"jupyterlab", "notebook", "jupyter_server", "jupyterhub.singleuser"}
NO_SLIDER = "if you see `VBox(children=(IntSlider…` or nothing at all in the place of a slider"


@dataclass(frozen=True)
class Finding:
    """What one check found: `state` is "ok", "note" (works, but you should know) or "fault"; `mend` says what to do."""

    name: str
    state: str
    said: str
    mend: str = ""

    def __str__(self) -> str:
        mark = {"ok": "✓", "note": "·", "fault": "✗"}[self.state]
        line = f"{mark} {self.name}: {self.said}"
        return f"{line}\n    mend: {self.mend}" if self.mend else line


def python(version: tuple[int, ...] = tuple(sys.version_info[:3])) -> Finding:
    """Is this Python new enough?

    >>> python((3, 9, 1)).state
    'fault'
    """
    have, need = ".".join(map(str, version)), ".".join(map(str, OLDEST_PYTHON))
    if version < OLDEST_PYTHON:
        return Finding("Python", "fault", f"{need} or newer is needed, this is {have}",
                       f"install a newer one from python.org, then {ANEW}")  # fmt: skip
    try:
        import pydoc_data.topics  # noqa: F401
    except ImportError:  # some Linux packages leave them out
        return Finding("Python", "fault", f"{have} without its help topics, a text that lessons read",
                       f"install Python from python.org, then {ANEW}")  # fmt: skip
    return Finding("Python", "ok", f"{version[0]}.{version[1]}")


def kernel(prefix: str = sys.prefix, root: Path | None = None) -> Finding:
    """Does this notebook run in the course's own .venv, where there is one?"""
    root = root or Path(course_lib.__file__).resolve().parent.parent
    own = root / ".venv"
    if own.is_dir() and Path(prefix).resolve() != own.resolve():
        return Finding("kernel", "fault", f"this notebook runs in {prefix}, not in the course's .venv",
                       f"close JupyterLab and start it with {LAB} (in VS Code: choose .venv as kernel)")  # fmt: skip
    return Finding("kernel", "ok", "the course's own .venv" if own.is_dir() else "an environment that you made")


def folder(here: Path | None = None, root: Path | None = None) -> Finding:
    """Is the installed course the one whose notebook is open? (Two clones and one installation confuse everybody.)"""
    root = root or Path(course_lib.__file__).resolve().parent.parent
    here = (here or Path.cwd()).resolve()
    clone = next((f for f in (here, *here.parents) if (f / "course_lib").is_dir() and (f / "notebooks").is_dir()), None)
    if clone is not None and clone != root:
        return Finding("course folder", "fault", f"the notebook is in {clone}, the installed course is in {root}",
                       f"open the notebooks of {root}, or start {LAB} in {clone}")  # fmt: skip
    return Finding("course folder", "ok", "notebook and package belong together")


def packages(
    requirements: list[str] | None = None, version: Callable[[str], str] = importlib.metadata.version
) -> Finding:
    """Is every package there, and new enough?

    >>> packages(["numpy>=2.0"], lambda name: "1.26.4").said
    'numpy 1.26.4 is older than numpy>=2.0 asks'
    """
    from packaging.requirements import Requirement

    wrong, count = [], 0
    try:
        wanted = requirements if requirements is not None else importlib.metadata.requires(PACKAGE) or []
    except importlib.metadata.PackageNotFoundError:
        return Finding("packages", "fault", "the course itself is not installed", ANEW)
    for line in map(Requirement, wanted):
        if line.marker and not line.marker.evaluate({"extra": ""}):
            continue
        count += 1
        try:
            have = version(line.name)
        except importlib.metadata.PackageNotFoundError:
            wrong.append(f"{line.name} is missing")
            continue
        if not line.specifier.contains(have, prereleases=True):
            wrong.append(f"{line.name} {have} is older than {line.name}{line.specifier} asks")
    if wrong:
        return Finding("packages", "fault", "; ".join(wrong), ANEW)
    return Finding("packages", "ok", f"all {count} are there and new enough")


def torch_works() -> Finding:
    """Can PyTorch multiply and differentiate?"""
    try:
        import torch

        x = torch.tensor([[1.0, 2.0]], requires_grad=True)
        (x @ x.T).sum().backward()
        right = x.grad.tolist() == [[2.0, 4.0]]
    except Exception as error:  # a broken library may raise anything, even at import
        mend = f"{ANEW}; lessons 01 to 04 need torch as a judge only"
        if getattr(error, "winerror", None) in (126, 1114):  # a DLL is missing, and no new .venv brings it
            mend = "install Microsoft's Visual C++ Redistributable (x64), then Kernel → Restart Kernel"
        return Finding("torch", "fault", f"it does not run ({type(error).__name__}: {str(error)[:120]})", mend)
    if not right:
        return Finding("torch", "fault", "it computes a wrong derivative", ANEW)
    return Finding("torch", "ok", "multiplies and differentiates")


def widgets(prefix: Path | None = None) -> Finding:
    """Are sliders there, in the kernel and in the JupyterLab that shows them? `prefix`: that one's environment."""
    try:
        import ipywidgets

        ipywidgets.IntSlider().close()
    except Exception as error:
        return Finding("widgets", "fault", f"ipywidgets does not run ({type(error).__name__})", ANEW)
    prefix = prefix or server_prefix()
    if prefix is None:
        return Finding("widgets", "note", "the kernel's side runs; what shows this notebook cannot be seen from here",
                       f"{NO_SLIDER}, start with {LAB} and reload the page")  # fmt: skip
    version = manager_version(prefix)
    if version < OLDEST_MANAGER:
        what = f"has version {version} of the" if version else "seems to have no"
        return Finding("widgets", "note", f"the JupyterLab in {prefix} {what} widget manager, which draws the sliders",
                       f"{NO_SLIDER}, close JupyterLab, start it with {LAB} and reload the page")  # fmt: skip
    return Finding("widgets", "ok", "the kernel and JupyterLab have what sliders need")


def server_prefix() -> Path | None:
    """The environment of the Jupyter server that started this kernel; None where there is none, or it is hidden."""
    try:
        import psutil
    except ImportError:
        return None
    try:
        process = psutil.Process().parent()
        while process and "ipykernel_launcher" in process.cmdline():  # on Windows a starter stands in between
            process = process.parent()
        command = process.cmdline() if process else []
        if not is_server(command):
            return None
        return prefix_of(command[0], process.environ().get("PATH", ""), process.cwd())
    except (OSError, psutil.Error):
        return None


def is_server(command: list[str]) -> bool:
    """Does this command line start a Jupyter server with pages?

    >>> is_server(["/usr/bin/python3", "/usr/bin/jupyter-lab"]), is_server(["python", "-m", "nbconvert"])
    (True, False)
    """
    names = [re.sub(r".*[/\\]|(-script\.pyw?|\.exe|\.py)$", "", word) for word in command[:2]]
    modules = [module for option, module in zip(command[1:5], command[2:6]) if option == "-m"]
    return any(map(SERVERS.fullmatch, names)) or not SERVER_MODULES.isdisjoint(modules)


def prefix_of(program: str, path: str, here: str) -> Path | None:
    """The environment whose Python (or script) a process was started as: the folder above with a share/jupyter."""
    found = program if os.sep in program else shutil.which(program, path=path)
    folders = Path(here, found).parents if found else ()
    own = next((folder for folder in folders if (folder / "share" / "jupyter").is_dir()), None)
    return own or (folders[1] if len(folders) > 1 else None)  # JupyterLab may be the user's, Python the system's


def manager_version(prefix: Path) -> int:
    """The major version of the newest widget manager that the JupyterLab of this environment finds, 0 for none."""
    from jupyter_core.paths import jupyter_path

    own = Path(sys.prefix, "share")  # of this kernel: another environment's JupyterLab does not look there
    shared = [Path(folder) for folder in jupyter_path("labextensions") if not Path(folder).is_relative_to(own)]
    versions = [0]
    for folder in (prefix / "share" / "jupyter" / "labextensions", *shared):
        try:
            versions.append(int(json.loads((folder / MANAGER).read_text("utf-8"))["version"].split(".")[0]))
        except (OSError, ValueError, KeyError):
            continue
    return max(versions)


def threads() -> Finding:
    """One thread is what the course's times were measured with; more are often slower on networks of this size."""
    try:
        import torch

        n = torch.get_num_threads()
    except Exception:
        n = int(os.environ.get("OMP_NUM_THREADS") or os.cpu_count() or 1)
    if n == 1:
        return Finding("threads", "ok", "one, as in the course's measurements")
    return Finding("threads", "note", f"{n} are in use; results are the same, times may differ from the text",
                   f"{LAB} sets one; by hand: OMP_NUM_THREADS=1 before Jupyter starts")  # fmt: skip


def writable(here: Path | None = None, home: Path | None = None) -> Finding:
    """Can notebooks and your progress be saved?"""
    from course_lib.checks import progress

    here, home = here or Path.cwd(), home or progress.home()
    try:
        with tempfile.TemporaryFile(dir=here):
            pass
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        mend = "free some disk space" if full else "copy the course into your home folder and start it there"
        return Finding("saving", "fault", f"nothing can be written in {here} ({error.strerror})", mend)
    if home == Path(os.devnull):
        return Finding("saving", "ok", "this folder can be written")
    try:
        home.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=home):
            pass
    except OSError as error:
        return Finding("saving", "note", f"your progress is not kept: {home} cannot be written ({error.strerror})",
                       "set COURSE_HOME to a folder of yours before you start")  # fmt: skip
    return Finding("saving", "ok", "this folder can be written")


CHECKS = (python, kernel, folder, packages, torch_works, widgets, threads, writable)


def findings() -> list[Finding]:
    """All checks; one that fails in an unforeseen way is itself a finding."""
    found = []
    for check in CHECKS:
        try:
            found.append(check())
        except Exception as error:
            name = check.__name__.replace("_", " ")
            text = f"this check itself failed ({type(error).__name__}: {str(error)[:120]})"
            found.append(Finding(name, "note", text, "go on; report it if something does not work"))
    return found


def selfcheck() -> None:
    """Print one line for each check, and what to do about those that failed."""
    found = findings()
    for finding in found:
        print(finding)
    faults = sum(f.state == "fault" for f in found)
    if faults:
        print(f"{faults} to mend before you go on." if faults > 1 else "One thing to mend before you go on.")
    else:
        print("Ready.")
