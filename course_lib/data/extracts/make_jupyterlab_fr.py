"""Make `jupyterlab_fr.tsv.gz` from the French language pack of JupyterLab.

Source: the package jupyterlab-language-pack-fr-FR 4.5.post3 on PyPI, made by volunteers (Project Jupyter Contributors,
https://github.com/jupyterlab/language-packs). Licence: BSD 3-clause; its text goes into the extract's first lines.

    pip download --no-deps jupyterlab-language-pack-fr-FR==4.5.post3
    python course_lib/data/extracts/make_jupyterlab_fr.py jupyterlab_language_pack_fr_fr-4.5.post3-py2.py3-none-any.whl

SHA-256 of that file  9f6ce9d4e64b367ff084a2313af29d6ad8a02d1d08000f3e6c53e2856fa9a11f
SHA-256 of the text   36b6d0ec921e4282e9c569fc802ecfa0d3648f2e8e13c652d0bbdc7523ce601c

What is taken: messages of one line, at most 60 characters in English and 90 in French, that are not the same in both;
of several translations the first, JupyterLab's own before its extensions'. Special spaces become spaces, typographic
apostrophes plain ones.

How it is split: two messages are near-duplicates where, in English or in French, their letters without case, accents
and all else share 80 % of their triples (Dice's coefficient). Messages that are connected by a chain of such pairs
stay together, so that no held-out message has a near-duplicate to learn from. Chains are drawn until 300 are held out.
"""

from __future__ import annotations

import gettext
import gzip
import hashlib
import io
import re
import sys
import unicodedata
import zipfile
from pathlib import Path

import numpy as np

WHEEL = "9f6ce9d4e64b367ff084a2313af29d6ad8a02d1d08000f3e6c53e2856fa9a11f"
TARGET = Path(__file__).with_name("jupyterlab_fr.tsv.gz")
HELD, ALIKE, LONGEST = 300, 0.8, (60, 90)
PLAIN = str.maketrans({"\xa0": " ", "\u202f": " ", "’": "'"})


def pairs(wheel: zipfile.ZipFile) -> dict[str, str]:
    """English message -> its first French translation."""
    files = [name for name in wheel.namelist() if name.endswith(".mo")]
    found: dict[str, str] = {}
    for name in sorted(files, key=lambda name: (not name.endswith("/jupyterlab.mo"), name)):
        for key, french in gettext.GNUTranslations(io.BytesIO(wheel.read(name)))._catalog.items():
            english = key[0] if isinstance(key, tuple) else key  # a tuple where a plural has forms of its own
            english = english.split("\x04")[-1]  # behind its context
            english, french = (" ".join(text.translate(PLAIN).split(" ")).strip() for text in (english, french))
            one_line = not re.search(r"[\n\t]", english + french)
            if one_line and 0 < len(english) <= LONGEST[0] and 0 < len(french) <= LONGEST[1] and english != french:
                found.setdefault(english, french)
    return dict(sorted(found.items()))


def triples(text: str) -> set[str]:
    """The letter triples of a text, without case, accents and signs."""
    letters = unicodedata.normalize("NFD", text.lower()).encode("ascii", "ignore").decode()
    letters = f" {re.sub('[^a-z]+', ' ', letters).strip()} "
    return {letters[k : k + 3] for k in range(len(letters) - 2)}


def alike(texts: list[str]) -> np.ndarray:
    """Dice's coefficient of each pair of texts: (N, N)."""
    sets = [triples(text) for text in texts]
    place = {triple: k for k, triple in enumerate(sorted(set().union(*sets)))}
    holds = np.zeros((len(texts), len(place)), dtype=np.float32)
    for n, found in enumerate(sets):
        holds[n, [place[triple] for triple in found]] = 1
    sizes = holds.sum(1)
    return 2 * holds @ holds.T / np.maximum(sizes[:, None] + sizes, 1)


def chains(near: np.ndarray) -> list[list[int]]:
    """The connected parts of a graph (N, N) bool."""
    left, parts = set(range(len(near))), []
    while left:
        part, new = [], [min(left)]
        left.discard(new[0])
        while new:
            part.append(new.pop())
            reached = left.intersection(np.flatnonzero(near[part[-1]]).tolist())
            left -= reached
            new += sorted(reached)
        parts.append(sorted(part))
    return parts


def held_out(found: dict[str, str]) -> set[int]:
    """The numbers of the messages that are kept for the test."""
    near = np.maximum(alike(list(found)), alike(list(found.values()))) >= ALIKE
    parts, held = chains(near), set()
    for k in np.random.default_rng(0).permutation(len(parts)):
        if len(held) + len(parts[k]) <= HELD:
            held |= set(parts[k])
    return held


def main(path: str) -> None:
    """Write the extract."""
    raw = Path(path).read_bytes()
    if (came := hashlib.sha256(raw).hexdigest()) != WHEEL:
        raise SystemExit(f"{path}: expected SHA-256 {WHEEL}, got {came}")
    with zipfile.ZipFile(io.BytesIO(raw)) as wheel:
        licence = next(name for name in wheel.namelist() if name.endswith("LICENSE.txt"))
        notice, found = wheel.read(licence).decode(), pairs(wheel)
    held = held_out(found)
    lines = [f"# {line}".rstrip() for line in ["jupyterlab-language-pack-fr-FR 4.5.post3", *notice.splitlines()]]
    lines += [f"{'held' if k in held else 'train'}\t{en}\t{fr}" for k, (en, fr) in enumerate(found.items())]
    text = ("\n".join(lines) + "\n").encode()
    with gzip.GzipFile(TARGET, "wb", compresslevel=9, mtime=0) as file:
        file.write(text)
    print(f"{len(found)} messages, {len(held)} held out, {TARGET.stat().st_size} bytes")
    print(hashlib.sha256(text).hexdigest(), "of the text")


if __name__ == "__main__":
    main(*sys.argv[1:])
