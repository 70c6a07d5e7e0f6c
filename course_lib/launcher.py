"""The launcher: from a fresh clone to an open course, with the standard library only.

`python -m course_lib lab` and `python -m course_lib test` work before anything is installed. Both call `prepare`,
which makes `.venv`, asks pip what is missing, says how much that is, installs exactly that and writes a stamp.
A stamp that fits means nothing is to be done: the second start costs two small files.
Every failure is one line: what, where, how to mend it (exit code 2).
"""

import argparse
import contextlib
import errno
import hashlib
import importlib.util
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable
from pathlib import Path

from course_lib import trust

ROOT = Path(__file__).resolve().parents[1]
WINDOWS = os.name == "nt"
START = "notebooks/00_start_here.ipynb"
USAGE = f"""python -m course_lib WORD

  lab [--no-browser] [--port N]   open the course in JupyterLab on {START}
  test [pytest arguments]         run every test, side by side (-n 0: one after another)
  show-notebook FILE              a notebook as text, for readable diffs
  anything else                   the `course` command: build, grade, progress, …

lab and test make .venv on their first start. --allow-cuda lets them take the CUDA build of torch.
"""

STAMP, UNFINISHED, LOG = "course-stamp.json", "course-unfinished", Path(".course") / "setup.log"
# Measured wheel sizes in MB, for the announcement; pip's report knows names and versions but no sizes.
LARGE_MB = {"torch": 192, "playwright": 54, "jupyterlab": 17, "numpy": 17, "ruff": 11, "babel": 10, "matplotlib": 10,
            "pillow": 7, "sympy": 6, "fonttools": 5.5, "jedi": 5, "debugpy": 3, "pydantic_core": 2, "networkx": 2}
OTHER_MB, DISK_PER_MB = 0.2, 4.2
CUDA_MB, CUDA_DISK_MB = 2550, 3900  # what the CUDA build adds
PIP_SOURCES = re.compile("INDEX|LINKS|HOST|PROXY|CERT|KEYRING|CACHE|TIMEOUT|RETRIES|CONFIG_FILE")
OLDEST_PIP = (24, 0)  # older ones download every wheel in full when they are only asked for a plan
CUDA = re.compile(r"^\s*(Collecting (nvidia-|cuda-|triton)|Downloading torch-\S+ \(([3-9]\d\d(\.\d)? MB|[\d.]+ GB)\))")


class Trouble(Exception):
    """Something the reader can mend: the message is the one line that says how."""


def main(argv: list[str]) -> int:
    """Run one word of the command line and return its exit code: 0 fine, 1 findings, 2 wrong use.

    Example:
        >>> main(["show-notebook"])
        2
    """
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError):
            stream.reconfigure(errors="replace", line_buffering=True)
    word, rest = (argv[0], argv[1:]) if argv else ("--help", [])
    try:
        if word in ("-h", "--help", "help"):
            print(USAGE, end="")
            return 0
        require_current_folder()
        return {"lab": lab, "test": test, "show-notebook": show_notebook}.get(word, course)(rest, word)
    except Trouble as trouble:
        print(f"course_lib: {trouble}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\ncourse_lib: stopped; the same command starts again", file=sys.stderr)
        return 130


# ---------------------------------------------------------------------------------------------- the words

def lab(args: list[str], word: str) -> int:
    """Open JupyterLab on the start notebook, with the course's notebooks trusted; unknown options go to JupyterLab."""
    parser = argparse.ArgumentParser(prog=f"python -m course_lib {word}", allow_abbrev=False)
    parser.add_argument("--no-browser", action="store_true", help="print the address instead of opening a browser")
    parser.add_argument("--port", type=int, help="default: 8888 or the next free one")
    parser.add_argument("--allow-cuda", action="store_true", help="take the CUDA build of torch (about 2.7 GB)")
    options, others = parser.parse_known_args(args)
    if options.port is not None:
        require_free_port(options.port)
    python = prepare(ROOT, extras=(), allow_cuda=options.allow_cuda)
    env = child_environment(ROOT) | jupyter_environment(ROOT)
    command = [str(python), "-m", "jupyterlab", *jupyter_options(ROOT, options.no_browser, options.port), *others]
    if trust.to_sign(ROOT):
        subprocess.run([str(python), "-m", "course_lib.trust"], check=False, env=env, cwd=ROOT)
    print(f"Opening {START} in JupyterLab. Ctrl-C stops it.")
    os.chdir(ROOT)
    return hand_over(command, env)


