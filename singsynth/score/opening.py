"""A path becomes an XML tree, or one clear :class:`ScoreError`.

A score may come from anywhere, so nothing is trusted: files and unpacked archives are bounded by
:data:`MAX_BYTES`, and a file that declares XML entities is refused before any of them is expanded
(MusicXML needs none; they are the way of the "billion laughs" attack). Numbers that music21 counts
up to, such as the sharps of a key, are bounded by :data:`MOST`.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
import zipfile
from pathlib import Path
from xml.parsers import expat

from singsynth.errors import ScoreError

MAX_BYTES = 64 * 1024 * 1024
"""Largest score accepted, after unpacking. A symphony is about 10 MB."""

MOST = 1000
"""Largest number in an element that counts something: sharps, beats, semitones, staves."""

COUNTING = frozenset({
    "actual-notes", "alter", "beat-type", "beats", "cancel", "chromatic", "clef-octave-change",
    "diatonic", "fifths", "key-alter", "key-octave", "line", "multiple-rest", "normal-notes",
    "octave", "octave-change", "staff", "staff-lines", "staves",
})  # fmt: skip
"""Elements whose number music21 counts up to."""

REMEDY = "export the score again as MusicXML (.musicxml or .mxl)"


def open_score(path: Path) -> ET.Element:
    """The root ``<score-partwise>`` of a .musicxml, .xml or .mxl file.

    Raises
    ------
    ScoreError
        If the file is missing, too large, no MusicXML, damaged, or hostile.
    """
    data = _read_bytes(path)
    if data.startswith(b"PK"):
        data = _unpack(path)
    root = _parse(data, path)
    if root.tag == "score-timewise":
        raise ScoreError(
            f"{path}: is a timewise MusicXML file, which is not read; {REMEDY}, which is partwise"
        )
    if root.tag != "score-partwise":
        raise ScoreError(f"{path}: is not MusicXML (its root is <{root.tag}>); {REMEDY}")
    _check_numbers(root, path)
    return root


def _read_bytes(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise ScoreError(f"{path}: is a folder; name a .musicxml, .xml or .mxl file in it")
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise ScoreError(
                f"{path}: holds {size / 1e6:.0f} MB, more than the {MAX_BYTES / 1e6:.0f} MB "
                f"that a score may have; {REMEDY}, without pictures"
            )
        data = path.read_bytes()
    except FileNotFoundError:
        raise ScoreError(f"{path}: no such file; check the name and the folder") from None
    except OSError as error:
        raise ScoreError(f"{path}: cannot be read ({error.strerror}); check its rights") from None
    if not data.strip():
        raise ScoreError(f"{path}: is empty; {REMEDY}")
    return data


def _unpack(path: Path) -> bytes:
    """The score inside a compressed .mxl archive."""
    try:
        with zipfile.ZipFile(path) as archive:
            name = _score_name(archive, path)
            with archive.open(name) as member:
                # The size an archive declares may lie, so the bound is on what comes out.
                data = member.read(MAX_BYTES + 1)
    except (zipfile.BadZipFile, EOFError, KeyError, NotImplementedError, RuntimeError, OSError):
        raise ScoreError(f"{path}: is a damaged or encrypted archive; {REMEDY}") from None
    except Exception as error:  # zlib.error and its kin, which share no base
        raise ScoreError(f"{path}: is a damaged archive ({error}); {REMEDY}") from None
    if len(data) > MAX_BYTES:
        raise ScoreError(
            f"{path}: {name} unpacks to more than {MAX_BYTES / 1e6:.0f} MB, "
            f"which no score needs; {REMEDY}"
        )
    return data


def _score_name(archive: zipfile.ZipFile, path: Path) -> str:
    """The archive's score: the one its container names, else its first MusicXML file."""
    names = archive.namelist()
    container = "META-INF/container.xml"
    if container in names:
        with archive.open(container) as member:
            root = _parse(member.read(MAX_BYTES), path)
        for rootfile in root.iter("rootfile"):
            if rootfile.get("full-path") in names:
                return str(rootfile.get("full-path"))
    for name in names:
        if name.lower().endswith((".musicxml", ".xml")) and not name.startswith("META-INF/"):
            return name
    raise ScoreError(f"{path}: is an archive without a MusicXML file in it; {REMEDY}")


def _parse(data: bytes, path: Path) -> ET.Element:
    """Parse XML in any encoding it declares, and refuse entity declarations."""
    builder = ET.TreeBuilder()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.data

    def refuse(name: str, *_: object) -> None:
        raise ScoreError(
            f"{path}: declares the XML entity {name!r}, which no score needs and which can be "
            f"used for an attack; {REMEDY}"
        )

    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(data, True)
        return builder.close()
    except (expat.ExpatError, AssertionError, LookupError, ValueError) as error:
        if b"<" not in data[:4096]:
            raise ScoreError(f"{path}: is not XML; {REMEDY}") from None
        raise ScoreError(f"{path}: is damaged or cut off XML ({error}); {REMEDY}") from None


def _check_numbers(root: ET.Element, path: Path) -> None:
    for measure in root.iter("measure"):
        for element in measure.iter():
            value = element.text if element.tag in COUNTING else None
            if element.tag == "ending":
                value = element.get("number")
            numbers = re.findall(r"\d+", value or "")
            if any(len(number) > 9 or int(number) > MOST for number in numbers):
                raise ScoreError(
                    f"{path}: bar {measure.get('number', '')!r} has <{element.tag}> {value!r}, "
                    f"which cannot be; {REMEDY}"
                )
