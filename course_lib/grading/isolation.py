"""The grader's own processes start isolated: nothing from a user's folder or settings comes along.

`course grade` reads its options and is then replaced by an isolated Python (`-I`) that runs this file as a script:
the current folder, PYTHONPATH, usercustomize and all PYTHON* settings have no influence on it, its environment is a
short list, and text is UTF-8 whatever the locale says. It imports this very copy of `course_lib`, whether that is
installed or not, and nothing that lies beside it. Standard library only, and little of it: this costs each start.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NoReturn

KEPT = {  # of the environment
    "who and where one is": "HOME USER LOGNAME PATH TMPDIR TEMP TMP XDG_CACHE_HOME",
    "how text and time look": "LANG LANGUAGE TERM COLUMNS LINES NO_COLOR TZ",
    "threads": "OMP_NUM_THREADS OPENBLAS_NUM_THREADS MKL_NUM_THREADS NUMEXPR_NUM_THREADS",
    "which code of a library this processor runs": "OPENBLAS_CORETYPE MKL_CBWR MKL_ENABLE_INSTRUCTIONS",
    "where Python's own library may lie": "LD_LIBRARY_PATH",
    "Windows": "SYSTEMROOT SYSTEMDRIVE WINDIR COMSPEC PATHEXT USERNAME USERPROFILE HOMEDRIVE HOMEPATH APPDATA "
    "LOCALAPPDATA PROGRAMDATA NUMBER_OF_PROCESSORS PROCESSOR_ARCHITECTURE",
}
NAMES = frozenset(" ".join(KEPT.values()).split())
FAMILIES = ("LC_", "COURSE_", "DASK_")
FILES = 1024  # open files: enough for a large machine
STOPPED = "course: stopped; the same command goes on where this one was"


def environment() -> dict[str, str]:
    """What is kept of the environment; of a list of folders only those that do not depend on the current one."""
    kept = {n: v for n, v in os.environ.items() if n.upper() in NAMES or n.upper().startswith(FAMILIES)}
    for name in {"PATH", "LD_LIBRARY_PATH"} & set(kept):
        kept[name] = os.pathsep.join(p for p in kept[name].split(os.pathsep) if Path(p).is_absolute())
    return kept


def command(module: str, *words: str) -> list[str]:
    """The command line of an isolated Python that calls the function `main` of a module; it finds `words` in argv.

    Folders of packages that only this Python found (`pip install --user`, PYTHONPATH) come last there.
    """
    here = "" if lost() else os.path.realpath(".")  # a class's folder may have any name
    packages = [p for p in sys.path if p.rstrip("/").endswith(("site-packages", "dist-packages"))]
    packages = [p for p in packages if os.path.realpath(p) != here]
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    flags = ["-I", "-X", "utf8", *(["-B"] if sys.dont_write_bytecode else [])]
    this = str(Path(__file__).resolve())
    return [sys.executable, *flags, this, module, os.pathsep.join(packages), encoding, *words]


class Handover(Exception):
    """A command that goes on in an isolated process: only the program itself may be replaced, so it is told by this."""

    def __init__(self, module: str, options: dict[str, Any], words: list[str]) -> None:
        import json

        said = json.dumps({k: _as_utf8(v) if isinstance(v, str) else v for k, v in options.items()})
        super().__init__(f"goes on in {module}")
        self.command = command(module, said, *words)

    def go(self) -> NoReturn:
        """Become that process (POSIX), or wait for it (Windows, where exec returns to the prompt at once)."""
        for stream in filter(None, (sys.stdout, sys.stderr)):
            stream.flush()
        if lost():
            os.chdir(Path(__file__).parent)  # libraries that ask for the current folder are not to fail
        if os.name == "posix":
            os.execve(self.command[0], self.command, environment())
        import subprocess

        with subprocess.Popen(self.command, env=environment()) as child:
            while True:
                with suppress(KeyboardInterrupt):  # Ctrl-C reaches the child, which decides
                    sys.exit(child.wait())


def lost() -> bool:
    """Whether the current folder was deleted, or is one that this user may not use."""
    try:
        Path.cwd()
    except OSError:
        return True
    return not os.access(".", os.X_OK)


def require_folder(named: Iterable[str | None]) -> None:
    """ValueError where a path starts at a current folder that is lost."""
    relative = [path for path in named if path and not Path(path).is_absolute()]
    if relative and lost():
        told = "the current folder was deleted or is closed; go to another one, or give the whole path"
        raise ValueError(f"{relative[0]}: {told}")


def _as_utf8(text: str) -> str:
    """A word of the command line as the isolated process reads it, whatever the locale made of its bytes here."""
    return os.fsencode(text).decode("utf-8", "surrogateescape") if os.name == "posix" else text


def settle(folder: str) -> None:
    """Make a process that grades at home in a folder: it works there, with a scrubbed environment and no settings."""
    home = Path(folder) / "work"
    home.mkdir(mode=0o700, exist_ok=True)
    os.chdir(home)
    kept = environment()
    for name in set(os.environ) - set(kept):
        del os.environ[name]
    os.environ.update(kept)
    for name in ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "MPLCONFIGDIR"):
        os.environ[name] = str(home / name.lower())
    os.environ["JUPYTER_NO_CONFIG"] = "1"


def adopt() -> None:
    """Import the `course_lib` that this file belongs to, and nothing that lies in the folder around it."""
    from importlib import util

    package = Path(__file__).resolve().parents[1]
    sys.path[:] = [p for p in sys.path if Path(p) != package.parent or "-packages" in package.parent.name]
    spec = util.spec_from_file_location(
        "course_lib", package / "__init__.py", submodule_search_locations=[str(package)]
    )
    assert spec and spec.loader
    sys.modules["course_lib"] = util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules["course_lib"])


def start() -> None:
    """The first steps of an isolated process, then the module that it was started for."""
    from importlib import import_module

    module, packages, encoding = sys.argv[1:4]
    del sys.argv[1:4]
    sys.path += [p for p in packages.split(os.pathsep) if p and p not in sys.path]
    prepare()
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding=encoding, errors="replace")  # type: ignore[union-attr]
    with one_line_at_ctrl_c():
        import_module(module).main()


def prepare() -> None:
    """Open what is closed of stdin, stdout and stderr, so that no socket takes its place; ask for more open files."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
    sys.stdout = sys.stdout or open(1, "w", closefd=False)  # noqa: SIM115
    sys.stderr = sys.stderr or open(2, "w", closefd=False)  # noqa: SIM115
    with suppress(ImportError, OSError, ValueError):
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if 0 <= soft < FILES:
            resource.setrlimit(resource.RLIMIT_NOFILE, (FILES if hard < 0 else min(hard, FILES), hard))


@contextmanager
def one_line_at_ctrl_c() -> Iterator[None]:
    """Ctrl-C while the grader is still being loaded ends it as it does later."""
    try:
        yield
    except KeyboardInterrupt:
        print(STOPPED, file=sys.stderr)
        sys.exit(1)


if __name__ in ("__main__", "__mp_main__"):  # the second: a process that multiprocessing has started
    adopt()
if __name__ == "__main__":
    start()