def test(args: list[str], word: str) -> int:
    """Run pytest in the course's own environment, a process for each core; every option but --allow-cuda goes to it."""
    python = prepare(ROOT, extras=("test",), allow_cuda="--allow-cuda" in args)
    pytest_args = [arg for arg in args if arg != "--allow-cuda"]
    os.chdir(ROOT)
    command = [str(python), "-m", "pytest", "-n", "auto", "--dist", "worksteal", *pytest_args]  # a later -n counts
    return hand_over(command, child_environment(ROOT))


def show_notebook(args: list[str], word: str) -> int:
    """Print a notebook as text: one header line and the source per cell, outputs in short. For git's textconv."""
    if len(args) != 1 or not Path(args[0]).is_file():
        raise Trouble(f"{word}: expected one notebook file, got {' '.join(args) or 'nothing'}")
    text = Path(args[0]).read_text(encoding="utf-8", errors="replace")
    try:
        print(notebook_as_text(json.loads(text)))
    except (ValueError, KeyError, TypeError, AttributeError):
        print(text)  # a broken notebook still deserves a diff
    return 0


def course(args: list[str], word: str) -> int:
    """Hand any other word to the `course` command: in .venv when it is ready, else in this Python."""
    venv = ROOT / ".venv"
    mend_venv(ROOT)
    if read_stamp(venv) and venv_python(venv).exists() and Path(sys.prefix).resolve() != venv.resolve():
        return hand_over([str(venv_python(venv)), "-m", "course_lib", word, *args], child_environment(ROOT))
    try:
        from course_lib.cli import main as run_course
    except ModuleNotFoundError as error:
        raise Trouble(f"'{word}' needs the installed course ({error.name} is missing): run `python -m course_lib lab` "
                      "once, or `pip install -e .`") from error
    sys.argv = ["course", word, *args]
    return run_course() or 0


# ------------------------------------------------------------------------------------------ the environment

def prepare(root: Path, extras: tuple[str, ...], allow_cuda: bool = False) -> Path:
    """Make `.venv` fit pyproject.toml and constraints.txt, and return its Python.

    Nothing is done when the stamp fits. A `.venv` that was never finished, or that moved, is made anew; one that only
    lags behind is brought up to date. In a folder with an odd name it is mended (`mend_venv`) at every start.

    Raises:
        Trouble: one line for the reader.
    """
    venv = root / ".venv"
    if not (root / "pyproject.toml").is_file():
        raise Trouble(f"{root}: no pyproject.toml here: start from a clone of the course")
    try:
        state = inspect(root, extras)
    except (OSError, ValueError, KeyError) as error:
        raise Trouble(f"{root}: pyproject.toml or constraints.txt cannot be used ({error}): take both from a fresh "
                      "copy of the course (in a clone: `git checkout pyproject.toml constraints.txt`)") from error
    mend_venv(root)  # before pip, too: it runs in there
    if state == "ready":
        return venv_python(venv)
    began = time.monotonic()
    try:
        (root / ".course").mkdir(exist_ok=True)
        if state == "rebuild":
            make_venv(venv)
        with (root / LOG).open("w", encoding="utf-8", errors="backslashreplace") as log:
            extras = {*extras, *read_stamp(venv).get("extras", ())}
            fill_venv(root, extras, allow_cuda, log)
        mend_venv(root)
        (venv / STAMP).write_text(json.dumps({"key": key(root), "root": place(root), "python": python_version(),
                                              "extras": sorted(extras)}), encoding="utf-8")
        (venv / UNFINISHED).unlink(missing_ok=True)
    except OSError as error:
        raise Trouble(explain_os_error(error, root)) from error
    print(f"Ready after {time.monotonic() - began:.0f} s.")
    return venv_python(venv)


