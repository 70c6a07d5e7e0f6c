"""The model of `negation` with one reader in place of two, and about as many numbers: its comparison in lesson 13."""

from dataclasses import replace
from functools import partial

from course_lib.applications import negation

APPLICATION = replace(
    negation.APPLICATION,
    title="Good or bad, read in one direction",
    model=partial(negation.Opinion, H=27, bidirectional=False),
)
