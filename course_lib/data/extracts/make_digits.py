"""Makes the words "zero" to "nine": digits_espeak_1.npz and _2, digits_flite.npz, digits_smith.npz, digits_dawson.npz.

    apt install espeak-ng flite festival festvox-kdlpc16k asterisk-core-sounds-en-wav
    apt download saytime && dpkg -x saytime_*.deb saytime
    python -m course_lib.data.extracts.make_digits saytime

Each file holds sound at 8 kHz, one byte a sample (mu-law), without the silence around the word, and as loud as it can
be: `sound` (all samples), `lengths` (voices, 10), `voices` (names).

espeak  SYNTHETIC. espeak-ng 1.51 (Debian 1.51+dfsg-10+deb12u2) in the voices below, each word at a rate and a pitch
        drawn for it. The program is under the GPL 3 or later; the sound that it makes is no part of it.
flite   SYNTHETIC. flite 2.2 (Debian 2.2-5) in the voices below, each at TIMES rates and pitches drawn for every word,
        and festival 2.5.0 (Debian 1:2.5.0-9) in the voice ked (Debian's festvox-kdlpc16k 1.4.0-6.1). Carnegie Mellon
        University and others, BSD-like licences: digits_flite.txt.
smith   RECORDED. Allison Smith, the prompts digits/0.wav to 9.wav of Debian's asterisk-core-sounds-en-wav 1.6.1-1.
        Copyright 2003-2010 Allison Smith, CC BY-SA 3.0; this extract is under the same licence: digits_smith.txt.
dawson  RECORDED. David C. Dawson, 0.au to 9.au of Debian's saytime 1.0-35. Copyright 2004 David C. Dawson, GNU General
        Public License; this extract is under the same licence: digits_dawson.txt.
Checks  SHA-256 of the recorded files as they are in the packages, and of the samples in each extract, below. Another
        version of a synthesiser makes other samples.
"""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import numpy as np

from course_lib.data.speech import DIGITS, RATE, read_wav, to_mu_law

HERE = Path(__file__).parent
PROMPTS = Path("/usr/share/asterisk/sounds/en_US_f_Allison/digits")
SOURCES = {  # of the ten files one behind the other
    "smith": "d96284e2b926f17dd074447e877dd20634127a6cfd5853b93d6b100df429506a",
    "dawson": "9a2e24f0924e55fb32afc5ee7b5a97e34d3b77bbf4961ab4dceaa31342825057",
}
MADE = {
    "espeak_1": "a9614fe97e8bc5ff8ab627cafaeefc907d457cf6f758e84e8170d649365b3b81",
    "espeak_2": "c300788037419e1756d1e92fa536b6ddba22737a944c8522d20fac3b1b26795a",
    "flite": "f02a2233a4ef89bc49261e9982be75ec0dd7be072599a4c72f31da46dc733c91",
    "smith": "b441548ed54489d86dcd0e3bf64d6c64b4e96be67be5598c66a209a0c73eb2a5",
    "dawson": "b5438c25c26043c41de5af0539427e58125bcd62ae9492798415221788984b1a",
}
ACCENTS = """
en-us en-gb en-gb-scotland en-us-nyc en-gb-x-rp en-us en-gb-x-gbclan en-gb en-029 en-gb-x-gbcwmd
"""
NAMES = """
m1 m2 m3 m4 m5 m6 m7 m8 f1 f2 f3 f4 f5 klatt klatt2 klatt4 adam Alex Alicia Andrea Andy Annie
antonio aunty belinda benjamin boris david Denis Diogo ed edward edward2 Gene grandma grandpa gustave Henrique Hugo iven
Jacky john kaukovalta Lee linda marcelo Marco Mario max Michael michel miguel Mike Mr Nguyen norbert pablo paul pedro
quincy RicishayMax rob robert sandro shelby steph steph2 Storm travis Tweaky victor zac anika croak
"""
TWICE = ("m1", "m2", "m4", "m6", "m8", "f1", "f3", "f4")  # in a second accent
FLITE = {"awb": 130, "kal16": 105, "rms": 100, "slt": 170}  # the usual pitch of each in Hz
TIMES = 6  # of each voice
QUIET = 0.01  # of the loudest sample: what is quieter at both ends is left out
MARGIN = 160  # samples that are kept beyond that


def trimmed(samples: np.ndarray) -> np.ndarray:
    """Without the silence at both ends, and with its loudest sample at 0.9."""
    samples = samples - samples.mean()
    samples = samples * (0.9 / np.abs(samples).max())
    loud = np.flatnonzero(np.abs(samples) > 0.9 * QUIET)
    return samples[max(loud[0] - MARGIN, 0) : loud[-1] + MARGIN]