def inspect(root: Path, extras: tuple[str, ...] = ()) -> str:
    """Say what `.venv` needs: "ready", "update" or "rebuild"."""
    venv = root / ".venv"
    if not venv_python(venv).exists() or (venv / UNFINISHED).exists():
        return "rebuild"
    stamp = read_stamp(venv)
    if stamp and (stamp["root"], stamp["python"]) != (place(root), python_version()):
        return "rebuild"  # the folder moved (scripts point to the old place), or Python was upgraded
    if stamp and stamp["key"] == key(root) and set(extras) <= set(stamp["extras"]):
        return "ready"
    return "update" if pip_version(venv) > (0, 0) else "rebuild"


def key(root: Path) -> str:
    """Hash what defines the environment: pyproject's packaging tables, constraints.txt and the Python version."""
    pyproject = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    parts = [python_version(), pyproject["build-system"], pyproject["project"],
             (root / "constraints.txt").read_text(encoding="utf-8")]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def place(root: Path) -> str:
    """The folder's path as the disk spells it: the same text in every locale."""
    return os.fsencode(root).decode("utf-8", "surrogateescape")


def python_version() -> str:
    """The part of the version that packages are built for, such as "3.11"."""
    return f"{sys.version_info[0]}.{sys.version_info[1]}"


def read_stamp(venv: Path) -> dict:
    """What the last finished start wrote, or {} (a `.venv` made by hand has no stamp: it is kept and filled)."""
    try:
        stamp = json.loads((venv / STAMP).read_text(encoding="utf-8"))
        return stamp if {"key", "root", "python", "extras"} <= set(stamp) else {}
    except (OSError, ValueError, TypeError):
        return {}


def make_venv(venv: Path) -> None:
    """Make a fresh virtual environment, in place of a broken one of ours."""
    missing = [name for name in ("venv", "ensurepip") if importlib.util.find_spec(name) is None]
    if missing:
        raise Trouble(f"{sys.executable} has no {' and no '.join(missing)} module: install it "
                      "(Debian and Ubuntu: `apt install python3-venv`) and start again")
    if venv.exists():
        clear_venv(venv)
    print("Making a virtual environment in .venv")
    venv.mkdir(exist_ok=True)
    (venv / UNFINISHED).write_text(str(os.getpid()), encoding="utf-8")
    made = subprocess.run([sys.executable, "-m", "venv", str(venv)], check=False, capture_output=True,
                          text=True, errors="replace", env=child_environment(venv.parent))
    if made.returncode:
        output = made.stdout + made.stderr
        raise Trouble(explain(output) or f"{venv}: no virtual environment could be made: {last_line(output)}")


def clear_venv(venv: Path) -> None:
    """Empty a broken .venv, but only what is a virtual environment, unused, and not the one this Python runs in."""
    marker = venv / UNFINISHED
    if venv.is_symlink() or not venv.is_dir() or not (
            marker.exists() or (venv / "pyvenv.cfg").exists() or not any(venv.iterdir())):
        raise Trouble(f"{venv}: this is not a virtual environment: move it away and start again")
    if Path(sys.prefix).resolve() == venv.resolve():
        other = getattr(sys, "_base_executable", None) or "another Python"
        raise Trouble(f"{venv}: it must be made anew, but this Python runs in it: `deactivate` it, or start again with "
                      f"{other}")
    if marker.exists() and is_running(marker.read_text(encoding="utf-8")):
        raise Trouble(f"{venv}: process {marker.read_text(encoding='utf-8')} is still preparing it: wait for it "
                      "(or delete .venv, if that is something else by now) and start again")
    print("Making .venv anew: the one here is unfinished, broken or moved")
    marker.write_text(str(os.getpid()), encoding="utf-8")
    for part in set(venv.iterdir()) - {marker}:  # the mark stays: what is left of it is still known as ours
        shutil.rmtree(part) if part.is_dir() and not part.is_symlink() else part.unlink()


