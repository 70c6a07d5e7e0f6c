"""Makes tunes.tsv.gz, reels, hornpipes and jigs of 1883, out of the corpus that comes with music21.

    pip download music21==10.5.1 --no-deps
    python make_tunes.py music21-10.5.1-py3-none-any.whl

Source   Ryan's Mammoth Collection (Elias Howe, Boston 1883), typed in ABC notation by John Chambers, Ray Davies, Bob
         Puckette, John B. Walsh, Ivan Bradley and others; the files music21/corpus/ryansMammoth/*.abc.
Licence  The tunes are in the public domain. music21's corpus/license.txt says that each piece of its corpus is, to the
         best of its makers' knowledge, out of copyright in the United States or licensed for use, and claims no rights
         of its own; the files of this collection carry no terms. Only notes, key, metre and title are taken.
Checks   the SHA-256 of all files of the collection together, below. A tune is kept when its kind is reel, hornpipe or
         jig, its metre that of its kind, every bar adds up and nothing in it is left in doubt; of tunes that are equal
         note by note one is kept. Ornaments, fingerings, bowings and chord names are dropped.
"""

import gzip
import re
import string
import sys
import zipfile
from collections import Counter
from hashlib import sha256
from pathlib import Path

from course_lib.data.music import _PIECES, METRES, _fields, families, read_abc

SHA256 = "3ea75e2db64cdbb5c57a0953097c13646ba9a670d3d1cdfc0d6a91f2fe7f50fc"
KINDS = {"reel": "4/4", "hornpipe": "4/4", "jig": "6/8"}
HEAD = """\
# Reels, hornpipes and jigs of Ryan's Mammoth Collection (Boston 1883, public domain), made by make_tunes.py from the
# ABC files that come with music21 10.5.1. Typed by {names}
# and others: thank you.
# A line: title, kind, family (versions of one tune have one number), M:, L:, K:, the music.
"""


def main(wheel: str) -> None:
    """Read the wheel, check it, write the extract beside this script."""
    with zipfile.ZipFile(wheel) as archive:
        names = sorted(n for n in archive.namelist() if re.search(r"ryansMammoth/.*\.abc$", n))
        texts = [archive.read(name) for name in names]
    found = sha256(b"".join(texts)).hexdigest()
    if found != SHA256:
        raise SystemExit(f"{wheel}: expected the collection of music21 10.5.1, got another one, {found}")
    kept, left, seen = [], Counter(), set()
    for raw in texts:
        try:
            row, tune = line_of(raw.decode("utf-8", "replace"))
        except ValueError as error:
            left[re.sub(r"\d+|'.*'", "…", str(error))[:60]] += 1
            continue
        same = tuple((n.pitch, n.ticks) for n in tune.notes)
        if same in seen:
            left["the same tune again"] += 1
        else:
            seen.add(same)
            kept.append((*row, tune))
    kept.sort(key=lambda row: row[:5])
    numbers = families([row[-1] for row in kept])
    names = transcribers(texts)
    lines = ["\t".join((title, kind, str(number), *rest)) for (title, kind, *rest, _), number in zip(kept, numbers)]
    text = HEAD.format(names=", ".join(names)) + "\n".join(lines) + "\n"
    data = gzip.compress(text.encode(), 9, mtime=0)
    Path(__file__).with_name("tunes.tsv.gz").write_bytes(data)
    print(f"{len(kept)} tunes in {len(set(numbers))} families, {len(data)} bytes; left out: {dict(left.most_common())}")


def line_of(text: str) -> tuple[tuple[str, ...], object]:
    """Title, kind, M:, L:, K: and music of a file, and its tune; ValueError for one that is not kept."""
    fields, music = _fields(text)
    kind = fields.get("R", "").lower()
    if kind not in KINDS:
        raise ValueError(f"another kind, {kind}")
    if any(letter not in fields for letter in "MLKT"):
        raise ValueError("no M:, L:, K: or T:")
    music = "".join(_pieces(music)).strip()
    row = (fields["M"], fields["L"], fields["K"], music)
    tune = read_abc("M:{}\nL:{}\nK:{}\n{}".format(*row))
    if tune.metre != KINDS[kind]:
        raise ValueError(f"a {kind} in {tune.metre}")
    if len(tune.notes) < 32:
        raise ValueError("fewer than 32 notes")
    if min(sum(note.ticks for note in part) for part in tune.parts) < 3.5 * METRES[tune.metre]:
        raise ValueError("a part of three bars or fewer")
    title = string.capwords(re.sub(r"\s*-[- ].*| ?\(.*|:", "", fields["T"]).strip().strip('"'))
    return (title, kind, *row), tune


def _pieces(music: str) -> list[str]:
    at, out = 0, []
    while at < len(music):
        found = _PIECES.match(music, at)
        if not found:
            raise ValueError(f"not read: {music[at]!r}")
        at = found.end()
        if found["left"]:
            out.append(" " if found[0].isspace() and out and out[-1] != " " else "")
        else:
            out.append(found[0].strip())
    return out


def transcribers(texts: list[bytes]) -> list[str]:
    """Who typed the tunes, by how many they typed; addresses are left out."""
    names = Counter()
    for raw in texts:
        for line in re.findall(r"^Z:\s*(.*)", raw.decode("utf-8", "replace"), re.MULTILINE):
            line = re.sub(r"Contributed|\bby\b|<[^>]*>|\S*[:@]\S*|[\d/-]+|,", " ", line)
            name = " ".join(line.split()).replace("John B. Walsh", "John Walsh")
            if re.fullmatch(r"[A-Z][a-z]+ [A-Z][a-z]+", name):
                names[name] += 1
    return [name for name, _ in names.most_common()]


if __name__ == "__main__":
    main(*sys.argv[1:])
