"""The grader: answers are grafted into the course's notebook, a fresh kernel computes, the grader compares.

`main.grade` is the command; `notebook` reads and grafts, `plugin` lets nbval drive the kernel and the judge decide,
`kernels` and `sandbox` make kernels warm and walled, `executor` spreads the work, `report` writes what came out.
"""

import sys

# jsonschema's optional check of addresses loads a grammar for 0.8 s that nobody here reads
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
