"""A performance is what the score asks for: its length, its rests, its notes; and repeatable."""

from __future__ import annotations

import base64
import io
import re
import threading
import time
from dataclasses import replace
from pathlib import Path

import music21
import numpy as np
import pytest
import soundfile

from singsynth import performance, phrases, stages
from singsynth.acoustics import encode_wav
from singsynth.errors import LyricError, OutputError, ScoreError, VoiceError
from singsynth.language import pronounce
from singsynth.performance import Performance, perform, prepare, synthesize
from singsynth.phrases import FADE_IN_S, FADE_OUT_S
from singsynth.song import HEAD_S, TAIL_S, Note, Part, Song
from singsynth.stages import predict_pitch, predict_timbre, predict_timing
from singsynth.voice import Voice, load_voice

SCORES = Path(__file__).resolve().parents[1] / "scores"

NOTES = (
    Note(0.5, 0.5, 60, "さ", bar=1, beat=2),
    Note(1.0, 0.5, 62, "く", bar=1, beat=3),
    Note(1.5, 0.6, 64, "ら", bar=1, beat=4),
    Note(2.6, 0.4, 57, "の", bar=2, beat=2),
    Note(3.0, 0.8, 55, "か", bar=2, beat=3),
    Note(3.8, 0.4, 57, "", bar=2, beat=4),
)
SONG = Song("Test", 4.5, (Part("Voice", NOTES), Part("Alto", NOTES[:2])))
"""Two phrases half a second apart, the second ending in a melisma; and another part."""


@pytest.fixture(scope="module")
def voice(tiny_voice: Path) -> Voice:
    return load_voice(tiny_voice)


@pytest.fixture(scope="module")
def sung(voice: Voice) -> Performance:
    return synthesize(SONG, voice)


def with_notes(*notes: Note) -> Song:
    return replace(SONG, parts=(Part("Voice", notes),))


# -- what is heard --------------------------------------------------------------------------------


def test_the_duration_is_the_scores_to_a_sample(sung: Performance) -> None:
    assert len(sung.samples) == round((HEAD_S + 4.5 + TAIL_S) * 16000)
    assert sung.duration_s == len(sung.samples) / 16000
    assert (sung.head_s, sung.tail_s) == (HEAD_S, TAIL_S)


def test_samples_are_numbers_below_full_scale(sung: Performance) -> None:
    assert np.isfinite(sung.samples).all()
    assert np.abs(sung.samples).max() == pytest.approx(10 ** (-1 / 20))


def test_rests_are_silent_and_notes_sound(sung: Performance) -> None:
    times = np.arange(len(sung.samples)) / sung.sample_rate - HEAD_S
    silent = np.ones(len(times), dtype=bool)
    for phone in sung.phones:
        if phone.symbol != "pau":
            inside = (times > phone.start_s - FADE_IN_S) & (times < phone.end_s + FADE_OUT_S)
            silent &= ~inside
    assert (sung.samples[silent] == 0).all()
    assert silent[(times > 2.15) & (times < 2.4)].all()
    for note in NOTES:
        inside = (times >= note.start_s + 0.1) & (times < note.end_s - 0.1)
        assert np.sqrt(np.mean(sung.samples[inside] ** 2)) > 1e-3


def test_phones_fill_the_time_and_belong_to_their_notes(sung: Performance) -> None:
    assert sung.phones[0].start_s == -HEAD_S
    assert sung.phones[-1].end_s == pytest.approx(4.5 + TAIL_S)
    for one, other in zip(sung.phones, sung.phones[1:], strict=False):
        assert one.end_s == pytest.approx(other.start_s)
    symbols = [p.symbol for p in sung.phones]
    assert " ".join(symbols) == "pau s a k u r a pau n o k a a pau"
    assert sung.phones[-2].continues
    vowels = [p for p in sung.phones if p.symbol in "aiueo"]
    for phone, note in zip(vowels, NOTES, strict=True):
        assert phone.note == NOTES.index(note)
        assert abs(phone.start_s - note.start_s) <= 0.08 + 1e-9


def test_features_have_a_frame_every_hop(sung: Performance) -> None:
    frames = sung.voice.spec.num_frames(sung.duration_s)
    assert len(sung.features) == len(sung.f0_hz) == frames
    np.testing.assert_array_equal(sung.features.f0_hz, sung.f0_hz)


