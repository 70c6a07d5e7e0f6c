"""The grader: answers are grafted into the course's notebook, a fresh kernel computes, the grader compares.

`main.grade` is the command; `notebook` reads and grafts, `plugin` lets nbval drive the kernel and the judge decide,
`kernels` and `sandbox` make kernels warm and walled, `files` holds what was handed in, `executor` spreads the work,
`report` writes what came out; `isolation` starts the grader's own processes.
"""

import sys

# jsonschema's optional checks of formats load for up to 0.9 s what nobody here reads
for _name in ("rfc3987_syntax", "isoduration", "uri_template", "webcolors", "fqdn", "rfc3986_validator"):
    sys.modules.setdefault(_name, None)  # type: ignore[arg-type]
