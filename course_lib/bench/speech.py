"""`course bench speech FOLDER`: how well the recogniser of lesson 10 reads recordings of digits.

A file is named digits_speaker_n.wav: 7_ada_0.wav is Ada's "seven", 3142_ada_1.wav her "three one four two". A file that
does not fit is one line and never stops the rest.
"""

from __future__ import annotations

import json
import re
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from time import process_time
from typing import Any, NamedTuple

NAME = re.compile(r"(?P<digits>[0-9]+)_(?P<speaker>[^_]+)_(?P<n>[0-9]+)\.wav", re.IGNORECASE)
COLUMNS = ("speaker", "files", "errors", "exact", "lexicon", "real time")


class Read(NamedTuple):
    """One recording: who said what, what the best path and the lexicon read, seconds of sound and of work."""

    speaker: str
    digits: str
    said: str
    found: str
    length: float
    work: float


def run(folder: str | Path, json_path: str | Path | None = None) -> list[dict[str, Any]]:
    """Read every recording of a folder, print a table, write JSON where a path is given, and return the rows.

    A row is a speaker: files, character errors and exact strings in per cent (by best path, by lexicon), and the
    real-time factor, processor seconds per second of sound. The last row is all of them. Raises ValueError for a folder
    that is none or holds no recording that can be read, or a path that cannot be written.
    """
    import torch

    from course_lib.applications import load

    if not Path(folder).is_dir():
        raise ValueError(f"speech: expected a folder of recordings, got {folder}")
    if json_path is not None and (Path(json_path).is_dir() or not Path(json_path).absolute().parent.is_dir()):
        raise ValueError(f"json: expected a file in a folder that exists, got {json_path}")
    torch.set_num_threads(1)
    done = recordings(Path(folder), load("speech"))
    if not done:
        raise ValueError(
            f"{folder}: expected recordings named 7_ada_0.wav or 3142_ada_1.wav, got none that can be read"
        )
    rows = table_rows(done)
    print(table(rows))
    if json_path is not None:
        from course_lib.bench import machine

        files = [one._asdict() for one in done]
        text = json.dumps({"rows": rows, "files": files, "machine": machine()}, indent=2)
        Path(json_path).write_text(text + "\n", "utf-8")
    return rows


def recordings(folder: Path, model: Any) -> list[Read]:
    """What the model reads in each file that fits; the others are told on stderr, one line each."""
    from course_lib.applications.speech import best_digits, best_path, log_probabilities
    from course_lib.data.speech import RATE, read_recording

    done = []
    for path in sorted(folder.iterdir()):
        named = NAME.fullmatch(path.name)
        if not named:
            print(f"{path.name}: left out: expected a name like 3142_ada_1.wav", file=sys.stderr)
            continue
        try:
            samples, warning = read_recording(path)
        except ValueError as error:
            print(f"{error}: left out", file=sys.stderr)
            continue
        if warning:
            print(warning, file=sys.stderr)
        start = process_time()
        steps = log_probabilities(model, samples)
        said, found = best_path(steps), best_digits(steps)
        length, work = len(samples) / RATE, process_time() - start
        done.append(Read(named["speaker"], named["digits"], said, found, length, work))
    return done


def table_rows(done: Sequence[Read]) -> list[dict[str, Any]]:
    """One row for each speaker, and one for all of them."""
    from course_lib.data.speech import error_rate, words

    groups = defaultdict(list)
    for one in sorted(done):
        groups[one.speaker].append(one)
    groups["all"] = list(done)
    rows = []
    for speaker, reads in groups.items():
        right = [words(one.digits) for one in reads]
        shares = (
            100 * error_rate([one.said for one in reads], right),
            100 * sum(one.said == text for one, text in zip(reads, right)) / len(reads),
            100 * sum(one.found == one.digits for one in reads) / len(reads),
            sum(one.work for one in reads) / sum(one.length for one in reads),
        )
        rows.append(dict(zip(COLUMNS, (speaker, len(reads), *(round(share, 4) for share in shares)))))
    return rows


def table(rows: Sequence[dict[str, Any]]) -> str:
    """The rows as aligned text.

    >>> print(table([dict(zip(COLUMNS, ("ada", 2, 12.5, 50.0, 100.0, 0.031)))]))
    speaker  files  errors   exact  lexicon  real time
    ada          2  12.5 %  50.0 %  100.0 %      0.031
    """
    width = max(len("speaker"), *(len(row["speaker"]) for row in rows))
    lines = [f"{'speaker':{width}}  files  errors   exact  lexicon  real time"]
    for row in rows:
        shares = f"{row['errors']:4.1f} %  {row['exact']:4.1f} %  {row['lexicon']:5.1f} %"
        lines.append(f"{row['speaker']:{width}}  {row['files']:5}  {shares}  {row['real time']:9.3f}")
    return "\n".join(lines)
