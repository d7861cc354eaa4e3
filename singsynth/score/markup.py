"""What music21 drops when it reads MusicXML, taken out of the tree first or written so it stays.

=======================================  =====================================================
MusicXML                                 music21 10.5, and so here
=======================================  =====================================================
``<cue/>``                               read as a real note: becomes a rest
``xml:lang`` of lyrics                   dropped: returned by :func:`lyric_languages`
``<metronome>`` with ``<sound tempo>``   the number for playback is dropped: the mark gives way
``<tied>`` without ``<tie>``             dropped: the ``<tie>`` is written
``<sound dacapo=… fine=…>`` and kin      dropped: written as the words or sign that is read
``<per-minute>`` with text               dropped: only its number is left
``<grace/>`` without ``slash``           taken for slashed: ``slash="no"`` is written
``<humming/>`` in a lyric                dropped: becomes the phone in brackets ``[N]``
``<laughing/>``, ``time-only``           dropped, and here reported
=======================================  =====================================================
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections import Counter

from singsynth.score.remarks import Place, Remarks

JUMP_WORDS = {
    "dacapo": "D.C.",
    "dalsegno": "D.S.",
    "tocoda": "To Coda",
    "fine": "Fine",
}
"""Attributes of ``<sound>`` that order a jump, and the words musicians write for them."""

JUMP_SIGNS = ("segno", "coda")
"""Attributes of ``<sound>`` that mark a place to jump to, which are also names of signs."""


def prepare(root: ET.Element, remarks: Remarks) -> None:
    """Rewrite the tree in place so that music21 loses nothing we need."""
    names = {p.get("id"): p.findtext("part-name") for p in root.iter("score-part")}
    for part in root.iter("part"):
        name = " ".join((names.get(part.get("id")) or "score").split())
        for measure in part.iter("measure"):
            _report_lost(measure, name, remarks)
            _silence_cues(measure)
            _wrap_jumps(measure)
            for direction in measure.iter("direction"):
                _prefer_sounding_tempo(direction)
                _spell_out_jumps(direction)
            for note in measure.iter("note"):
                _write_ties(note)
                _hum(note)
                for grace in note.findall("grace"):
                    grace.attrib.setdefault("slash", "no")


def lyric_languages(root: ET.Element) -> dict[str, str]:
    """Language of the lyrics of each part by its id, as a tag such as ``ja``, where given."""
    default = ""
    for element in root.findall("defaults/lyric-language"):
        default = default or _primary_tag(element.get("xml:lang"))
    languages = {}
    for part in root.findall("part"):
        counts = Counter(
            tag
            for lyric in part.iter("lyric")
            for text in lyric.iter("text")
            if (tag := _primary_tag(text.get("xml:lang") or lyric.get("xml:lang")))
        )
        language = counts.most_common(1)[0][0] if counts else default
        if language:
            languages[part.get("id", "")] = language
    return languages


def _primary_tag(tag: str | None) -> str:
    """``ja`` of ``ja-JP``."""
    return re.split("[-_]", (tag or "").strip().lower())[0]


def _silence_cues(measure: ET.Element) -> None:
    """Cue notes show what another part plays: they keep their time but not their sound."""
    for note in measure.findall("note"):
        if note.find("cue") is None:
            continue
        if note.find("chord") is not None or note.find("grace") is not None:
            measure.remove(note)
            continue
        for child in list(note):
            if child.tag not in {"duration", "voice", "staff", "type", "dot", "time-modification"}:
                note.remove(child)
        note.insert(0, ET.Element("rest"))


def _prefer_sounding_tempo(direction: ET.Element) -> None:
    sound = direction.find("sound[@tempo]")
    for kind in direction.findall("direction-type"):
        for metronome in kind.findall("metronome"):
            if sound is not None:
                kind.remove(metronome)
                continue
            per_minute = metronome.find("per-minute")
            if per_minute is not None and per_minute.text:
                # "c. 80" and "80-84" say 80
                number = re.search(r"\d+([.,]\d+)?", per_minute.text)
                per_minute.text = number.group().replace(",", ".") if number else ""


def _wrap_jumps(measure: ET.Element) -> None:
    """A ``<sound>`` that orders a jump may stand alone in its bar; give it a direction."""
    for index, element in enumerate(list(measure)):
        if element.tag == "sound" and any(element.get(n) for n in (*JUMP_WORDS, *JUMP_SIGNS)):
            direction = ET.Element("direction")
            direction.append(element)
            measure[index] = direction


def _spell_out_jumps(direction: ET.Element) -> None:
    """Let each jump that ``<sound>`` orders be a sign or words of its own direction."""
    spelled = []
    for sound in direction.findall("sound"):
        for name, words in JUMP_WORDS.items():
            if sound.get(name):
                element = ET.Element("words")
                element.text = words
                spelled.append(element)
        spelled.extend(ET.Element(name) for name in JUMP_SIGNS if sound.get(name))
    if not spelled:
        return
    for kind in direction.findall("direction-type"):
        direction.remove(kind)
    for element in reversed(spelled):
        kind = ET.Element("direction-type")
        kind.append(element)
        direction.insert(0, kind)


def _write_ties(note: ET.Element) -> None:
    if note.find("tie") is not None:
        return
    for tied in note.findall("notations/tied"):
        if tied.get("type") in {"start", "stop"}:
            note.append(ET.Element("tie", {"type": str(tied.get("type"))}))


def _hum(note: ET.Element) -> None:
    for lyric in note.findall("lyric"):
        if lyric.find("humming") is not None and lyric.find("text") is None:
            ET.SubElement(lyric, "text").text = "[N]"


def _report_lost(measure: ET.Element, name: str, remarks: Remarks) -> None:
    """Report, at the beginning of the bar, what cannot be written so that music21 reads it."""
    number = re.search(r"\d+", measure.get("number", ""))
    place = Place(int(number.group()) if number else 0, 1)
    if measure.find("note/lyric/laughing") is not None:
        remarks.count(name, place, "not sung yet: laughing")
    timed = [e for path in ("note", "note/lyric", "direction/sound") for e in measure.findall(path)]
    if any(element.get("time-only") for element in timed):
        remarks.count(name, place, "sung in every pass, not only in those it is marked for")
