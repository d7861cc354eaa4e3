"""Bad input: one line that names the file, what is wrong, and what to do; never a traceback."""

from __future__ import annotations

import zipfile
from pathlib import Path

import music21
import pytest
from musicxml import bar, note, part, score, sung

from singsynth.errors import ScoreError
from singsynth.score import opening, read_score

GOOD = score(part(bar(note("C4", 8, "か"))))


def fails(path: Path | str, *said: str) -> None:
    with pytest.raises(ScoreError) as caught:
        read_score(path)
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(f"{path}: ")
    for words in said:
        assert words in message


def written(folder: Path, content: str | bytes, name: str = "bad.musicxml") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def packed(folder: Path, members: dict[str, str | bytes], name: str = "song.mxl") -> Path:
    path = folder / name
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in members.items():
            archive.writestr(member, content)
    return path


def test_missing_file(tmp_path: Path) -> None:
    fails(tmp_path / "none.musicxml", "no such file", "check the name")


def test_folder(tmp_path: Path) -> None:
    fails(tmp_path, "is a folder")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"  \n ", "is empty"),
        (b"la la la", "is not XML"),
        (b"MThd\x00\x00\x00\x06\x00\x01", "is not XML"),
        (b"<html><body>Not found</body></html>", "its root is <html>"),
        (GOOD[: len(GOOD) // 2], "damaged or cut off XML"),
        ("<score-timewise/>", "timewise"),
        ('<?xml version="1.0" encoding="klingon"?><score-partwise/>', "damaged or cut off XML"),
        ("<score-partwise/>", "holds no notes"),
        (score(part(bar(note("R", 8)))), "holds no notes"),
        (score(), "holds no notes"),
        (score(part(bar(note("C4", 8)))), "has no words; add lyrics"),
        (GOOD.replace("<duration>8", "<duration>soon"), "cannot be read as a score"),
        (GOOD.replace("<octave>4", "<octave>high"), "cannot be read as a score"),
        (GOOD.replace("<step>C", "<step>H"), "cannot be read as a score"),
        (GOOD.replace("<divisions>2", "<divisions>0"), "cannot be read as a score"),
        (GOOD.replace("<beats>4", "<beats>many"), "cannot be read as a score"),
    ],
)
def test_bad_files(tmp_path: Path, content: str | bytes, said: str) -> None:
    fails(written(tmp_path, content), said, "export" if "words" not in said else "Ctrl+L")


@pytest.mark.parametrize(
    "attributes",
    [
        "<key><fifths>99999999999999</fifths></key>",
        "<key><fifths>-5000</fifths></key>",
        "<transpose><chromatic>100000000</chromatic></transpose>",
        "<time><beats>100000000</beats><beat-type>4</beat-type></time>",
    ],
)
def test_absurd_numbers_are_refused_before_anyone_counts(tmp_path: Path, attributes: str) -> None:
    absurd = score(part(bar(note("C4", 8, "か"), number=3, attributes=attributes)))
    fails(written(tmp_path, absurd), "bar '3' has <", "which cannot be")


def test_endless_songs_are_refused(tmp_path: Path) -> None:
    endless = GOOD.replace("<duration>8", "<duration>99999999999999")
    with pytest.raises(ScoreError, match="hours, more than 6; mend its durations"):
        read_score(written(tmp_path, endless))


def test_words_only_where_nothing_is_sung(tmp_path: Path) -> None:
    beyond = score(part(bar(note("C4", 4, "か").replace("<octave>4", "<octave>10"), note("C4", 4))))
    fails(written(tmp_path, beyond), "has no words")


def test_entities_are_refused_before_they_expand(tmp_path: Path) -> None:
    levels = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10 if i else "lol"}">' for i in range(30))
    bomb = f"<!DOCTYPE score-partwise [{levels}]><score-partwise>&l29;</score-partwise>"
    fails(written(tmp_path, bomb), "declares the XML entity")
    fails(written(tmp_path, bomb.encode("utf-16")), "declares the XML entity")
    external = (
        '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><score-partwise>&f;</score-partwise>'
    )
    fails(written(tmp_path, external), "declares the XML entity")
    fails(packed(tmp_path, {"song.xml": bomb}), "declares the XML entity")


def test_archives(tmp_path: Path) -> None:
    container = (
        '<container><rootfiles><rootfile full-path="deep/score.xml"/></rootfiles></container>'
    )
    packings: list[dict[str, str | bytes]] = [
        {"META-INF/container.xml": container, "a.xml": "<other/>", "deep/score.xml": GOOD},
        {"META-INF/container.xml": "<container/>", "song.musicxml": GOOD},
        {"song.xml": GOOD.replace("UTF-8", "UTF-16").encode("utf-16")},
    ]
    for members in packings:
        assert sung(read_score(packed(tmp_path, members))) == [(0, 4, 60, "か")]
    renamed = packed(tmp_path, {"song.xml": GOOD}, name="song.musicxml")
    assert sung(read_score(renamed)) == [(0, 4, 60, "か")]


def test_bad_archives(tmp_path: Path) -> None:
    fails(packed(tmp_path, {"picture.png": b"x"}), "without a MusicXML file")
    fails(packed(tmp_path, {"META-INF/container.xml": "<container"}), "damaged or cut off XML")
    whole = packed(tmp_path, {"song.xml": GOOD}).read_bytes()
    fails(written(tmp_path, whole[: len(whole) // 2], "cut.mxl"), "damaged")
    broken = bytearray(whole)
    broken[60:80] = b"\xff" * 20
    fails(written(tmp_path, bytes(broken), "broken.mxl"), "damaged")


def test_sizes_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "MAX_BYTES", 10_000)
    fails(packed(tmp_path, {"song.xml": GOOD + " " * 1_000_000}), "unpacks to more than")
    fails(written(tmp_path, GOOD + " " * 10_000), "more than the")


def test_a_stream_is_read_and_left_as_it_is() -> None:
    melody = music21.converter.parse("tinyNotation: 4/4 c2 d4 r e1")
    for element, text in zip(melody.recurse().notes, "かきく", strict=True):
        element.lyric = text
    before = melody.write("musicxml").read_bytes()
    song = read_score(melody)
    assert sung(song) == [(0, 1, 60, "か"), (1, 0.5, 62, "き"), (2, 2, 64, "く")]
    assert melody.write("musicxml").read_bytes()[-500:] == before[-500:]


def test_a_flat_stream_is_put_into_bars() -> None:
    flat = music21.stream.Stream()
    for i, text in enumerate("かきく"):
        flat.append(music21.note.Note(60 + i, quarterLength=3, lyric=text))
    assert sung(read_score(flat)) == [(0, 1.5, 60, "か"), (1.5, 1.5, 61, "き"), (3, 1.5, 62, "く")]


@pytest.mark.parametrize("source", [3, None, music21.note.Note(), music21.stream.Opus()])
def test_what_is_no_score(source: object) -> None:
    with pytest.raises(ScoreError, match="score: "):
        read_score(source)
