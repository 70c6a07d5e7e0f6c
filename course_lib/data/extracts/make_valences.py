"""Makes valences.txt, how people rated some English words, out of the word list of VADER.

    pip download vaderSentiment==3.3.2 --no-deps
    python make_valences.py vaderSentiment-3.3.2-py2.py3-none-any.whl

Source   vaderSentiment 3.3.2, the file vader_lexicon.txt: ten people rated each word from -4 to 4
         (C. J. Hutto and E. Gilbert 2014, VADER: A parsimonious rule-based model for sentiment analysis of social media
         text, ICWSM). The words below were chosen for the sentences of lesson 13; no rating was changed.
Licence  MIT, copyright 2016 C. J. Hutto; its text stands at the end of valences.txt's head.
Checks   the SHA-256 of the wheel's vader_lexicon.txt, below; the number of words, and that each has a clear sign.
"""

import sys
import zipfile
from hashlib import sha256
from pathlib import Path

SHA256 = "1ec9c6e9ee19aade328f8beb393a6afa71a5bb3acf7d3cc22d4ef568df374bf5"
MADE = "9c2c5865eef851096b6431f5175afb1e111e4a8e4a988e3d4d67dcfa6c2ba70c"  # of valences.txt
CLEAR = 0.5  # the mean rating of a word is at least this far from 0
ADJECTIVES = """
adorable alarming amazing amusing annoying appalling arrogant attractive awesome awful awkward bad beautiful beneficial
bitter bold boring brave bright brilliant broken brutal calm careless charming cheerful cheerless clean clear clever
clumsy comfortable confused confusing convincing courageous courteous creative creepy cruel crude cute cynical damaging
dangerous darling dead defective delicious delightful depressing desperate difficult dirty disappointing disastrous
disgusting dishonest dismal disturbing dreadful dull dumb dynamic eager easy effective efficient elegant embarrassing
empty encouraging energetic engaging enjoyable entertaining enthusiastic evil excellent exciting exhausting fabulous
failed fair faithful fake false fantastic fascinating fatal faulty favorite fearful fearless fine flawed foolish
fortunate free fresh friendly frightening frustrating fun funny generous gentle genuine gloomy glorious good gorgeous
graceful grand great greedy grim gross handsome happy harmful harmless harsh hateful healthy heartless heavenly helpful
helpless heroic hilarious honest honorable hopeful hopeless horrendous horrible horrific hostile humorous hurtful
hypocritical idiotic ignorant ill immature impatient impolite impressive inadequate incompetent inferior innovative
insane insecure insincere inspiring insulting intelligent intense interesting intimidating irrational irresponsible
irritating joyful joyless kind lame lazy likable likeable lively lonely lousy lovable lovely loyal lucky mad magnificent
marvelous mature meaningless mediocre merry messy mindless miserable misleading mistaken moody nasty neat negative
nervous nice noble numb obnoxious offensive optimistic outrageous outstanding painful passionate passive pathetic
peaceful perfect pessimistic pitiful playful pleasant pleasing poor popular positive powerful powerless precious pretty
problematic promising proud reckless relaxed relaxing reliable remarkable repulsive respectful restless rich ridiculous
romantic rotten rude sad safe satisfying scary selfish sentimental serious shallow shameful shocking sick silly sincere
skeptical sloppy sluggish smart sociable somber sorry special spectacular splendid strange stressful strong stubborn
stunning stupid suave successful suitable sunny superb super superior suspicious sweet talented tedious tender tense
terrible terrific terrifying thoughtful thoughtless threatening thrilling timid tired tiresome tough tragic trivial
troubled true trustworthy truthful ugly unacceptable unattractive unclear unconvinced unconvincing unfair unfocused
unfriendly unhappy unhealthy unimpressive uninspired uninteresting unlikable unnecessary unpleasant unstable
unsuccessful unwelcome upsetting useful useless vague valuable vibrant vicious vile violent vivacious vulgar vulnerable
warm weak weird welcome wicked wise witty wonderful worried worse worst worthless worthy wrong yummy
"""
VERBS = """
admire adore appreciate enjoy favour fear hate like love praise recommend respect trust applaud celebrate cherish
despise detest dislike distrust loathe mock regret reject resent ridicule ruin condemn criticise dread envy blame
"""
OTHERS = """
admired adored enjoyed hated liked loved disliked regretted joy pleasure fun disaster delight mess masterpiece failure
success shame triumph waste treasure horror nightmare miracle gem bore
"""
HEAD = """\
# How people rated English words, from -4 (very bad) to 4 (very good): word, kind, mean of ten people, their spread.
# From vader_lexicon.txt of vaderSentiment 3.3.2 (Hutto and Gilbert 2014), made by make_valences.py. MIT License:
"""


def main(wheel: str) -> None:
    """Read the wheel, check it, write the extract beside this script."""
    with zipfile.ZipFile(wheel) as archive:
        raw = archive.read("vaderSentiment/vader_lexicon.txt")
        (licence,) = [name for name in archive.namelist() if name.endswith("LICENSE.txt")]
        terms = archive.read(licence).decode().strip().splitlines()
    if sha256(raw).hexdigest() != SHA256:
        raise SystemExit(f"{wheel}: expected the list of version 3.3.2, got another one")
    ratings = {}
    for line in raw.decode().splitlines():
        word, mean, spread, *_ = line.split("\t")
        ratings[word] = (float(mean), float(spread))
    kinds = dict.fromkeys(OTHERS.split(), "other") | dict.fromkeys(VERBS.split(), "verb")
    kinds |= dict.fromkeys(ADJECTIVES.split(), "adjective")
    kept = sorted(word for word in kinds if word in ratings and abs(ratings[word][0]) >= CLEAR)
    lines = [f"{word} {kinds[word]} {ratings[word][0]:.1f} {ratings[word][1]:.2f}" for word in kept]
    text = HEAD + "".join(f"# {line}".rstrip() + "\n" for line in terms) + "\n".join(lines) + "\n"
    Path(__file__).with_name("valences.txt").write_text(text, "utf-8")
    left = sorted(set(kinds) - set(kept))
    print(f"{len(kept)} words, {sha256(text.encode()).hexdigest()}; without a clear rating: {' '.join(left)}")


if __name__ == "__main__":
    main(*sys.argv[1:])
