"""Real translations: the messages of JupyterLab in English and in French, made by volunteers.

The extract (`extracts/jupyterlab_fr.tsv.gz`, 45 kB) comes from the package jupyterlab-language-pack-fr-FR 4.5.post3,
Project Jupyter Contributors, BSD 3-clause licence (its text stands in the extract's first lines);
`extracts/make_jupyterlab_fr.py` makes it again. SHA-256 of its text:
36b6d0ec921e4282e9c569fc802ecfa0d3648f2e8e13c652d0bbdc7523ce601c

Beside it what a translation is measured with and against: edit distance, a translation memory, a score.
"""

from __future__ import annotations

import gzip
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

from ._common import edit_distances
from .translations import Pair

EXTRACT = Path(__file__).parent / "extracts" / "jupyterlab_fr.tsv.gz"


@cache
def messages(part: str = "train") -> tuple[Pair, ...]:
    """The pairs to learn from ("train", 2318) or those that are held out ("held", 300): source English, target French.

    No held-out message has a near-duplicate to learn from, in English or in French; the making script says what that
    means. Raises ValueError for another part.

    >>> [pair.target for pair in messages() if pair.source == "Close All Tabs"]
    ['Fermer tous les onglets']
    """
    if part not in ("train", "held"):
        raise ValueError(f"part: expected 'train' or 'held', got {part!r}")
    lines = gzip.decompress(EXTRACT.read_bytes()).decode().splitlines()
    rows = [line.split("\t") for line in lines if not line.startswith("#")]
    return tuple(Pair(english, french, "fr") for found, english, french in rows if found == part)


def cut(text: str) -> list[str]:
    """A message in words, signs and places to fill in.

    >>> cut("Fermer l'onglet %1 ?")
    ['Fermer', "l'", 'onglet', '%1', '?']
    """
    return re.findall(r"%\d|\w+'?|[^\w\s]", text)


def joined(words: Iterable[str]) -> str:
    """The words of a message as one text, without the blanks that French does not write.

    >>> joined(["Fermer", "l'", "onglet", "%1", "?"])
    "Fermer l'onglet %1 ?"
    """
    return re.sub(r"(?<=') | (?=[.,…)])|(?<=\() ", "", " ".join(words))


def remembered(text: str, pairs: Sequence[Pair]) -> Pair:
    """The pair whose source is nearest to `text` by edit distance, the first of them: a translation memory.

    >>> remembered("Close the tabs", messages()).source
    'Close All Tabs'
    """
    return pairs[int(edit_distances(text, [pair.source for pair in pairs]).argmin())]


def word_table(pairs: Sequence[Pair], rounds: int = 8) -> dict[str, str]:
    """For each English word, in lower case, its likeliest French one: IBM's Model 1 (Brown et al. 1993, §4.1).

    t(f | e) starts equal for all pairs of words. In each round every French word is shared out among the English words
    of its message, and one empty word, in proportion to t; t(f | e) is then e's share of f over all that e got. Nothing
    here knows the order of words.

    >>> word_table([Pair("red house", "maison rouge", "fr"), Pair("red", "rouge", "fr")])
    {'red': 'rouge', 'house': 'maison'}
    """
    if not pairs or rounds < 1:
        raise ValueError(f"pairs: expected at least one pair and one round, got {len(pairs)} and {rounds}")
    texts = [(["", *cut(pair.source.lower())], cut(pair.target)) for pair in pairs]
    t: dict[tuple[str, str], float] = defaultdict(lambda: 1.0)
    for _ in range(rounds):
        shares: dict[tuple[str, str], float] = defaultdict(float)
        totals: dict[str, float] = defaultdict(float)
        for english, french in texts:
            for f in french:
                whole = sum(t[f, e] for e in english)
                for e in english:
                    share = t[f, e] / whole
                    shares[f, e] += share
                    totals[e] += share
        t = defaultdict(float, {(f, e): share / totals[e] for (f, e), share in shares.items()})
    best: dict[str, tuple[float, str]] = {}
    for (f, e), value in t.items():
        if e and value > best.get(e, (0.0, ""))[0]:
            best[e] = (value, f)
    return {e: f for e, (_, f) in best.items()}


def by_table(text: str, table: dict[str, str]) -> str:
    """A message word by word; a word that the table does not have stays as it is.

    >>> by_table("Red house", {"red": "rouge"})
    'rouge house'
    """
    return joined(table.get(word.lower(), word) for word in cut(text))


def character_f(text: str, reference: str, longest: int = 6, beta: float = 2.0) -> float:
    """The character n-gram F-score, chrF, in per cent (Popović 2015; beta 2 as in her later tool), of one text.

    For n = 1 to `longest`: the share of the text's n-grams that stand in the reference, and of the reference's that
    stand in the text; spaces do not count. Their means over n are precision P and recall R, and the score is
    (1 + beta^2) P R / (beta^2 P + R). An n that neither text has is left out.

    >>> round(character_f("Fermer les onglets", "Fermer tous les onglets"), 1)
    64.4
    """
    precisions, recalls = [], []
    text, reference = "".join(text.split()), "".join(reference.split())
    for n in range(1, longest + 1):
        ours, theirs = (Counter(t[k : k + n] for k in range(len(t) - n + 1)) for t in (text, reference))
        if ours or theirs:
            shared = (ours & theirs).total()
            precisions.append(shared / max(ours.total(), 1))
            recalls.append(shared / max(theirs.total(), 1))
    P, R = (sum(shares) / max(len(shares), 1) for shares in (precisions, recalls))
    return 100 * (1 + beta**2) * P * R / (beta**2 * P + R) if P + R else 0.0
