"""Spoken digits, and how sound becomes what a network reads: the data of lesson 10.

Most voices are synthetic: a speech synthesiser said each digit once a voice, and the strings of digits are put together
here. Two voices are recorded people, and no training hears them. `extracts/make_digits.py` says where each clip comes
from and under which licence. Sound is 8,000 samples a second, float32 in -1..1.

Letters: N samples, T frames, D mel filters, B batch, U letters.
"""

from __future__ import annotations

import io
import wave
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ._common import Batch, at_least, edit_distances, in_range

RATE = 8000  # samples a second
WINDOW = 200  # samples of a frame: 25 ms
HOP = 80  # samples from one frame to the next: 10 ms
FFT = 256  # samples of a frame with the zeros behind it
MELS = 32  # filters
LOW, HIGH = 60.0, 3800.0  # Hz: from where to where the filters reach
FLOOR = 3e-3  # of the mean energy: nothing quieter is told apart

DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
ALPHABET = " " + "".join(sorted(set("".join(DIGITS))))  # the class of a letter is its place here + 1; 0 is the blank
CLASSES = len(ALPHABET) + 1
EXTRACTS = Path(__file__).parent / "extracts"

Clips = dict[str, list[np.ndarray]]  # voice -> the sound of each digit


# ---------------------------------------------------------------------------------------------- sound to features


def frames(samples: np.ndarray) -> np.ndarray:
    """Cut sound into overlapping frames, one every HOP samples: (N,) -> (T, WINDOW).

    Less than one frame is filled up with zeros.

    >>> frames(np.arange(360.0))[:, 0]
    array([  0.,  80., 160.])
    """
    samples = np.asarray(samples)
    if samples.ndim != 1:
        raise ValueError(f"samples: expected (N,), got {samples.shape}")
    if len(samples) < WINDOW:
        samples = np.pad(samples, (0, WINDOW - len(samples)))
    return np.lib.stride_tricks.sliding_window_view(samples, WINDOW)[::HOP]


def power_spectrum(frames: np.ndarray) -> np.ndarray:
    """|rfft(w frame)|^2 with a Hann window w: how much of each frequency a frame holds; (T, WINDOW) -> (T, FFT/2 + 1).

    Entry k stands for k RATE / FFT Hz.

    >>> tone = np.sin(2 * np.pi * 1000 / RATE * np.arange(WINDOW))
    >>> int(power_spectrum(tone[None])[0].argmax()) * RATE / FFT
    1000.0
    """
    return np.abs(np.fft.rfft(frames * np.hanning(WINDOW), FFT)) ** 2


def to_mel(hertz: np.ndarray | float) -> np.ndarray | float:
    """Pitch as it is heard: 2595 log10(1 + f / 700).

    >>> round(to_mel(1000.0))
    1000
    """
    return 2595 * np.log10(1 + np.asarray(hertz) / 700)


def to_hertz(mel: np.ndarray | float) -> np.ndarray | float:
    """The way back: 700 (10^(m / 2595) - 1)."""
    return 700 * (10 ** (np.asarray(mel) / 2595) - 1)


