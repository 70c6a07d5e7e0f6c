"""`python -m course_lib.bench`: how `course bench` starts itself anew, in a process with one thread."""

import json
from argparse import ArgumentParser

from course_lib.bench import GROUPS, run

parser = ArgumentParser(prog="course bench")
parser.add_argument("group", nargs="?", choices=list(GROUPS))
parser.add_argument("--json", metavar="F")
parser.add_argument("--options", type=json.loads, default={}, help="of the group's function, as JSON")
options = parser.parse_args()
try:
    run(options.group, options.json, **options.options)
except KeyboardInterrupt:
    raise SystemExit(130) from None
