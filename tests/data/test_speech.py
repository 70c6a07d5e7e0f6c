"""Spoken digits of lesson 10: features, files, banks of voices, batches, and the template baseline."""

import io
import wave
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from course_lib.data import speech
from course_lib.data.extracts import make_digits
from course_lib.data.speech import (
    ALPHABET,
    AUGMENT,
    DIGITS,
    HOP,
    MELS,
    RATE,
    WINDOW,
    character_errors,
    dtw,
    error_rate,
    family,
    letters,
    log_energies,
    log_mel,
    mel_energies,
    mel_filters,
    read_recording,
    read_wav,
    recorded_voices,
    resample,
    speech_batch,
    synthetic_voices,
    text,
    to_hertz,
    to_mel,
    utterance,
    words,
    write_wav,
)


def tone(hertz=1000.0, seconds=0.5, rate=RATE, level=0.5):
    return level * np.sin(2 * np.pi * hertz * np.arange(int(seconds * rate)) / rate)


def wav(samples, rate=RATE, size=2, channels=1):
    """The bytes of a WAV file of any kind."""
    held = io.BytesIO()
    with wave.open(held, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(size)
        file.setframerate(rate)
        whole = np.round(np.asarray(samples) * (2 ** (8 * size - 1) - 1)).astype("<i4")
        raw = (whole + 128).astype(np.uint8) if size == 1 else whole.view(np.uint8).reshape(-1, 4)[:, :size]
        file.writeframes(raw.tobytes())
    return held.getvalue()


def test_a_tone_peaks_in_the_filter_whose_tip_is_nearest():
    tips = to_hertz(np.linspace(to_mel(speech.LOW), to_mel(speech.HIGH), MELS + 2)[1:-1])
    for m in (6, 15, 28):
        assert (mel_energies(tone(tips[m])).argmax(1) == m).all()


def test_filters_are_the_triangles_of_the_formula():
    low, tip, high = to_hertz(np.linspace(to_mel(100), to_mel(3000), 3))
    for k, value in enumerate(mel_filters(1, 100, 3000)[0]):
        f = k * RATE / speech.FFT
        assert value == pytest.approx(max(0, (f - low) / (tip - low) if f <= tip else (high - f) / (high - tip)))


def test_features_do_not_depend_on_the_level_and_silence_is_zeros():
    sound = utterance(np.random.default_rng(0), "7", synthetic_voices()["m1 en-us"])
    assert np.allclose(log_mel(sound), log_mel(0.1 * sound), atol=1e-4)
    assert log_mel(sound).shape == (1 + (len(sound) - WINDOW) // HOP, MELS)
    assert np.allclose(log_energies(np.zeros((9, MELS))), 0) and log_mel(np.zeros(3)).shape == (1, MELS)


def test_features_do_not_depend_on_what_a_microphone_does_to_a_filter():
    energies = mel_energies(utterance(np.random.default_rng(0), "7", synthetic_voices()["m1 en-us"])) + 1e-2
    duller = energies * np.linspace(1.3, 0.7, MELS)
    assert np.abs(log_energies(duller) - log_energies(energies)).max() < 0.2
    assert np.abs(np.log(duller) - np.log(energies)).max() > 0.3


@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_every_width_of_sample_is_read(size):
    assert np.abs(read_wav(wav(tone(), size=size)) - tone()).max() < (0.01 if size == 1 else 1e-4)


def test_stereo_is_mixed_and_other_rates_become_ours(tmp_path):
    both = np.column_stack([tone(), 0 * tone()]).ravel()
    assert np.abs(read_wav(wav(both, channels=2)) - tone() / 2).max() < 1e-4
    for rate in (6000, 16000, 44100):
        assert np.abs(read_wav(wav(tone(rate=rate), rate=rate)) - tone()).max() < 0.01
    write_wav(tmp_path / "tone.wav", tone())
    assert np.abs(read_wav(tmp_path / "tone.wav") - tone()).max() < 1e-4


def test_too_loud_is_a_warning():
    recording = read_recording(wav(np.clip(4 * tone(), -1, 1)))
    assert "too loud" in recording.warning and len(recording.samples) == RATE // 2
    assert read_recording(wav(tone())).warning == ""


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"", "got an empty file"),
        (b"ID3 this is no WAV at all", "expected a WAV file with plain samples"),
        (wav(tone())[:30], "expected a WAV file with plain samples"),
        (wav(0 * tone()), "got silence"),
        (wav(0 * tone() + 0.5), "got silence"),
        (wav([]), "expected 0.1 to 60 seconds of sound, got 0.00"),
        (wav(tone(seconds=61)), "expected 0.1 to 60 seconds of sound, got 61.00"),
    ],
)
def test_a_bad_file_is_one_line(data, what, tmp_path):
    (tmp_path / "mine.wav").write_bytes(data)
    with pytest.raises(ValueError, match=what) as error:
        read_wav(tmp_path / "mine.wav")
    assert str(error.value).startswith("mine.wav: ") and "\n" not in str(error.value)


def test_a_file_that_is_not_there_is_one_line(tmp_path):
    with pytest.raises(ValueError, match=r"none\.wav: cannot be read"):
        read_wav(tmp_path / "none.wav")


def test_training_and_held_out_voices_share_no_speaker():
    training, held_out = synthetic_voices("training"), synthetic_voices("held_out")
    assert not {family(voice) for voice in training} & {family(voice) for voice in held_out}
    assert {family(voice) for voice in held_out} == speech.HELD_OUT
    assert all(len(clips) == 10 for bank in (training, held_out, recorded_voices()) for clips in bank.values())


