"""Options and fixtures that several test files share."""

import os

import pytest
from hypothesis import settings

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

settings.register_profile("course", parent=settings(), deadline=None)  # a busy machine is no finding
settings.load_profile("course")


def pytest_addoption(parser):
    parser.addoption("--update-golden", action="store_true", help="write golden files instead of comparing with them")


@pytest.fixture
def update_golden(request):
    """Whether golden files are to be written anew."""
    return request.config.getoption("--update-golden")


@pytest.fixture(autouse=True)
def _own_progress_file(tmp_path_factory, monkeypatch):
    """Checks in tests never write into the learner's progress file."""
    monkeypatch.setenv("COURSE_HOME", str(tmp_path_factory.getbasetemp() / "course-home"))