@pytest.mark.parametrize("name", ["sakura", "furusato"])
def test_it_is_in_tune_even_untrained(voice: Voice, name: str) -> None:
    song = prepare(performance.read_score(SCORES / f"{name}.musicxml"), voice)
    part = song.parts[0]
    phones = predict_timing(part, voice, song.duration_s)
    f0_hz = predict_pitch(part, phones, voice)
    times = np.arange(len(f0_hz)) * voice.spec.hop_s - HEAD_S
    cents = [
        100 * (np.median(69 + 12 * np.log2(f0_hz[inside] / 440)) - note.pitch)
        for note in part.notes
        if (inside := (times >= note.start_s) & (times < note.end_s)).any()
    ]
    assert len(cents) == len(part.notes)
    assert np.mean(np.abs(cents) <= 35) >= 0.9


# -- repeatable -----------------------------------------------------------------------------------


def wav(made: Performance) -> bytes:
    return encode_wav(made.samples, made.sample_rate)


def test_the_same_seed_gives_the_same_bytes(sung: Performance, voice: Voice) -> None:
    assert wav(synthesize(SONG, voice, seed=0)) == wav(sung)
    assert wav(synthesize(SONG, voice, seed=1)) != wav(sung)


def test_without_temperature_no_seed_matters(voice: Voice) -> None:
    one, other = (synthesize(SONG, voice, seed=s, temperature=0.0) for s in (1, 2))
    assert wav(one) == wav(other)


@pytest.mark.parametrize("seed", [-1, 2**70])
def test_any_number_is_a_seed(voice: Voice, seed: int) -> None:
    assert len(synthesize(with_notes(NOTES[0]), voice, seed=seed).samples)