@pytest.mark.parametrize("name", make_digits.MADE)
def test_the_extracts_are_those_of_the_script_and_their_licences_stand_beside_them(name):
    with np.load(speech.EXTRACTS / f"digits_{name}.npz") as stored:
        assert sha256(stored["sound"].tobytes()).hexdigest() == make_digits.MADE[name]
    maker = name.split("_")[0]
    assert f"\n{maker} " in make_digits.__doc__
    if maker != "espeak":
        assert f"digits_{name}.npz" in (speech.EXTRACTS / f"digits_{name}.txt").read_text("utf-8")


def test_all_sound_is_small():
    assert sum(path.stat().st_size for path in Path(speech.EXTRACTS).glob("digits_*.npz")) <= 4_000_000


def test_a_string_is_its_clips_with_pauses_and_the_same_start_says_the_same():
    clips = synthetic_voices()["m1 en-us"]
    first, again = (utterance(np.random.default_rng(3), "304", clips, gap=0.2) for _ in range(2))
    assert np.array_equal(first, again)
    pauses = (len(first) - sum(len(clips[k]) for k in (3, 0, 4))) / RATE
    assert 0.2 < pauses < 0.6 + 2 * 0.2
    with pytest.raises(ValueError, match="digits: expected 0 to 9"):
        utterance(np.random.default_rng(3), [10], clips)


def test_letters_and_back():
    assert text(letters(words("0123456789"))) == " ".join(DIGITS)
    assert 0 not in letters(ALPHABET)
    with pytest.raises(ValueError, match="got 'A'"):
        letters("nAne")


@pytest.mark.parametrize("augment", [(), AUGMENT])
def test_a_batch_holds_digit_words_and_is_the_same_for_the_same_start(augment):
    first, again = (speech_batch(np.random.default_rng(5), 6, (2, 4), augment) for _ in range(2))
    assert np.array_equal(first.xs, again.xs) and np.array_equal(first.targets, again.targets)
    assert first.xs.shape[1:] == (6, MELS) and first.xs.dtype == np.float32 and np.isfinite(first.xs).all()
    for row in first.targets:
        said = text(row).split()
        assert 2 <= len(said) <= 4 and set(said) <= set(DIGITS)


def test_a_plain_batch_is_what_log_mel_says_of_the_clip():
    voice = "m1 en-us"
    batch = speech_batch(np.random.default_rng(1), 1, (1, 1), (), voices=[voice])
    clip = synthetic_voices()[voice][DIGITS.index(text(batch.targets[0]))]
    energies = mel_energies(clip)
    first = next(t for t in range(len(batch.xs)) if np.abs(batch.xs[t, 0] - batch.xs[0, 0]).max() > 1e-3)
    padded = np.zeros((len(batch.xs), MELS))
    offset = first - next(t for t in range(len(energies)) if energies[t].max() > 1e-5 * energies.mean())
    for start in range(max(offset - 3, 0), offset + 4):
        padded[:] = 0
        padded[start : start + len(energies)] = energies[: len(padded) - start]
        if np.allclose(log_energies(padded), batch.xs[:, 0], atol=1e-4):
            return
    pytest.fail("the clip is nowhere in the batch")


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        ({"B": 0}, "B: expected an integer >= 1"),
        ({"B": 2, "digits": (3, 2)}, "digits: expected an integer >= 3"),
        ({"B": 2, "augment": ("echo",)}, "augment: expected some of speed"),
        ({"B": 2, "voices": ["nobody"]}, "voices: expected names"),
        ({"B": 2, "part": "mine"}, "part: expected training or held_out"),
    ],
)
def test_a_batch_that_cannot_be_made_is_named(arguments, what):
    with pytest.raises(ValueError, match=what):
        speech_batch(np.random.default_rng(0), **arguments)


def test_character_errors_are_a_distance():
    texts = ["three one", "thre one", "", "one three", "nine"]
    for a in texts:
        for b in texts:
            assert character_errors(a, b) == character_errors(b, a) and (character_errors(a, b) == 0) == (a == b)
            assert all(character_errors(a, c) <= character_errors(a, b) + character_errors(b, c) for c in texts)
    assert character_errors("", "nine") == 4
    with pytest.raises(ValueError, match="as many of each"):
        error_rate(["one"], [])


def test_warping_finds_the_clip_itself_and_forgives_another_speed():
    features = [log_mel(clip) for clip in synthetic_voices()["m1 en-us"]]
    for k, own in enumerate(features):
        assert dtw(own, features).argmin() == k and dtw(own, features)[k] == pytest.approx(0, abs=1e-5)
        slow = own[np.arange(0, len(own), 0.5).astype(int)]
        assert dtw(slow, features).argmin() == k
    with pytest.raises(ValueError, match="templates: expected at least one"):
        dtw(features[0], [])


def test_warping_is_the_recursion_of_its_docstring():
    rng = np.random.default_rng(0)
    u, v = rng.normal(size=(5, 3)), rng.normal(size=(4, 3))
    D = np.full((6, 5), np.inf)
    D[0, 0] = 0
    for i in range(5):
        for j in range(4):
            D[i + 1, j + 1] = np.linalg.norm(u[i] - v[j]) + min(D[i, j], D[i, j + 1], D[i + 1, j])
    assert dtw(u, [rng.normal(size=(7, 3)), v])[1] == pytest.approx(D[5, 4] / 9)


def test_resampling_keeps_a_tone():
    assert np.abs(resample(tone(), 0.5)[100:-100] - tone(2000)[: len(tone()) // 2][100:-100]).max() < 0.02
