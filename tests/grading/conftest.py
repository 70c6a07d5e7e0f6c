"""Fixtures of the grader's tests."""

import pytest


@pytest.fixture
def folder(tmp_path):
    """An empty folder for submissions."""
    path = tmp_path / "class"
    path.mkdir()
    return path