def is_running(pid: str) -> bool:
    """Is that process alive? (POSIX; on Windows a signal 0 would end it, so the answer there is no.)"""
    if WINDOWS or not pid.isdigit() or int(pid) == os.getpid():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def fill_venv(root: Path, extras: set[str], allow_cuda: bool, log) -> None:
    """Plan, announce, install: exactly the planned versions, then the course itself."""
    venv, constraints = root / ".venv", ["-c", str(root / "constraints.txt")]
    pip = [str(venv_python(venv)), "-m", "pip", "install", "--no-input", "--disable-pip-version-check",
           "--progress-bar", "off", "--retries", "2"]
    refuse = None if allow_cuda else CudaGuard()
    print("Looking up what is missing (reads package descriptions, installs nothing) …")
    if pip_version(venv) < OLDEST_PIP:
        run_pip([*pip, "--upgrade", *constraints, "pip"], root, log)
    report, wanted = venv / "course-plan.json", requirements(root, extras)
    run_pip([*pip, "--dry-run", "--report", str(report), *constraints, *wanted], root, log, refuse)
    plan = read_plan(report)
    if plan:
        require_space(root, announce(plan))
        (venv / UNFINISHED).write_text(str(os.getpid()), encoding="utf-8")
        frozen = venv / "course-plan.txt"
        frozen.write_text("".join(f"{name}=={version}\n" for name, version in plan), encoding="utf-8")
        progress = Progress(len(plan))
        try:
            run_pip([*pip, "--no-deps", *constraints, "-r", str(frozen)], root, log,
                    lambda line: (refuse and refuse(line), progress(line)))
        finally:
            progress.close()
    # "." and not the path: pip takes the end of a folder named `rnn[1]` for an extra
    run_pip([*pip, "--no-deps", "--no-build-isolation", "-e", "."], root, log)


# In such a path, pip's headers of scripts and the lines of .pth files work as they are.
PLAIN = re.compile(r"[\w ./@%+=:,-]*\w", re.ASCII)
# The usual two-faced header (sh runs it, Python reads a text), but with no path in it.
HEADER = b"""#!/bin/sh
'''exec' "$(dirname -- "$(realpath -- "$0" 2>/dev/null || printf %s "$0")")"/python "$0" "$@"
' '''
"""


def mend_venv(root: Path) -> None:
    """Let the installed course start in every locale and from a folder of any name.

    Before 3.13 Python reads .pth files in the locale's encoding, even in UTF-8 mode, and ends where a letter is not in
    it; pip's headers of scripts allow for spaces, but not for quotes and dollars.
    """
    if PLAIN.fullmatch(root.as_posix()):
        return
    with contextlib.suppress(OSError):  # a .venv that cannot be written stays as good as it was
        mend_pth(root)
        if not WINDOWS:
            mend_scripts(root / ".venv" / "bin")


def mend_pth(root: Path) -> None:
    """Name the course's folder in ASCII, byte by byte, in the file that puts it on Python's path."""
    line = f"import os, sys; sys.path.append(os.fsdecode({os.fsencode(root)!r}))\n".encode("ascii")
    for pattern in ("lib/python*/site-packages", "Lib/site-packages"):
        for path in (root / ".venv").glob(f"{pattern}/*course_lib*.pth"):
            if path.read_bytes() != line:
                path.write_bytes(line)


def mend_scripts(folder: Path) -> None:
    """Give every script of pip's a header that finds the Python beside it."""
    python = rb"\"?" + re.escape(os.fsencode(folder)) + rb"/python[\d.]*\"?"
    header = re.compile(rb"(/bin/sh\n'''exec' " + python + rb" \"\$0\" \"\$@\"\n' '''|" + python + rb")\n")
    for script in folder.glob("*"):
        if script.is_file() and not script.is_symlink():  # never through the link to the system's Python
            with script.open("rb") as file:
                text = file.read() if file.read(2) == b"#!" else b""  # some are programs of many MB
            if found := header.match(text):
                script.write_bytes(HEADER + text[found.end():])


def requirements(root: Path, extras: set[str]) -> list[str]:
    """The requirements of pyproject.toml with these extras, and what it takes to install the course itself."""
    pyproject = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    project, optional = pyproject["project"], pyproject["project"].get("optional-dependencies", {})
    wanted = project["dependencies"] + [line for extra in sorted(extras) for line in optional[extra]]
    return wanted + pyproject["build-system"]["requires"] + ["editables"]


def pip_version(venv: Path) -> tuple[int, int]:
    """(major, minor) of the environment's pip, read from the folder names; (0, 0) when it has none."""
    found = [re.search(r"pip-(\d+)\.(\d+)[^/\\]*\.dist-info$", str(path)) for path in venv.glob("**/pip-*.dist-info")]
    return max((int(match[1]), int(match[2])) for match in found) if any(found) else (0, 0)