def test_how_phrases_are_grouped_changes_no_bit(
    sung: Performance, voice: Voice, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(phrases.spans(sung.phones, 0.005)) == 2
    monkeypatch.setattr(phrases, "WAVE_S", 1.0)
    alone = synthesize(SONG, voice)
    np.testing.assert_array_equal(alone.f0_hz, sung.f0_hz)
    np.testing.assert_array_equal(alone.features.harmonic, sung.features.harmonic)
    np.testing.assert_array_equal(alone.samples, sung.samples)


# -- piece by piece -------------------------------------------------------------------------------


def test_a_stream_is_the_performance_but_for_its_level(sung: Performance, voice: Voice) -> None:
    pieces = list(synthesize(SONG, voice).stream())
    assert len(pieces) == 3  # two phrases, and the silence at the end
    whole = np.concatenate(pieces)
    assert len(whole) == len(sung.samples)
    gain = stages.level(float(np.abs(whole).max()))
    np.testing.assert_array_equal(whole * gain, sung.samples)


def test_saving_a_stream_writes_the_same_bytes(
    sung: Performance, voice: Voice, tmp_path: Path
) -> None:
    synthesize(SONG, voice).save(tmp_path / "streamed.wav")
    assert len(sung.samples)
    assert "samples" in sung.__dict__
    sung.save(tmp_path / "whole.wav")
    assert (tmp_path / "streamed.wav").read_bytes() == (tmp_path / "whole.wav").read_bytes()


def test_the_first_piece_comes_before_the_rest_is_made(
    voice: Voice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stages, "AHEAD", 1)
    monkeypatch.setattr(stages, "FIRST_WAVE_S", 0.1)
    monkeypatch.setattr(phrases, "STREAM_WAVE_S", 0.1)
    notes = [replace(n, start_s=n.start_s + 5 * k) for k in range(20) for n in NOTES]
    told: list[float] = []
    threads = threading.active_count()
    made = perform(
        prepare(Song("Long", 100.0, (Part("Voice", tuple(notes)),)), voice),
        voice,
        progress=lambda stage, share: told.append(share),
    )
    pieces = made.stream()
    assert len(next(pieces))
    assert max(told, default=0.0) < 0.5
    pieces.close()  # nobody listens any more: nothing is left running
    heard = len(told)
    assert threading.active_count() == threads
    time.sleep(0.3)
    assert len(told) == heard


def test_what_goes_wrong_in_a_stream_is_raised_where_it_is_heard(
    voice: Voice, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def broken(*arguments: object) -> None:
        raise RuntimeError("the vocoder is hoarse")

    monkeypatch.setattr(stages, "sound", broken)
    with pytest.raises(RuntimeError, match="hoarse"):
        synthesize(SONG, voice).save(tmp_path / "song.wav")
    assert list(tmp_path.iterdir()) == []


def test_a_loudness_curve_is_heard(voice: Voice) -> None:
    notes = tuple(Note(0.5 * k, 0.5, 60, "あ", bar=1, beat=k + 1) for k in range(8))
    song = prepare(Song("Loud", 4.0, (Part("Voice", notes),)), voice)
    curve = ((0.0, -12.0), (2.0, -12.0), (2.0, 0.0), (4.0, 0.0))
    plain, shaped = (
        perform(replace(song, parts=(replace(song.parts[0], loudness=c),)), voice)
        for c in ((), curve)
    )
    heard = [np.concatenate(list(p.stream())) for p in (plain, shaped)]
    times = np.arange(len(heard[0])) / voice.info.sample_rate - HEAD_S

    def change_db(start: float, end: float) -> float:
        inside = (times >= start) & (times < end)
        quiet, loud = (np.sqrt(np.mean(x[inside] ** 2)) for x in heard)
        return float(20 * np.log10(loud / quiet))

    assert change_db(0.2, 1.9) == pytest.approx(-12, abs=0.1)
    assert change_db(2.1, 3.8) == pytest.approx(0, abs=0.1)
    ratio = phrases.loudness_gain(curve, times)
    assert np.abs(np.diff(20 * np.log10(ratio))).max() < 0.05  # a step of 12 dB, spread over 50 ms


# -- what can be asked ----------------------------------------------------------------------------


def test_tempo(voice: Voice, sung: Performance) -> None:
    fast = synthesize(SONG, voice, tempo=2.0)
    assert len(fast.samples) == round((HEAD_S + 4.5 / 2 + TAIL_S) * 16000)
    assert fast.part.notes[3].start_s == pytest.approx(1.3)
    assert [p.symbol for p in fast.phones] == [p.symbol for p in sung.phones]


def test_transpose(voice: Voice, sung: Performance) -> None:
    lower = synthesize(SONG, voice, transpose=-5)
    assert [n.pitch for n in lower.part.notes] == [n.pitch - 5 for n in NOTES]
    times = np.arange(len(lower.f0_hz)) * 0.005 - HEAD_S
    inside = (times > 3.1) & (times < 3.7)
    interval = 12 * np.log2(np.median(lower.f0_hz[inside]) / np.median(sung.f0_hz[inside]))
    assert interval == pytest.approx(-5, abs=0.5)


def test_an_edited_f0_is_sung(voice: Voice, sung: Performance) -> None:
    shifted = sung.f0_hz * 2 ** (3 / 12)
    features = predict_timbre(sung.phones, shifted, voice)
    np.testing.assert_array_equal(features.f0_hz, shifted)
    samples = stages.vocode(features, sung.phones, voice)
    assert len(samples) == len(sung.samples)
    assert np.abs(samples - sung.samples).max() > 0.01


def test_edited_phones_are_sung(voice: Voice, sung: Performance) -> None:
    edited = tuple(replace(p, symbol="i") if p.symbol == "a" else p for p in sung.phones)
    features = predict_timbre(edited, sung.f0_hz, voice)
    assert np.abs(features.harmonic - sung.features.harmonic).max() > 0.1


def test_a_part_is_chosen_by_number_or_name(voice: Voice, sung: Performance) -> None:
    assert sung.part.name == "Voice"
    assert any("choose with --part: Alto" in str(remark) for remark in sung.warnings)
    for part in (2, "2", "Alto"):
        chosen = synthesize(SONG, voice, part=part, tempo=4)
        assert chosen.part.name == "Alto"
        assert chosen.warnings == ()
    for part in (0, 3, "Bass", -1):
        with pytest.raises(ScoreError, match=f"no part '{part}' .* there are: 1 Voice, 2 Alto"):
            synthesize(SONG, voice, part=part)


def test_progress_is_told(voice: Voice) -> None:
    told: list[tuple[str, float]] = []
    made = synthesize(SONG, voice, progress=lambda stage, share: told.append((stage, share)))
    assert len(made.samples)
    assert list(dict.fromkeys(stage for stage, _ in told)) == ["pitch", "timbre", "sound"]
    told.clear()
    assert list(made.stream())
    assert {stage for stage, _ in told} == {"singing"}
    assert all(0 <= share <= 1 for _, share in told)


# -- what a score can be --------------------------------------------------------------------------


def test_a_path_a_stream_and_a_song_are_scores(tiny_voice: Path, tmp_path: Path) -> None:
    melody = music21.converter.parse("tinyNotation: 4/4 c4 d4 e2")
    for element, text in zip(melody.recurse().notes, "さくら", strict=True):
        element.lyric = text
    path = tmp_path / "song.musicxml"
    melody.write("musicxml", path)
    made = [synthesize(score, tiny_voice) for score in (str(path), path, melody)]
    made.append(synthesize(performance.read_score(path), tiny_voice))
    assert len({wav(one) for one in made}) == 1
    assert " ".join(p.symbol for p in made[0].phones) == "pau s a k u r a pau"


# -- what cannot be sung --------------------------------------------------------------------------


def test_a_note_out_of_range_names_the_place_and_a_way_out(voice: Voice) -> None:
    high = with_notes(*NOTES[:2], replace(NOTES[2], pitch=85))
    with pytest.raises(VoiceError) as caught:
        synthesize(high, voice)
    message = str(caught.value)
    assert message.startswith("Voice, bar 1, beat 4: C#6 is outside the range of voice 'tiny'")
    assert "\n" not in message
    shift = float(re.search(r"or --transpose (-?\d+)$", message)[1])  # type: ignore[index]
    assert shift == -12
    assert len(synthesize(high, voice, transpose=shift).samples)
    lowered = synthesize(high, voice, octave="auto")
    assert [n.pitch for n in lowered.part.notes] == [48, 50, 73]
    assert "Voice, bar 1, beat 2: sung 1 octave down" in str(lowered.warnings[0])
    assert synthesize(with_notes(*NOTES), voice, octave="auto").warnings == ()
    both = with_notes(replace(NOTES[0], pitch=30), replace(NOTES[1], pitch=90))
    with pytest.raises(VoiceError, match=r"\(and 1 more\); the part spans 60 semitones, more than"):
        synthesize(both, voice)


@pytest.mark.parametrize(
    ("pitches", "advice"),
    [
        ((84,), "try --octave auto, or --transpose -12"),
        ((95,), "try --octave auto, or --transpose -24"),
        ((30,), "try --octave auto, or --transpose 12"),
        ((44, 84), "try --transpose -4"),  # no octave brings both into range
        ((36, 76), "try --transpose 4"),
    ],
)
def test_an_octave_is_advised_or_else_the_least_transposition(
    voice: Voice, pitches: tuple[int, ...], advice: str
) -> None:
    notes = tuple(replace(NOTES[0], pitch=pitch) for pitch in pitches)
    with pytest.raises(VoiceError, match=f"{advice}$"):
        performance.check_singable(Part("Voice", notes), voice)


def test_a_sound_the_voice_never_learnt(voice: Voice) -> None:
    phones = tuple(p for p in voice.info.phones if p != "ts")
    without = replace(voice, info=replace(voice.info, phones=phones))
    song = pronounce(with_notes(NOTES[0], replace(NOTES[1], lyric="つ")))
    with pytest.raises(VoiceError) as caught:
        perform(song, without)
    message = str(caught.value)
    assert message.startswith("Voice, bar 1, beat 3: voice 'tiny' never learnt the sound 'ts'")
    assert "choose another voice" in message


def test_a_word_nobody_can_pronounce(voice: Voice) -> None:
    with pytest.raises(LyricError, match=r"Voice, bar 1, beat 3"):
        synthesize(with_notes(NOTES[0], replace(NOTES[1], lyric="xq")), voice)


# -- what is made of it ---------------------------------------------------------------------------


def test_saving_refuses_a_file_that_is_there(sung: Performance, tmp_path: Path) -> None:
    path = tmp_path / "song.wav"
    sung.save(path)
    samples, rate = soundfile.read(path)
    assert rate == 16000
    np.testing.assert_allclose(samples, sung.samples, atol=1 / 2**15)
    path.write_bytes(b"mine")
    with pytest.raises(OutputError, match="exists already"):
        sung.save(path)
    assert path.read_bytes() == b"mine"
    sung.save(path, force=True)
    assert soundfile.info(path).frames == len(samples)


def test_a_notebook_shows_and_plays_it(sung: Performance) -> None:
    titled = replace(sung, song=replace(sung.song, title="<b>Rain & Snow</b>"))
    html = titled._repr_html_()
    assert "&lt;b&gt;Rain &amp; Snow&lt;/b&gt;" in html
    sound = re.search(r'<audio controls src="data:audio/wav;base64,([^"]+)"', html)
    picture = re.search(r'<img [^>]*src="data:image/png;base64,([^"]+)"', html)
    assert sound is not None
    assert picture is not None
    samples, _ = soundfile.read(io.BytesIO(base64.b64decode(sound[1])))
    assert len(samples) == len(sung.samples)
    assert base64.b64decode(picture[1]).startswith(b"\x89PNG")


def test_the_plot_shows_notes_and_f0(sung: Performance) -> None:
    notes, envelope = sung.plot().axes
    assert len(notes.patches) == len(NOTES)
    assert len(envelope.images) == 1
    low, high = notes.get_ylim()
    assert low < 55 < 64 < high
