"""The frame of the house: dependencies in one place, imports one way, commands that agree, clean code."""

import ast
import doctest
import importlib
import importlib.metadata
import re
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "course_lib"
MODULES = sorted(path for path in PACKAGE.rglob("*.py"))
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PROJECT = PYPROJECT["project"]


def read(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


# ---------------------------------------------------------------- one list of dependencies


def test_environment_yml_is_python_pip_and_this_package():
    lines = [line.strip().removeprefix("- ") for line in read("environment.yml").splitlines()
             if line.strip().startswith("- ")]
    assert lines == ["conda-forge", f"python{PROJECT['requires-python']}", "pip", "pip:", "-c constraints.txt",
                     "-e .[test]"]


def pins() -> dict[str, Version]:
    lines = [line for line in read("constraints.txt").splitlines() if line and not line.startswith("#")]
    assert [line for line in lines if not re.fullmatch(r"[\w.-]+==[\w.!]+", line)] == [], "no addresses, no +cpu"
    return {canonicalize_name(line.split("==")[0]): Version(line.split("==")[1]) for line in lines}


def test_every_dependency_has_a_tested_version_within_its_bounds():
    extras = [line for lines in PROJECT["optional-dependencies"].values() for line in lines]
    wanted = [Requirement(line) for line in PROJECT["dependencies"] + extras + PYPROJECT["build-system"]["requires"]]
    tested = pins()
    assert [str(r) for r in wanted if canonicalize_name(r.name) not in tested] == []
    assert [str(r) for r in wanted if tested[canonicalize_name(r.name)] not in r.specifier] == []
    assert all(any(s.operator == ">=" for s in r.specifier) for r in wanted)


def test_the_tested_versions_fit_the_oldest_python():
    oldest = PROJECT["requires-python"].removeprefix(">=") + ".0"
    tested = pins()
    found = [d for d in importlib.metadata.distributions() if canonicalize_name(d.name) in tested]
    same = [d for d in found if Version(d.version).public == tested[canonicalize_name(d.name)].public]
    assert [d.name for d in same if not SpecifierSet(d.metadata.get("Requires-Python", "")).contains(oldest)] == []


# ---------------------------------------------------------------- imports one way

# room → rooms that it may import; a room is the first name below course_lib
MAY = {
    "nn": set(),
    "data": set(),
    "training": {"nn", "data", "show"},  # the curve of fit(watch=True), loaded when it is asked for
    "recipes": {"nn", "data", "training", "show"},
    "applications": {"nn", "data", "training"},
    "checks": {"nn", "data", "training", "recipes", "claims"},
    "show": {"nn", "data", "training", "recipes", "checks", "formulas", "claims"},
    "formulas": set(),
    "trust": set(),
    "instructor": {"checks", "show"},
    "vocabulary": set(),
    "claims": {"vocabulary"},
    "building": {"checks", "claims", "instructor", "show", "trust", "vocabulary"},
    "grading": {"checks", "building"},
    "selfcheck": {"checks"},
    "bench": {"nn", "data", "training", "recipes", "checks", "show", "grading", "applications"},
    "launcher": {"cli", "trust"},
    "__main__": {"launcher"},
    "__init__": set(),
}
MAY["cli"] = set(MAY) - {"__main__", "launcher"}
NUMPY_ONLY = {"nn.cells", "nn.bptt", "nn.init", "nn.layers", "nn._shapes"}
# of the rooms whose users may do without torch
TORCH = {"nn.modules", "nn.fused", "nn.gradients", "nn.attention", "nn.bag_of_words", "nn.seq2seq"}
TORCH |= {"nn.transformer", "nn.linear_recurrence"}


@cache
def imports(path: Path) -> set[str]:
    """Absolute names of all modules that a file imports, inside functions too."""
    package = path.relative_to(ROOT).with_suffix("").parts[:-1]
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = [*package[: len(package) - node.level + 1]] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            found |= {f"{module}.{alias.name}" for alias in node.names} if module == "course_lib" else {module}
    return found


def name_of(path: Path) -> str:
    """ "nn.cells" for course_lib/nn/cells.py, "nn" for course_lib/nn/__init__.py."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)


def outside(path: Path) -> set[str]:
    """Third-party packages that a file imports."""
    top = {name.split(".")[0] for name in imports(path)}
    return top - set(sys.stdlib_module_names) - {"course_lib", "__future__"}


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_go_one_way(path):
    room = name_of(path).split(".")[0]
    assert room in MAY, f"course_lib/{room}: a new room; give it its place in MAY"
    used = {name.split(".")[1] for name in imports(path) if name.startswith("course_lib.")}
    assert used - {room} <= MAY[room]


def test_the_mathematics_needs_numpy_only():
    found = {name_of(path): outside(path) for path in MODULES if name_of(path) in NUMPY_ONLY}
    assert {name: used for name, used in found.items() if not used <= {"numpy"}} == {}


def test_torch_stays_in_its_rooms():
    users = {name_of(path) for path in MODULES if "torch" in outside(path)}
    assert {name for name in users if name.split(".")[0] in ("nn", "data", "building", "grading")} <= TORCH


def test_the_launcher_needs_the_standard_library_only():
    assert {path.name: outside(path) for path in MODULES if path.stem in ("__main__", "launcher")} == {
        "__main__.py": set(), "launcher.py": set()}


@pytest.mark.parametrize("module", ["course_lib", "course_lib.cli", "course_lib.checks", "course_lib.nn",
                                    "course_lib.show", "course_lib.data"])
def test_importing_is_light(module):
    heavy = {"torch", "matplotlib", "ipywidgets", "IPython", "nbformat", "nbclient", "pytest", "distributed"}
    heavy |= {"numpy"} if module in ("course_lib", "course_lib.cli") else set()
    code = f"import sys, {module}; print(*sorted({heavy!r} & set(sys.modules)))"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert loaded.split() == []


# ---------------------------------------------------------------- commands and files that agree


def test_readme_ci_and_workflow_call_the_same_command():
    command = "-m course_lib test"
    assert f"python {command}" in read("README.md")
    assert f'"$python" {command}' in read(".ci/run")
    assert ".ci/run" in read(".github/workflows/test.yml")


def test_the_readme_says_truly_which_lessons_are_here():
    rows = re.findall(r"^\| (\d\d) .*\| (yes|to come) \|$", read("README.md"), re.MULTILINE)
    assert [number for number, _ in rows] == [f"{k:02d}" for k in range(16)]
    here = {path.name[:2] for path in (ROOT / "notebooks").glob("*.ipynb")}
    assert {number for number, state in rows if state == "yes"} == here


def test_files_that_the_readme_names_are_there():
    text = read("README.md") + read("CONTRIBUTING.md")
    names = set(re.findall(r"`([\w./-]+\.(?:md|txt|yml|toml|ipynb)|LICENSE\S*)`", text))
    assert {name for name in names if "NN" not in name and not (ROOT / name).exists()} == set()


def test_git_shows_notebooks_as_text():
    assert re.search(r"^\*\.ipynb .*diff=notebook$", read(".gitattributes"), re.MULTILINE)
    assert "git config diff.notebook.textconv" in read("CONTRIBUTING.md")


# ---------------------------------------------------------------- clean code


def test_ruff_finds_nothing_in_code_and_notebooks():
    ruff = subprocess.run([sys.executable, "-m", "ruff", "check", "--no-cache", "--output-format=concise", "."],
                          cwd=ROOT, capture_output=True, text=True, check=False)
    assert ruff.returncode == 0, ruff.stdout + ruff.stderr


@pytest.mark.parametrize("path", [path for path in MODULES if ">>> " in path.read_text("utf-8")], ids=name_of)
def test_examples_in_docstrings_are_true(path):
    tests = doctest.testmod(importlib.import_module(f"course_lib.{name_of(path)}"), verbose=False)
    assert tests.failed == 0