def read_plan(report: Path) -> list[tuple[str, str]]:
    """(name, version) of every package that pip would install, from its report."""
    entries = json.loads(report.read_text(encoding="utf-8"))["install"]
    return sorted((entry["metadata"]["name"], entry["metadata"]["version"]) for entry in entries)


def announce(plan: list[tuple[str, str]]) -> int:
    """Say what will be downloaded and about how much, before it is; return the MB that it takes on disk.

    Example:
        >>> announce([("torch", "2.13.0+cpu"), ("tqdm", "4.70.1")])
        To download into .venv: 2 packages, about 190 MB (largest: torch 2.13.0+cpu, 190 MB), about 810 MB on disk.
        810
    """
    sizes = {f"{name} {version}": LARGE_MB.get(name.lower(), OTHER_MB) for name, version in plan}
    cuda = any(CUDA.match(f"Collecting {name}") for name, _ in plan)
    total = sum(sizes.values())
    disk = round_mb(total * DISK_PER_MB + cuda * CUDA_DISK_MB)
    largest = max(sizes, key=sizes.get)
    what = "the CUDA build of torch" if cuda else f"{largest}, {round_mb(sizes[largest])} MB"
    print(f"To download into .venv: {len(plan)} packages, about {round_mb(total + cuda * CUDA_MB)} MB "
          f"(largest: {what}), about {disk} MB on disk.")
    return disk


def round_mb(megabytes: float) -> int:
    """Two significant digits: these are estimates."""
    return int(float(f"{megabytes:.1e}")) or 1


def require_space(root: Path, megabytes: float) -> None:
    """Refuse to start an installation that the disk cannot hold."""
    free = shutil.disk_usage(root).free / 1e6
    if free < megabytes:
        raise Trouble(f"{root}: no disk space: about {round_mb(megabytes)} MB are needed, {free:.0f} MB are free: "
                      "free some, or clone to another disk")


class CudaGuard:
    """Stop pip at the first sign of the CUDA build of torch: nobody asked for 2.7 GB."""

    def __init__(self) -> None:
        self.cpu_seen = False

    def __call__(self, line: str) -> None:
        self.cpu_seen = self.cpu_seen or bool(re.search(r"torch-\S+(\+|%2B)cpu", line))
        if CUDA.match(line) and self.cpu_seen:
            raise Trouble("constraints.txt: pip found the CPU build of torch, but no set of versions that fits this "
                          f"Python {sys.version.split()[0]}: start with another, 3.11 to 3.13 (log: {LOG})")
        if CUDA.match(line):
            raise Trouble("torch: your package index offers the CUDA build (about 2.7 GB to download), the CPU build "
                          "(about 0.2 GB) is enough: set PIP_EXTRA_INDEX_URL to the CPU index that pytorch.org names "
                          "under \"Get started\" and start again, or start with --allow-cuda")


class Progress:
    """One line that counts pip's packages: rewritten in place on a terminal, every tenth package elsewhere."""

    def __init__(self, total: int) -> None:
        self.total, self.done, self.live = total, 0, sys.stdout.isatty()

    def __call__(self, line: str) -> None:
        if match := re.match(r"Collecting ([\w.-]+)|Processing (?:.*[/\\])?(\w+)-\d", line):
            self.done += 1
            self.show(f"{self.done:3d}/{self.total} {match[1] or match[2]}", self.done % 10 == 0)
        elif line.startswith("Installing collected packages"):
            self.show(f"installing {self.total} packages (a minute or so) …", True)

    def show(self, text: str, always: bool) -> None:
        if self.live:
            print("\r  " + text[:70].ljust(72), end="", flush=True)
        elif always:
            print("  " + text)

    def close(self) -> None:
        if self.live:
            print()


def run_pip(command: list[str], root: Path, log, on_line: Callable[[str], object] | None = None) -> None:
    """Run pip, keep its words in the log, and turn a failure into one line."""
    log.write(f"$ {' '.join(command)}\n")
    began, written = time.monotonic(), []
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8",
                          errors="replace", cwd=root, env=child_environment(root)) as pip:
        try:
            for line in pip.stdout:
                log.write(line)
                written.append(line)
                if on_line:
                    on_line(line)
        except BaseException:
            pip.kill()
            raise
    log.write(f"# exit {pip.returncode} after {time.monotonic() - began:.1f} s\n")
    if pip.returncode:
        text = "".join(written)
        raise Trouble((explain(text) or f"pip failed: {last_line(text)}: mend that and start again") + f" (log: {LOG})")