def said(*command: str) -> np.ndarray:
    """What a synthesiser says; FILE stands for the file that it writes."""
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "word.wav")
        subprocess.run([path if part == "FILE" else part for part in command], check=True, capture_output=True)
        return read_wav(path)


def espeak() -> Iterator[tuple[str, list[np.ndarray]]]:
    """Every voice of the list in an accent of its own."""
    rng = np.random.default_rng(10)
    names, accents = NAMES.split(), ACCENTS.split()
    voices = [(name, accents[k % len(accents)]) for k, name in enumerate(names)]
    voices += [(name, accents[(names.index(name) + 3) % len(accents)]) for name in TWICE]
    for name, accent in voices:
        clips = []
        for digit in DIGITS:
            rate, pitch = str(rng.integers(130, 201)), str(rng.integers(30, 71))
            clips.append(said("espeak-ng", "-v", f"{accent}+{name}", "-s", rate, "-p", pitch, "-w", "FILE", digit))
        yield f"{name} {accent}", clips


def flite() -> Iterator[tuple[str, list[np.ndarray]]]:
    """The voices of two other synthesisers, which learned from recorded speech: several times each."""
    rng = np.random.default_rng(11)
    for name, pitch in FLITE.items():
        for k in range(TIMES):
            clips = []
            for digit in DIGITS:
                slower, higher = np.exp(rng.uniform(-0.25, 0.25, 2))
                how = (f"duration_stretch={slower:.2f}", f"int_f0_target_mean={pitch * higher:.0f}")
                command = ("flite", "-voice", name, "--setf", how[0], "--setf", how[1], "-t", digit, "-o", "FILE")
                clips.append(said(*command))
            yield f"{name} {k}", clips
    for k in range(TIMES):
        yield f"ked {k}", [festival(digit, np.exp(rng.uniform(-0.25, 0.25))) for digit in DIGITS]


def festival(word: str, slower: float) -> np.ndarray:
    """What festival says in the voice ked."""
    settings = f"(begin (voice_ked_diphone) (Parameter.set (quote Duration_Stretch) {slower:.2f}))"
    with tempfile.TemporaryDirectory() as folder:
        text = Path(folder) / "word.txt"
        text.write_text(word)
        return said("text2wave", "-eval", settings, str(text), "-o", "FILE")


def checked(name: str, paths: list[Path]) -> list[bytes]:
    """The bytes of a speaker's files, if they are the ones that are meant."""
    raw = [path.read_bytes() for path in paths]
    if sha256(b"".join(raw)).hexdigest() != SOURCES[name]:
        raise SystemExit(f"{paths[0].parent}: expected the files of the package named above, got others")
    return raw


def smith() -> Iterator[tuple[str, list[np.ndarray]]]:
    """The telephone prompts."""
    paths = [PROMPTS / f"{n}.wav" for n in range(10)]
    yield "Allison Smith", [read_wav(raw) for raw in checked("smith", paths)]


def dawson(folder: Path) -> Iterator[tuple[str, list[np.ndarray]]]:
    """The talking clock: files of G.711 mu-law bytes without a head."""
    paths = [folder / "usr" / "share" / "saytime" / f"{n}.au" for n in range(10)]
    yield "David Dawson", [g711(raw) for raw in checked("dawson", paths)]


def g711(data: bytes) -> np.ndarray:
    """Samples of G.711 mu-law: sign, three bits of exponent, four of mantissa, all inverted."""
    codes = ~np.frombuffer(data, np.uint8)
    size = (((codes & 15).astype(np.int32) << 3) + 132 << ((codes >> 4) & 7)) - 132
    return (np.where(codes & 128, -size, size) / 2**15).astype(np.float32)


def main(saytime: str) -> None:
    """Make the files and say their checksums."""
    rules = list(espeak())
    half = len(rules) // 2
    banks = {"espeak_1": rules[:half], "espeak_2": rules[half:]}
    banks |= {"flite": flite(), "smith": smith(), "dawson": dawson(Path(saytime))}
    for name, voices in banks.items():
        found = [(voice, [to_mu_law(trimmed(clip)) for clip in clips]) for voice, clips in voices]
        sound = np.concatenate([clip for _, clips in found for clip in clips])
        lengths = np.array([[len(clip) for clip in clips] for _, clips in found], np.int32)
        path = HERE / f"digits_{name}.npz"
        np.savez_compressed(path, sound=sound, lengths=lengths, voices=np.array([voice for voice, _ in found]))
        seconds = len(sound) / RATE
        print(f"{path.name}: {len(found)} voices, {seconds:.0f} s, {path.stat().st_size:,} bytes")
        same = "as before" if (made := sha256(sound.tobytes()).hexdigest()) == MADE[name] else f"NEW: {made}"
        print(f"    samples {same}")


if __name__ == "__main__":
    main(*sys.argv[1:])
