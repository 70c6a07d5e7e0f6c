"""Trust in the course's own notebooks: scripts of a notebook that nobody has signed do not run in JupyterLab.

`course build` writes the hash of each notebook it made into `trusted.json`; `lab` signs the files that still are these,
byte for byte, as `jupyter trust` would. A notebook that was changed is left to its reader. The launcher imports this
file before anything is installed: the standard library only, but for `sign`, which runs in the course's environment.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import sys
from pathlib import Path

FOLDERS = ("notebooks", "solutions")  # an exercise holds no outputs, and soon a learner's work
LIST, STAMP = Path("course_lib") / "trusted.json", Path(".course") / "trusted.json"


def trusted(root: Path) -> str:
    """The text of `trusted.json`: name and SHA-256 of each notebook of the course that has outputs."""
    paths = [path for folder in FOLDERS for path in sorted((root / folder).glob("[0-9]*.ipynb"))]
    return json.dumps({path.relative_to(root).as_posix(): _hash(path) for path in paths}, indent=1) + "\n"


def to_sign(root: Path) -> dict[str, str]:
    """Name and hash of the notebooks that are the course's own and that the stamp does not know as signed."""
    signed, own = _signed(root), _read(root / LIST)
    new = {name: digest for name, digest in own.items() if signed.get(name) != digest}
    return {name: digest for name, digest in new.items() if _hash(root / name) == digest}


def sign(root: Path) -> int:
    """Sign what is to be signed, for this user's Jupyter, and return how many files that were.

    A file that is no notebook is passed over. OSError when the signatures cannot be kept.
    """
    from jupyter_core.paths import jupyter_data_dir
    from nbformat import v4
    from nbformat.sign import NotebookNotary

    todo, folder = to_sign(root), Path(jupyter_data_dir())
    folder.mkdir(parents=True, exist_ok=True)
    notary, count = NotebookNotary(data_dir=str(folder)), 0
    try:
        if notary.store.db_file == ":memory:":
            raise OSError(f"{folder} cannot be written")
        for name in todo:
            try:
                notebook = v4.reads((root / name).read_text("utf-8"))
            except (ValueError, KeyError, TypeError, AttributeError):
                continue
            if not notary.check_signature(notebook):
                notary.sign(notebook)
                count += 1
    finally:
        notary.store.close()
    stamp = {"store": _store(), "database": notary.db_file, "signed": _signed(root) | todo}
    (root / STAMP).parent.mkdir(exist_ok=True)
    (root / STAMP).write_text(json.dumps(stamp, indent=1), "utf-8")
    return count


def _signed(root: Path) -> dict[str, str]:
    """What the stamp knows as signed in the database that this user's Jupyter reads."""
    stamp = _read(root / STAMP)
    here = stamp.get("store") == _store() and Path(str(stamp.get("database"))).is_file()
    return stamp.get("signed", {}) if here else {}


def _store() -> list[str | None]:
    """What decides where Jupyter keeps its signatures."""
    return [os.path.expanduser("~"), *map(os.environ.get, ("JUPYTER_DATA_DIR", "XDG_DATA_HOME", "APPDATA"))]  # noqa: PTH111


def _hash(path: Path) -> str | None:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None


def _read(path: Path) -> dict:
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def main() -> None:
    """Sign, and say in one line that it was done, or why not."""
    logging.getLogger("traitlets").disabled = True  # the notary's own words, several lines of them
    try:
        if sign(Path(__file__).resolve().parents[1]):
            print("The course's own notebooks are trusted, so that their explorers move.")
    except Exception as error:  # without signatures the course still opens
        print(f"No signature can be kept ({error}): explorers move after File › Trust Notebook.", file=sys.stderr)


if __name__ == "__main__":
    main()