# ------------------------------------------------------------------------------------------- what went wrong

REASONS = {
    r"contains the PATH separator":
        f"{os.pathsep!r} in the path of this folder, which no virtual environment may have: clone to another folder",
    r"No space left on device|\[Errno 28\]|not enough space|Disk quota exceeded":
        "no disk space: free some (about 2 GB in all) and start again",
    r"name resolution|Name or service not known|nodename nor servname|getaddrinfo failed|Network is unreachable"
    r"|NewConnectionError|Connection refused|ConnectTimeout|ReadTimeout|Read timed out|ProxyError|No route to host"
    r"|RemoteDisconnected|Connection reset|CERTIFICATE_VERIFY_FAILED|SSLError":
        "no network: pip cannot reach its package index: connect (or set pip's proxy and certificate) and start again",
    r"Read-only file system|Permission denied|\[Errno 13\]|\[Errno 30\]|\[WinError 5\]":
        "read-only: pip may not write here: copy the course to a folder of your own and start again",
    r"No matching distribution found for (?P<what>\S+)|satisfies the requirement (?P<what2>\S+)":
        f"no build of {{what}} for this Python ({python_version()}) and system in your package index: "
        + ("pypi.org has one for a 64-bit Python on Linux, Windows and Macs with Apple's processor"
           if python_version() in ("3.11", "3.12", "3.13") else "start again with Python 3.11, 3.12 or 3.13"),
}


def explain(output: str) -> str | None:
    """Name the reason that pip's words give away, or None.

    Example:
        >>> explain("OSError: [Errno 28] No space left on device")
        'no disk space: free some (about 2 GB in all) and start again'
    """
    for pattern, reason in REASONS.items():
        if match := re.search(pattern, output):
            what = next((value for value in match.groupdict().values() if value), "")
            return reason.format(what=what)
    return None


def explain_os_error(error: OSError, root: Path) -> str:
    """One line for a failed file operation."""
    place = error.filename or root
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"{place}: no disk space: free some (about 2 GB in all) and start again"
    if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
        return f"{place}: read-only: copy the course to a folder of your own and start again"
    return f"{place}: {error.strerror or error}: mend that and start again"


def last_line(output: str) -> str:
    """The last line that says something, pip's own error line first."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR:")]
    return (errors or lines or ["no message"])[-1].removeprefix("ERROR:").strip()


def require_current_folder() -> None:
    """Refuse to start in a folder that was deleted: not even every library can be imported there."""
    try:
        Path.cwd()
    except FileNotFoundError as error:
        raise Trouble("the current folder was deleted: `cd` to one that is there and start again") from error


def require_free_port(port: int) -> None:
    """Refuse a port that somebody else holds; without --port JupyterLab looks for a free one itself."""
    with socket.socket() as probe:
        if not WINDOWS:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError) as error:
            raise Trouble(f"--port {port}: taken or not allowed: choose another, or leave --port out") from error


# --------------------------------------------------------------------------------------------- child processes

def venv_python(venv: Path) -> Path:
    """The environment's Python, where POSIX and Windows keep it."""
    return venv / "Scripts" / "python.exe" if WINDOWS else venv / "bin" / "python"


def child_environment(root: Path) -> dict[str, str]:
    """The environment of every child: .venv first, nothing of the reader's own Python, UTF-8 everywhere, one thread.

    Of pip's settings those stay that say where packages come from; others (quiet, target, no-deps, …) change what is
    installed, where, and what is said of it. PIP_USER also overrules a configuration file.
    """
    venv = root / ".venv"
    hidden = {"PYTHONHOME", "PYTHONPATH", "PYTHONINSPECT", "PYTHONOPTIMIZE", "PYTHONSTARTUP", "PYTHONWARNINGS",
              "__PYVENV_LAUNCHER__"}
    env = {name: value for name, value in os.environ.items()
           if name not in hidden and (not name.startswith("PIP_") or PIP_SOURCES.search(name))}
    path = str(venv_python(venv).parent) + os.pathsep + env.get("PATH", "")
    env |= {"PIP_USER": "0", "PYTHONUTF8": "1", "VIRTUAL_ENV": str(venv), "PATH": path}
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        env.setdefault(name, "1")
    return env


