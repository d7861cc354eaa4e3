"""Sound files: what is written can be read, and what cannot be read is told in one line."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile

from singsynth.acoustics import encode_wav, read_audio, write_audio
from singsynth.errors import CorpusError, OutputError

TONE = 0.5 * np.sin(np.arange(1600) / 5)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    write_audio(tmp_path / "tone.wav", TONE, 16000)
    samples, rate = read_audio(tmp_path / "tone.wav")
    assert rate == 16000
    np.testing.assert_allclose(samples, TONE, atol=1 / 2**15)
    assert soundfile.info(tmp_path / "tone.wav").subtype == "PCM_16"


def test_encoding_is_the_same_file(tmp_path: Path) -> None:
    write_audio(tmp_path / "tone.wav", TONE, 16000)
    assert encode_wav(TONE, 16000) == (tmp_path / "tone.wav").read_bytes()
    samples, _ = soundfile.read(io.BytesIO(encode_wav(np.array([1.0, -1.0, 0.0]), 16000)))
    np.testing.assert_allclose(samples, [1.0, -1.0, 0.0], atol=1 / 2**15)


@pytest.mark.parametrize(
    ("value", "said"), [(np.nan, "NaN"), (np.inf, "NaN or infinity"), (1.01, "1.010"), (-3, "3.0")]
)
def test_what_would_be_noise_is_not_written(tmp_path: Path, value: float, said: str) -> None:
    bad = TONE.copy()
    bad[7] = value
    with pytest.raises(ValueError, match=said):
        encode_wav(bad, 16000)
    with pytest.raises(ValueError, match=said):
        write_audio(tmp_path / "bad.wav", bad, 16000)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_there_stays(tmp_path: Path) -> None:
    (tmp_path / "tone.wav").write_bytes(b"mine")
    with pytest.raises(OutputError, match="exists already"):
        write_audio(tmp_path / "tone.wav", TONE, 16000)
    assert (tmp_path / "tone.wav").read_bytes() == b"mine"
    write_audio(tmp_path / "tone.wav", TONE, 16000, force=True)
    assert read_audio(tmp_path / "tone.wav")[1] == 16000


def test_unreadable_audio_is_one_line_with_a_remedy(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "stereo.wav", np.stack([TONE, TONE], axis=1), 16000)
    soundfile.write(tmp_path / "empty.wav", TONE[:0], 16000)
    soundfile.write(tmp_path / "nan.wav", np.full(10, np.nan), 16000, subtype="FLOAT")
    (tmp_path / "text.wav").write_text("not sound", "utf-8")
    (tmp_path / "folder.wav").mkdir()
    for name, said in {
        "missing.wav": "no such recording; check the path",
        "folder.wav": "no such recording",
        "stereo.wav": "has 2 channels, one is needed; mix it down to mono",
        "empty.wav": "holds no sound at all; export it again",
        "nan.wav": "not numbers; export it again",
        "text.wav": "not readable as audio",
    }.items():
        with pytest.raises(CorpusError) as caught:
            read_audio(tmp_path / name)
        message = str(caught.value)
        assert message.startswith(f"{tmp_path / name}: ")
        assert said in message
        assert "\n" not in message