@cache
def mel_filters(n_mels: int = MELS, low: float = LOW, high: float = HIGH) -> np.ndarray:
    """Triangles that are equally wide in mels; each begins where the one before has its tip: (n_mels, FFT/2 + 1).

    Triangle m rises from f_{m-1} to 1 at f_m and falls to f_{m+1}, with f_0 = low and f_{n_mels+1} = high.
    """
    at_least("n_mels", n_mels, 1)
    if not 0 <= low < high <= RATE / 2:
        raise ValueError(f"low, high: expected 0 <= low < high <= {RATE // 2}, got {low} and {high}")
    f = to_hertz(np.linspace(to_mel(low), to_mel(high), n_mels + 2))
    bins = np.arange(FFT // 2 + 1) * RATE / FFT
    rise = (bins - f[:-2, None]) / (f[1:-1] - f[:-2])[:, None]
    fall = (f[2:, None] - bins) / (f[2:] - f[1:-1])[:, None]
    filters = np.maximum(0, np.minimum(rise, fall))
    filters.flags.writeable = False  # it is kept and given to everyone
    return filters


def mel_energies(samples: np.ndarray) -> np.ndarray:
    """What each filter lets through of each frame: (N,) -> (T, MELS)."""
    return power_spectrum(frames(samples)) @ mel_filters().T


def log_energies(energies: np.ndarray) -> np.ndarray:
    """log(energy / mean energy + FLOOR), minus each filter's own mean over the speech, over the spread of all of it.

    So loud and quiet speech look alike, and so do a dull microphone and a bright one, which make some filters louder in
    every frame. A frame counts as speech as far as its energy reaches a tenth of the mean.

    Shapes: (T, D) -> (T, D) float32. Silence alone comes out as zeros.
    """
    loud = energies / (energies.mean() or 1)
    logs = np.log(loud + FLOOR)
    speech = np.minimum(loud.mean(1, keepdims=True) / 0.1, 1) + 1e-3  # (T, 1)
    logs = logs - (logs * speech).sum(0) / speech.sum()
    return (logs / (logs.std() + 1e-6)).astype(np.float32)


def log_mel(samples: np.ndarray) -> np.ndarray:
    """What the recogniser reads: sound (N,) -> (T, MELS) float32, 100 frames a second."""
    return log_energies(mel_energies(samples))


# ---------------------------------------------------------------------------------------------- sound in and out


def resample(samples: np.ndarray, ratio: float) -> np.ndarray:
    """The same sound with `ratio` times as many samples, by way of its spectrum; what does not fit is left out.

    >>> resample(np.ones(4), 0.5)
    array([1., 1.])
    """
    N = max(1, round(len(samples) * ratio))
    if len(samples) == N:
        return samples
    spectrum = np.fft.rfft(samples)[: N // 2 + 1]
    return (np.fft.irfft(spectrum, N) * N / len(samples)).astype(samples.dtype)


def to_mu_law(samples: np.ndarray) -> np.ndarray:
    """Samples as one byte each: 127.5 (1 + sign(s) log(1 + 255 |s|) / log 256), rounded: quiet ones are kept finer."""
    squeezed = np.sign(samples) * np.log1p(255 * np.minimum(np.abs(samples), 1)) / np.log(256)
    return np.round(127.5 * (1 + squeezed)).astype(np.uint8)


def from_mu_law(codes: np.ndarray) -> np.ndarray:
    """The way back: float32 in -1..1.

    >>> bool(abs(from_mu_law(to_mu_law(np.array([0.5])))[0] - 0.5) < 0.02)
    True
    """
    squeezed = codes.astype(np.float32) / 127.5 - 1
    return (np.sign(squeezed) * np.expm1(np.abs(squeezed) * np.float32(np.log(256))) / 255).astype(np.float32)


class Recording(NamedTuple):
    """Sound from a file, and what a listener should know about it ("" where nothing is to be said)."""

    samples: np.ndarray
    warning: str


def read_wav(source: str | Path | bytes) -> np.ndarray:
    """The sound of a WAV file, or of its bytes: (N,) float32 in -1..1, mono, at RATE. See `read_recording`."""
    return read_recording(source).samples


def read_recording(source: str | Path | bytes) -> Recording:
    """A WAV file with 8, 16, 24 or 32 bits, any number of channels (their mean is taken) and any rate.

    Raises ValueError, in one line, for a file that is missing, no such WAV, empty, shorter than 0.1 s, longer than a
    minute, or silent. Sound that was recorded too loud (many samples at the limit) is returned with a warning.
    """
    name = "sound" if isinstance(source, bytes) else Path(source).name
    try:
        raw = source if isinstance(source, bytes) else Path(source).read_bytes()
    except OSError as error:
        raise ValueError(f"{name}: cannot be read ({error.strerror or error})") from None
    if not raw:
        raise ValueError(f"{name}: expected a WAV file, got an empty file")
    try:
        with wave.open(io.BytesIO(raw)) as file:
            channels, size, rate, N = file.getparams()[:4]
            data = file.readframes(N)
    except (wave.Error, EOFError) as error:
        what = str(error) or "it ends early"
        raise ValueError(f"{name}: expected a WAV file with plain samples (PCM), got another kind ({what})") from None
    samples = _floats(data, size, name)
    samples = samples[: len(samples) // channels * channels].reshape(-1, channels)
    at_limit = float((np.abs(samples) > 0.999).mean()) if len(samples) else 0.0
    mono = samples.mean(1).astype(np.float32)
    if not 0.1 <= len(mono) / rate <= 60:
        raise ValueError(f"{name}: expected 0.1 to 60 seconds of sound, got {len(mono) / rate:.2f}")
    if np.abs(mono - mono.mean()).max() < 1e-3:
        raise ValueError(f"{name}: expected speech, got silence: check the microphone and its level")
    warning = ""
    if at_limit > 0.001:
        warning = f"{name}: {at_limit:.1%} of the samples are at the limit (too loud): record it again at a lower level"
    return Recording(resample(mono, RATE / rate), warning)


def _floats(data: bytes, size: int, name: str) -> np.ndarray:
    """The samples of a WAV file in -1..1: 8 bits are counted from 0, the others have a sign."""
    data = data[: len(data) // size * size]
    if size == 1:
        return (np.frombuffer(data, np.uint8).astype(np.float32) - 128) / 128
    if size == 2:
        return np.frombuffer(data, "<i2").astype(np.float32) / 2**15
    if size == 3:
        parts = np.frombuffer(data, np.uint8).reshape(-1, 3)
        whole = np.zeros((len(parts), 4), np.uint8)
        whole[:, 1:] = parts
        return whole.view("<i4")[:, 0].astype(np.float32) / 2**31
    if size == 4:
        return np.frombuffer(data, "<i4").astype(np.float32) / 2**31
    raise ValueError(f"{name}: expected samples of 8, 16, 24 or 32 bits, got {8 * size}")


def write_wav(path: str | Path, samples: np.ndarray) -> None:
    """Sound (N,) in -1..1 as a WAV file: mono, RATE, 16 bits; louder samples are cut."""
    Path(path).write_bytes(wav_bytes(samples))


def wav_bytes(samples: np.ndarray) -> bytes:
    """The bytes of such a file, which `IPython.display.Audio(data=...)` plays."""
    samples = np.asarray(samples)
    if samples.ndim != 1 or not np.isfinite(samples).all():
        raise ValueError(f"samples: expected finite numbers (N,), got {samples.shape}")
    held = io.BytesIO()
    with wave.open(held, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((np.clip(samples, -1, 1) * (2**15 - 1)).astype("<i2").tobytes())
    return held.getvalue()


# ---------------------------------------------------------------------------------------------- the voices


@cache
def _bank(name: str) -> Clips:
    clips: Clips = {}
    for path in sorted(EXTRACTS.glob(f"digits_{name}*.npz")):
        with np.load(path) as stored:
            sound, lengths, voices = from_mu_law(stored["sound"]), stored["lengths"], stored["voices"]
        sound.flags.writeable = False
        ends = np.cumsum(lengths).reshape(lengths.shape)
        for voice, row, stops in zip(voices, lengths, ends):
            clips[str(voice)] = [sound[end - n : end] for n, end in zip(row, stops)]
    return clips


def synthetic_voices(part: str = "training") -> Clips:
    """The sound of each digit in synthetic voices: {"m1 en-gb": [zero, ..., nine], ...}.

    part: "training", voices of espeak-ng ("m1 en-gb") and of two other synthesisers ("slt 0", one voice six times);
    "held_out", voices of espeak-ng that no training hears and of which none is a variant of a training voice.
    """
    if part not in ("training", "held_out"):
        raise ValueError(f"part: expected training or held_out, got {part!r}")
    held = part == "held_out"
    voices = {voice: clips for voice, clips in _bank("espeak").items() if (family(voice) in HELD_OUT) == held}
    return voices if held else {**voices, **_bank("flite")}


def recorded_voices() -> Clips:
    """The sound of each digit by people, for tests only: "Allison Smith" (telephone prompts) and "David Dawson"."""
    return {**_bank("smith"), **_bank("dawson")}


# Families of espeak-ng's voices that are held out. A family is a speaker with its variants: "Denis en-us" is of Denis.
HELD_OUT = frozenset(
    ("Andrea", "Andy", "Denis", "Lee", "Marco", "Michael", "belinda", "f2", "f5", "iven", "linda", "m3", "m7", "victor")
)


def family(voice: str) -> str:
    """The speaker of a synthetic voice: its name without accent and number of the variant ("klatt" are one each).

    >>> family("steph2 en-us"), family("m3 en-gb")
    ('steph', 'm3')
    """
    name = voice.split()[0]
    return name if name[:-1] in ("m", "f", "klatt") else name.rstrip("0123456789")


# ---------------------------------------------------------------------------------------------- strings of digits


def words(digits: Sequence[int] | str) -> str:
    """Digits as they are said.

    >>> words("304")
    'three zero four'
    """
    numbers = [int(digit) for digit in digits]
    if not all(0 <= number <= 9 for number in numbers):
        raise ValueError(f"digits: expected 0 to 9, got {digits!r}")
    return " ".join(DIGITS[number] for number in numbers)


def letters(text: str) -> np.ndarray:
    """The classes of a text's letters: (U,); 0 is kept for the blank.

    >>> letters("no").tolist()
    [7, 8]
    """
    if strange := sorted(set(text) - set(ALPHABET)):
        raise ValueError(f"text: expected letters of the digit words, got {''.join(strange)!r}")
    return np.array([ALPHABET.index(letter) + 1 for letter in text], np.int64)


def text(ids: Sequence[int]) -> str:
    """The way back, without blanks.

    >>> text([7, 0, 8])
    'no'
    """
    return "".join(ALPHABET[k - 1] for k in ids if k > 0)


def utterance(
    rng: np.random.Generator, digits: Sequence[int] | str, clips: Sequence[np.ndarray], gap: float = 0.3
) -> np.ndarray:
    """One voice says some digits: its clips one behind the other, with 0 to `gap` seconds of silence between them.

    Before the first and behind the last are 0.1 to 0.3 seconds. Returns sound (N,).
    """
    in_range("gap", gap, 0, 10)
    numbers = [DIGITS.index(word) for word in words(digits).split()]
    inside = rng.uniform(0, gap, max(len(numbers) - 1, 0))
    pauses = [rng.uniform(0.1, 0.3), *inside, rng.uniform(0.1, 0.3)]
    pieces = [np.zeros(int(pauses[0] * RATE), np.float32)]
    for number, pause in zip(numbers, pauses[1:]):
        pieces += [clips[number], np.zeros(int(pause * RATE), np.float32)]
    return np.concatenate(pieces)


# ---------------------------------------------------------------------------------------------- batches to learn from

SPEEDS = (0.8, 0.87, 0.93, 1.0, 1.07, 1.15, 1.25)  # a clip played slower or faster: its pitch goes with it
AUGMENT = ("speed", "level", "room", "channel", "noise", "masks")
Played = list[list[list[np.ndarray]]]  # [voice][digit][speed] -> the filters' energies (T, MELS)


@cache
def _played(part: str) -> dict[str, list[list[np.ndarray]]]:
    """Each clip at each speed, as its filters' energies: made once, since filtering takes most of the time."""
    return {
        voice: [[mel_energies(resample(clip, 1 / speed)) for speed in SPEEDS] for clip in clips]
        for voice, clips in synthetic_voices(part).items()
    }


def speech_batch(
    rng: np.random.Generator,
    B: int,
    digits: tuple[int, int] = (1, 5),
    augment: Sequence[str] = AUGMENT,
    voices: Sequence[str] | None = None,
    part: str = "training",
    features: Callable[[np.ndarray], np.ndarray] | None = None,
) -> Batch:
    """B strings of digits, each in a voice of its own: what `log_mel` of them would be, put together from stored clips.

    digits   the least and the most digits of a string; those of one batch differ by one at most
    augment  how they are changed, some or all of AUGMENT: "speed" of the voice and of each word, "level" of each word,
             "room" (an echo that fades), "channel" (some frequencies louder, some weaker), "noise" under everything,
             "masks" (a few filters or frames set to the mean)
    voices   names; None = all of the part, and of the training voices as many of espeak-ng as of the others
    part     see `synthetic_voices`
    features  what is made of the energies (T, MELS) of a string; None = `log_energies`

    Shapes: xs (T, B, MELS) float32; targets (B, U) classes of letters, 0 behind their end. The strings of a batch are
    made equally long by silence, so that every step is one to read. Raises ValueError for what does not fit.

    >>> batch = speech_batch(np.random.default_rng(0), 2, digits=(1, 1))
    >>> batch.xs.shape[1:], text(batch.targets[0])
    ((2, 32), 'six')
    """
    at_least("B", B, 1)
    at_least("digits", digits[0], 1)
    at_least("digits", digits[1], digits[0])
    if strange := set(augment) - set(AUGMENT):
        raise ValueError(f"augment: expected some of {', '.join(AUGMENT)}, got {', '.join(sorted(strange))}")
    table = _played(part)
    names = _evenly(list(table)) if voices is None else list(voices)
    if not names or set(names) - set(table):
        raise ValueError(f"voices: expected names of synthetic_voices({part!r}), got {names}")
    most = rng.integers(digits[0], digits[1] + 1)
    said, told = [], []
    for _ in range(B):
        numbers = rng.integers(0, 10, max(digits[0], most - rng.integers(0, 2)))
        said.append(_string(rng, table[names[rng.integers(len(names))]], numbers, augment))
        told.append(letters(words(numbers)))
    energies = np.zeros((max(B, *map(len, said)), B, MELS))  # never fewer frames than rows: `training.fit` cuts by T
    targets = np.zeros((B, max(map(len, told))), np.int64)
    for b in range(B):
        energies[: len(said[b]), b] = said[b]
        targets[b, : len(told[b])] = told[b]
    energies = _heard(rng, energies, augment)
    made = features or log_energies
    xs = np.stack([made(energies[:, b]) for b in range(B)], axis=1)
    return Batch(_masked(rng, xs) if "masks" in augment else xs, targets)


def _evenly(names: list[str]) -> list[str]:
    """Voices to draw from: those of the fewer kind, espeak-ng's or the others', several times."""
    others = [name for name in names if name in _bank("flite")]
    return names + others * round(len(names) / max(1, len(others)) - 2)


def _string(
    rng: np.random.Generator, clips: list[list[np.ndarray]], numbers: np.ndarray, augment: Sequence[str]
) -> np.ndarray:
    """The energies of a string in one voice, with pauses: (T, MELS)."""
    usual = SPEEDS.index(1.0)
    speed = rng.integers(1, len(SPEEDS) - 1) if "speed" in augment else usual
    pieces = [_pause(rng, 10, 30)]
    for number in numbers:
        piece = clips[number][speed + rng.integers(-1, 2) if "speed" in augment else usual]
        if "speed" in augment:
            piece = _stretched(piece, np.exp(rng.uniform(-0.25, 0.45)))
        if "level" in augment:
            piece = piece * np.exp(rng.normal(0, 0.5))
        pieces += [piece, _pause(rng, 0, 30 if rng.random() < 0.8 else 0)]
    return np.concatenate([*pieces[:-1], _pause(rng, 10, 30)])


def _pause(rng: np.random.Generator, least: int, most: int) -> np.ndarray:
    return np.zeros((rng.integers(least, most + 1), MELS))


def _stretched(piece: np.ndarray, times: float) -> np.ndarray:
    """The same word, `times` as slow, at the same pitch: frames in between are mixed from their neighbours."""
    place = np.arange(0, len(piece) - 1, 1 / times)
    before = place.astype(int)
    share = (place - before)[:, None]
    return (1 - share) * piece[before] + share * piece[before + 1]


def _heard(rng: np.random.Generator, energies: np.ndarray, augment: Sequence[str]) -> np.ndarray:
    """The energies (T, B, MELS) in a room, over a channel, with noise."""
    T, B, D = energies.shape
    if "room" in augment:
        fading = (rng.uniform(0, 0.75, B) * (rng.random(B) < 0.5))[:, None]
        echo = np.zeros((B, D))
        for t in range(T):
            echo = fading * (echo + energies[t] / 2)
            energies[t] += echo
    if "channel" in augment:
        energies = energies * np.exp(_curves(rng, B, 0.8))
    if "noise" in augment:
        below = rng.uniform(3, 50, B)  # dB between speech and noise
        level = energies.mean((0, 2)) * 10 ** (-below / 10)
        energies = energies + level[:, None] * np.exp(_curves(rng, B, 1.0)) * rng.gamma(3, 1 / 3, (T, B, D))
    return energies


def _curves(rng: np.random.Generator, B: int, spread: float, knots: int = 5) -> np.ndarray:
    """Smooth curves over the filters, through random points: (B, MELS)."""
    where = np.linspace(0, knots - 1, MELS)
    return np.array([np.interp(where, np.arange(knots), row) for row in rng.normal(0, spread, (B, knots))])


def _masked(rng: np.random.Generator, xs: np.ndarray) -> np.ndarray:
    """Two bands of up to 5 filters and one of up to 7 frames set to 0, the mean, in every string (T, B, D)."""
    T, B, D = xs.shape
    for b in range(B):
        for _ in range(2):
            width = rng.integers(0, 6)
            first = rng.integers(0, D - width)
            xs[:, b, first : first + width] = 0
        width = rng.integers(0, min(8, T))
        first = rng.integers(0, T - width)
        xs[first : first + width, b] = 0
    return xs


# ---------------------------------------------------------------------------------------------- how well it is read


def character_errors(said: str, right: str) -> int:
    """How many letters to put in, take out or exchange to make one text of the other (Levenshtein).

    >>> character_errors("thre one", "three one")
    1
    """
    return int(edit_distances(said, [right])[0])


def error_rate(said: Sequence[str], right: Sequence[str]) -> float:
    """The character error rate: all errors over all letters that should be there.

    >>> error_rate(["no", "nine"], ["one", "nine"])
    0.2857142857142857
    """
    if len(said) != len(right) or not sum(map(len, right)):
        raise ValueError(f"said, right: expected as many of each and some letters, got {len(said)} and {len(right)}")
    return sum(map(character_errors, said, right)) / sum(map(len, right))


# ---------------------------------------------------------------------------------------------- the baseline


def dtw(unknown: np.ndarray, templates: Sequence[np.ndarray]) -> np.ndarray:
    """How far some features are from each template, if time may be stretched: dynamic time warping, (K,).

    D[i, j] = d(u_i, v_j) + min(D[i-1, j], D[i, j-1], D[i-1, j-1]) with the Euclidean distance d; the result is D at
    both ends over the sum of both lengths. All templates at once, one row for each frame of `unknown` (T, D).

    >>> x = np.random.default_rng(0).normal(size=(5, 2))
    >>> dtw(x, [x, x[::2], -x]).argmin()
    np.int64(0)
    """
    if not templates or any(template.ndim != 2 or template.shape[1] != unknown.shape[1] for template in templates):
        raise ValueError(f"templates: expected at least one (T, {unknown.shape[1]})")
    K, lengths = len(templates), np.array([len(template) for template in templates])
    T, D = lengths.max(), unknown.shape[1]
    padded = np.zeros((K, T, D))
    for k, template in enumerate(templates):
        padded[k, : len(template)] = template
    squares = (padded**2).sum(2)
    row = np.full((K, T), np.inf)
    for i, u in enumerate(unknown.astype(float)):
        far = np.sqrt(np.maximum(squares - 2 * padded @ u + u @ u, 0))  # (K, T)
        new = np.empty_like(row)
        new[:, 0] = far[:, 0] + (row[:, 0] if i else 0)
        best = np.minimum(row[:, 1:], row[:, :-1])
        for j in range(1, T):
            new[:, j] = far[:, j] + np.minimum(best[:, j - 1], new[:, j - 1])
        row = new
    return row[np.arange(K), lengths - 1] / (lengths + len(unknown))