def jupyter_environment(root: Path) -> dict[str, str]:
    """JupyterLab's own corner in .course: the reader's other kernels, settings and workspaces stay out of the way."""
    home = root / ".course" / "jupyter"
    news = home / "lab" / "user-settings" / "@jupyterlab" / "apputils-extension" / "notification.jupyterlab-settings"
    if not news.exists():
        try:
            news.parent.mkdir(parents=True, exist_ok=True)
            news.write_text('{"fetchNews": "false", "checkForUpdates": false}\n', encoding="utf-8")
        except OSError as error:
            raise Trouble(explain_os_error(error, root)) from error
    return {"JUPYTER_CONFIG_DIR": str(home), "JUPYTERLAB_SETTINGS_DIR": str(home / "lab" / "user-settings"),
            "JUPYTERLAB_WORKSPACES_DIR": str(home / "lab" / "workspaces"), "JUPYTER_PREFER_ENV_PATH": "1",
            "JUPYTER_PATH": "", "JUPYTER_CONFIG_PATH": ""}


def jupyter_options(root: Path, no_browser: bool = False, port: int | None = None) -> list[str]:
    """JupyterLab's command line: this folder, the start notebook, the one kernel."""
    options = [f"--ServerApp.root_dir={root}", f"--LabApp.default_url=/lab/tree/{START}",
               "--KernelSpecManager.allowed_kernelspecs=python3", "--LanguageServerManager.autodetect=False"]
    if no_browser:
        options.append("--no-browser")
    if port is not None:
        options += [f"--ServerApp.port={port}", "--ServerApp.port_retries=0"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        options.append("--allow-root")  # containers; JupyterLab refuses otherwise
    return options


def hand_over(command: list[str], env: dict[str, str]) -> int:
    """Become the command (POSIX), or wait for it (Windows, where exec returns to the prompt at once)."""
    sys.stdout.flush()
    if not WINDOWS:
        os.execve(command[0], command, env)
    with subprocess.Popen(command, env=env) as child:
        while True:
            try:
                return child.wait()
            except KeyboardInterrupt:  # Ctrl-C reached the child too: let it close its kernels
                continue


# ---------------------------------------------------------------------------------------------- notebooks as text

def notebook_as_text(notebook: dict) -> str:
    """A notebook as text, for diffs: tags, points and ids in the header of a cell, its source, its outputs in short.

    Example:
        >>> cell = {"cell_type": "code", "id": "a1", "metadata": {"tags": ["points:2"]}, "source": ["1 + 1"],
        ...         "outputs": [{"data": {"text/plain": ["2"], "image/png": "iVBORw0KGgo="}}]}
        >>> print(notebook_as_text({"cells": [cell], "metadata": {}}))
        # ---- code a1 points:2
        1 + 1
        # out: 2
        # out: image/png, 12 characters
    """
    lines = []
    for cell in notebook["cells"]:
        metadata = dict(cell.get("metadata", {}))
        tags = metadata.pop("tags", [])
        words = [cell["cell_type"], cell.get("id", ""), *tags, json.dumps(metadata, sort_keys=True) if metadata else ""]
        lines.append("# ---- " + " ".join(word for word in words if word))
        lines += "".join(cell["source"]).splitlines()
        for output in cell.get("outputs", []):
            lines += [f"# out: {line}" for line in output_as_text(output)]
        lines.append("")
    metadata = json.dumps(notebook["metadata"], indent=1, sort_keys=True) if notebook["metadata"] else ""
    return "\n".join([*lines, metadata]).rstrip("\n")


def output_as_text(output: dict) -> list[str]:
    """Text in full, an error by its name, anything else by its type and size."""
    if "ename" in output:
        return [f"{output['ename']}: {output.get('evalue', '')}"]
    lines = "".join(output.get("text", [])).splitlines()
    for kind, value in sorted(output.get("data", {}).items(), key=lambda item: item[0] != "text/plain"):
        text = "".join(value) if isinstance(value, list | str) else json.dumps(value)
        lines += text.splitlines() if kind == "text/plain" else [f"{kind}, {len(text)} characters"]
    return lines
