"""One tiny score for each feature of notation, and literally what is sung of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from musicxml import TIE, TIED, bar, lyric, note, part, read, score, sung, time, warnings, words


def test_notes_and_rests(tmp_path: Path) -> None:
    song = read(
        tmp_path,
        score(part(bar(note("C4", 2, "か"), note("R", 1), note("F#3", 1, "き"), note("R", 4)))),
    )
    assert song.title == "Test"
    assert song.duration_s == 4
    assert song.warnings == ()
    assert [p.name for p in song.parts] == ["Voice 1"]
    assert sung(song) == [(0, 1, 60, "か"), (1.5, 0.5, 54, "き")]
    assert [(n.bar, n.beat) for n in song.parts[0].notes] == [(1, 1), (1, 2.5)]


def test_ties_join_notes_across_the_bar_line(tmp_path: Path) -> None:
    song = read(
        tmp_path,
        score(
            part(
                bar(note("C4", 4, "か"), note("D4", 4, "き", after=TIE)),
                bar(note("D4", 8, after=TIED + TIE), number=2),
                bar(note("D4", 2, after=TIED), note("E4", 6, "く"), number=3),
            )
        ),
    )
    assert sung(song) == [(0, 2, 60, "か"), (2, 7, 62, "き"), (9, 3, 64, "く")]
    assert song.warnings == ()


def test_tied_notation_without_tie_is_a_tie(tmp_path: Path) -> None:
    start = '<notations><tied type="start"/></notations>'
    stop = '<notations><tied type="stop"/></notations>'
    song = read(
        tmp_path, score(part(bar(note("C4", 4, "か", after=start), note("C4", 4, after=stop))))
    )
    assert sung(song) == [(0, 4, 60, "か")]


@pytest.mark.parametrize(("first", "second"), [(TIE, ""), ("", TIED)])
def test_a_tie_with_one_end_is_repaired(tmp_path: Path, first: str, second: str) -> None:
    song = read(
        tmp_path, score(part(bar(note("C4", 4, "か", after=first), note("C4", 4, after=second))))
    )
    assert sung(song) == [(0, 4, 60, "か")]
    assert warnings(song) == ["Voice 1, bar 1, beat 3: tie has only one end; the notes are joined"]


def test_a_tie_to_another_pitch_is_ignored(tmp_path: Path) -> None:
    song = read(
        tmp_path,
        score(part(bar(note("C4", 4, "か", after=TIE), note("D4", 4, "き", after=TIED)))),
    )
    assert sung(song) == [(0, 2, 60, "か"), (2, 2, 62, "き")]
    assert warnings(song) == [
        "Voice 1, bar 1, beat 1: tie leads to no note of the same pitch and is ignored",
        "Voice 1, bar 1, beat 3: tie comes from no note of the same pitch and is ignored",
    ]


def test_a_tied_note_with_words_is_sung_anew(tmp_path: Path) -> None:
    song = read(
        tmp_path,
        score(part(bar(note("C4", 4, "か", after=TIE), note("C4", 4, "き", after=TIED)))),
    )
    assert sung(song) == [(0, 2, 60, "か"), (2, 2, 60, "き")]
    assert warnings(song) == [
        "Voice 1, bar 1, beat 3: tied note has words of its own and is sung anew"
    ]


def test_pickup_bar(tmp_path: Path) -> None:
    song = read(
        tmp_path,
        score(
            part(
                bar(note("C4", 2, "か"), number=0, implicit=True),
                bar(note("D4", 2, "き"), note("E4", 4, "く"), number=1),
                bar(note("C4", 4, "け"), number=2),
                meter=time(3),
            )
        ),
    )
    assert sung(song) == [(0, 1, 60, "か"), (1, 1, 62, "き"), (2, 2, 64, "く"), (4, 2, 60, "け")]
    assert [(n.bar, n.beat) for n in song.parts[0].notes] == [(0, 3), (1, 1), (1, 2), (2, 1)]
    assert song.duration_s == 6


def test_irregular_bars_keep_their_time_in_all_parts(tmp_path: Path) -> None:
    """A bar lasts as long as the fullest part makes it, and printed numbers are kept."""
    alone = part(
        bar(note("C4", 8, "か"), number=7),
        bar(note("D4", 4, "き"), number="7a"),
        bar(note("E4", 10, "く"), number=8),
        bar(note("F4", 8, "け"), number=9),
    )
    other = part(
        bar(note("C3", 8), number=7),
        bar(note("C3", 2), number="7a"),
        bar(note("R", 8), number=8),
        bar(note("C3", 8), number=9),
        tempo="",
    )
    for text in (score(alone, other), score(other, alone)):
        song = read(tmp_path, text)
        assert sung(song) == [
            (0, 4, 60, "か"),
            (4, 2, 62, "き"),
            (6, 5, 64, "く"),
            (11, 4, 65, "け"),
        ]
        assert [n.bar for n in song.parts[0].notes] == [7, 7, 8, 9]


def test_empty_bars_have_the_length_of_the_time_signature(tmp_path: Path) -> None:
    whole_rest = '<note><rest measure="yes"/><duration>8</duration></note>'
    song = read(
        tmp_path,
        score(
            part(
                bar(note("C4", 6, "か")),
                bar(whole_rest, number=2),
                bar(number=3),
                bar(note("D4", 6, "き"), number=4),
                meter=time(3),
            )
        ),
    )
    assert sung(song) == [(0, 3, 60, "か"), (9, 3, 62, "き")]


def test_tuplets_are_exact(tmp_path: Path) -> None:
    triplet = (
        "<time-modification><actual-notes>3</actual-notes><normal-notes>2</normal-notes>"
        "</time-modification>"
    )
    notes = [
        f"<note><pitch><step>{step}</step><octave>4</octave></pitch><duration>2</duration>"
        f"<type>eighth</type>{triplet}{lyric('か')}</note>"
        for step in "CDEFGAB"[:6] * 2
    ]
    attributes = f"<attributes><divisions>6</divisions>{time(4)}</attributes>"
    song = read(tmp_path, score(part(bar(attributes + "".join(notes)))))
    starts = [n.start_s for n in song.parts[0].notes]
    assert starts == pytest.approx([i / 3 for i in range(12)], abs=1e-6)
    assert song.duration_s == 4
    assert [n.beat for n in song.parts[0].notes[:4]] == pytest.approx([1, 4 / 3, 5 / 3, 2])
    for before, after in zip(song.parts[0].notes, song.parts[0].notes[1:], strict=False):
        assert before.end_s == after.start_s


def test_beats_are_those_of_the_meter(tmp_path: Path) -> None:
    song = read(
        tmp_path,
        score(part(bar(*(note("C4", 1, "か") for _ in range(6))), meter=time(6, 8))),
    )
    assert [n.beat for n in song.parts[0].notes] == pytest.approx(
        [1, 4 / 3, 5 / 3, 2, 7 / 3, 8 / 3]
    )


def test_melisma_continues_the_vowel(tmp_path: Path) -> None:
    """Slurs and extenders change nothing; a rest ends the melisma."""
    slur = '<notations><slur type="{}" number="1"/></notations>'
    extended = '<lyric number="1"><text>か</text><extend type="start"/></lyric>'
    extender = '<lyric number="1"><extend type="stop"/></lyric>'
    song = read(
        tmp_path,
        score(
            part(
                bar(
                    note("C4", 2, extended, after=slur.format("start")),
                    note("D4", 2),
                    note("C4", 2, extender, after=slur.format("stop")),
                    note("R", 2),
                ),
                bar(note("E4", 4, "き"), note("F4", 4, "_"), number=2),
            )
        ),
    )
    assert words(song) == "か ~ ~ き ~"
    assert song.warnings == ()


def test_notes_without_words_and_without_vowel_get_a_default(tmp_path: Path) -> None:
    song = read(
        tmp_path,
        score(
            part(
                bar(note("C4", 2), note("D4", 2), note("E4", 2, "き"), note("R", 2)),
                bar(note("C4", 2), note("D4", 2), note("R", 4), number=2),
            )
        ),
    )
    assert words(song) == "a ~ き a ~"
    message = 'note without words and no vowel to continue; sung on "a"'
    assert warnings(song) == [
        f"Voice 1, bar 1, beat 1: {message}",
        f"Voice 1, bar 2, beat 1: {message}",
    ]


def test_syllabic_and_punctuation_are_kept(tmp_path: Path) -> None:
    song = read(
        tmp_path,
        score(
            part(
                bar(
                    note("C4", 2, lyric("1. Sa", syllabic="begin")),
                    note("C4", 2, lyric("ku", syllabic="middle")),
                    note("C4", 2, lyric("ra,", syllabic="end")),
                    note("C4", 2, "é"),
                )
            )
        ),
    )
    assert [(n.lyric, n.syllabic) for n in song.parts[0].notes] == [
        ("Sa", "begin"), ("ku", "middle"), ("ra,", "end"), ("é", "single"),
    ]  # fmt: skip


def test_elision_sings_both_syllables(tmp_path: Path) -> None:
    elided = (
        "<lyric><syllabic>end</syllabic><text>か</text><elision>‿</elision>"
        "<syllabic>single</syllabic><text>い</text></lyric>"
    )
    song = read(tmp_path, score(part(bar(note("C4", 8, elided)))))
    (only,) = song.parts[0].notes
    assert (only.lyric, only.syllabic) == ("か‿い", "end")


def test_several_parts_and_their_accompaniment(tmp_path: Path) -> None:
    """Parts with words are sung; the others are an accompaniment, passed over in silence."""
    high = part(bar(note("C4", 8, "か")))
    piano = part(bar(note("C2", 8)))
    low = part(bar(note("C3", 8, "き")))
    song = read(tmp_path, score(high, piano, low, names=("Solo", "Piano", "Solo")))
    assert [p.name for p in song.parts] == ["Solo", "Solo (2)"]
    assert [sung(song, i) for i in (0, 1)] == [[(0, 4, 60, "か")], [(0, 4, 48, "き")]]
    assert song.warnings == ()


@pytest.mark.parametrize(
    ("transposition", "pitch"),
    [
        ("<diatonic>-1</diatonic><chromatic>-2</chromatic>", 58),  # clarinet in B flat
        ("<diatonic>0</diatonic><chromatic>0</chromatic><octave-change>-1</octave-change>", 48),
    ],
)
def test_transposing_instruments_sound_where_they_sound(
    tmp_path: Path, transposition: str, pitch: float
) -> None:
    attributes = time(4) + f"<transpose>{transposition}</transpose>"
    song = read(tmp_path, score(part(bar(note("C4", 8, "か"), attributes=attributes))))
    assert sung(song) == [(0, 4, pitch, "か")]


def test_octave_clef_does_not_move_the_pitch(tmp_path: Path) -> None:
    clef = "<clef><sign>G</sign><line>2</line><clef-octave-change>-1</clef-octave-change></clef>"
    song = read(tmp_path, score(part(bar(note("C3", 8, "か"), attributes=time(4) + clef))))
    assert sung(song) == [(0, 4, 48, "か")]


def test_octave_shift_does_not_move_the_pitch(tmp_path: Path) -> None:
    """MusicXML writes the sounding pitch under an 8va line."""
    shift = (
        '<direction><direction-type><octave-shift type="{}" size="8"/></direction-type></direction>'
    )
    song = read(
        tmp_path,
        score(
            part(
                bar(
                    shift.format("down"), note("C5", 4, "か"), shift.format("stop"),
                    note("C4", 4, "き"),
                )
            )
        ),
    )  # fmt: skip
    assert sung(song) == [(0, 2, 72, "か"), (2, 2, 60, "き")]


def test_microtones_keep_their_fraction(tmp_path: Path) -> None:
    quarter_sharp = (
        "<note><pitch><step>C</step><alter>0.5</alter><octave>4</octave></pitch>"
        f"<duration>8</duration>{lyric('か')}</note>"
    )
    song = read(tmp_path, score(part(bar(quarter_sharp))))
    assert sung(song) == [(0, 4, 60.5, "か")]


def test_chord_symbols_are_not_sung(tmp_path: Path) -> None:
    harmony = "<harmony><root><root-step>C</root-step></root><kind>major</kind></harmony>"
    song = read(tmp_path, score(part(bar(harmony, note("C4", 8, "か")))))
    assert sung(song) == [(0, 4, 60, "か")]
    assert song.warnings == ()


def test_cue_notes_are_rests(tmp_path: Path) -> None:
    song = read(
        tmp_path, score(part(bar(note("G4", 4, "だ", before="<cue/>"), note("C4", 4, "か"))))
    )
    assert sung(song) == [(2, 2, 60, "か")]


def test_percussion_is_not_sung(tmp_path: Path) -> None:
    hit = (
        "<note><unpitched><display-step>E</display-step><display-octave>4</display-octave>"
        f"</unpitched><duration>4</duration>{lyric('た')}</note>"
    )
    song = read(tmp_path, score(part(bar(hit, note("C4", 4, "か")))))
    assert sung(song) == [(2, 2, 60, "か")]
    assert warnings(song) == ["Voice 1, bar 1, beat 1: percussion is not sung"]


def test_of_a_chord_the_top_note_is_sung(tmp_path: Path) -> None:
    song = read(
        tmp_path,
        score(part(bar(note("C4", 8, "か"), note("G4", 8, before="<chord/>")))),
    )
    assert sung(song) == [(0, 4, 67, "か")]
    assert warnings(song) == ["Voice 1, bar 1, beat 1: of a chord only the top note is sung"]


def test_the_voice_with_words_is_sung(tmp_path: Path) -> None:
    back = "<backup><duration>8</duration></backup>"
    upper, lower = note("G4", 8), note("C4", 8, "か").replace("<voice>1", "<voice>2")
    song = read(tmp_path, score(part(bar(upper, back, lower))))
    assert sung(song) == [(0, 4, 60, "か")]
    assert warnings(song) == ["Voice 1, bar 1, beat 1: voice 1 is not sung, voice 2 is"]


def test_notes_at_one_time_never_overlap(tmp_path: Path) -> None:
    """A backup that goes astray puts notes of one voice on top of each other."""
    back = "<backup><duration>6</duration></backup>"
    song = read(tmp_path, score(part(bar(note("C4", 8, "か"), back, note("D4", 6, "き")))))
    assert sung(song) == [(0, 1, 60, "か"), (1, 3, 62, "き")]
    assert warnings(song) == ["Voice 1, bar 1, beat 1: note overlaps the next and is cut short"]


def grace(pitch: str, words: str = "", slashed: bool = False, kind: str = "eighth") -> str:
    sign = '<grace slash="yes"/>' if slashed else "<grace/>"
    text = note(pitch, 0, words, before=sign, after=f"<type>{kind}</type>")
    return text.replace("<duration>0</duration>", "")


def test_grace_notes_take_their_time_from_the_note_they_lean_on(tmp_path: Path) -> None:
    """An appoggiatura as long as written, a slashed one a sixteenth, together half at most."""
    song = read(
        tmp_path,
        score(
            part(
                bar(
                    note("C4", 2, "か"),
                    grace("D4") + note("C4", 2, "き"),
                    grace("D4", slashed=True) + note("C4", 2, "く"),
                    grace("D4", kind="half") + note("C4", 2, "け"),
                ),
                bar(
                    grace("E4", kind="quarter") + grace("D4", kind="quarter"),
                    note("C4", 4, "こ"),
                    note("R", 4),
                    number=2,
                ),
            )
        ),
    )
    assert sung(song) == [
        (0, 1, 60, "か"),
        (1, 0.5, 62, "き"), (1.5, 0.5, 60, ""),
        (2, 0.25, 62, "く"), (2.25, 0.75, 60, ""),
        (3, 0.5, 62, "け"), (3.5, 0.5, 60, ""),
        (4, 0.5, 64, "こ"), (4.5, 0.5, 62, ""), (5, 1, 60, ""),
    ]  # fmt: skip
    assert song.warnings == ()


def test_words_of_a_grace_note_are_sung_on_it(tmp_path: Path) -> None:
    song = read(tmp_path, score(part(bar(grace("D4", "か"), note("C4", 8)))))
    assert sung(song) == [(0, 0.5, 62, "か"), (0.5, 3.5, 60, "")]


def test_a_grace_note_at_the_end_of_a_bar_is_reported(tmp_path: Path) -> None:
    song = read(tmp_path, score(part(bar(note("C4", 8, "か"), grace("D4")))))
    assert sung(song) == [(0, 4, 60, "か")]
    assert warnings(song) == [
        "Voice 1, bar 1, beat 5: grace note that leads to no note of its bar is not sung"
    ]


def marked(*marks: str) -> str:
    return (
        f"<notations><articulations>{''.join(f'<{m}/>' for m in marks)}</articulations></notations>"
    )


def test_detached_notes_are_shorter(tmp_path: Path) -> None:
    song = read(
        tmp_path,
        score(
            part(
                bar(
                    note("C4", 2, "か", after=marked("staccato")),
                    note("C4", 2, "き", after=marked("tenuto")),
                    note("C4", 2, "く", after=marked("staccatissimo")),
                    note("C4", 2, "け", after=marked("detached-legato")),
                ),
                bar(note("C4", 4, "こ", after=marked("staccato")), note("D4", 4), number=2),
            )
        ),
    )
    assert sung(song) == [
        (0, 0.5, 60, "か"), (1, 1, 60, "き"), (2, 0.25, 60, "く"), (3, 0.75, 60, "け"),
        (4, 2, 60, "こ"), (6, 2, 62, ""),
    ]  # fmt: skip
    assert song.warnings == ()


def test_a_breath_is_taken_from_the_note_before_it(tmp_path: Path) -> None:
    song = read(
        tmp_path,
        score(
            part(
                bar(
                    note("C4", 4, "か", after=marked("breath-mark")),
                    note("C4", 1, "き", after=marked("caesura")),
                    note("C4", 3, "く"),
                ),
                bar(note("C4", 4, "け", after=marked("breath-mark")), note("D4", 4), number=2),
            )
        ),
    )
    assert sung(song) == [
        (0, 1.7, 60, "か"), (2, 0.25, 60, "き"), (2.5, 1.5, 60, "く"),
        (4, 2, 60, "け"), (6, 2, 62, ""),
    ]  # fmt: skip
    assert warnings(song) == ["Voice 1, bar 2, beat 1: no breath is taken within a melisma"]


def test_humming_is_a_nasal(tmp_path: Path) -> None:
    hum = '<lyric number="1"><humming/></lyric>'
    song = read(tmp_path, score(part(bar(note("C4", 4, hum), note("D4", 4)))))
    assert words(song) == "[N] ~"


def test_what_the_reader_cannot_see_is_reported(tmp_path: Path) -> None:
    laugh = lyric("は").replace("</lyric>", "<laughing/></lyric>")
    timed = note("C4", 4, "か").replace("<note>", '<note time-only="2">')
    song = read(tmp_path, score(part(bar(note("C4", 4, laugh), timed, number=3))))
    assert warnings(song) == [
        "Voice 1, bar 3, beat 1: not sung yet: laughing",
        "Voice 1, bar 3, beat 1: sung in every pass, not only in those it is marked for",
    ]


def test_marks_that_are_not_sung_are_reported_once(tmp_path: Path) -> None:
    trill = "<notations><ornaments><trill-mark/></ornaments></notations>"
    song = read(
        tmp_path,
        score(
            part(
                bar(
                    note("C4", 2, "か"),
                    note("C4", 2, "き"),
                    note("C4", 2, "く", after=trill),
                    note("C4", 2, "け", after=marked("scoop")),
                )
            )
        ),
    )
    assert warnings(song) == [
        "Voice 1, bar 1, beat 3: not sung yet: trill",
        "Voice 1, bar 1, beat 4: not sung yet: slide",
    ]


def test_language_of_the_words(tmp_path: Path) -> None:
    here = '<lyric number="1"><text xml:lang="ja-JP">か</text></lyric>'
    default = '<defaults><lyric-language xml:lang="it"/></defaults>'
    body = part(bar(note("C4", 8, here)))
    assert read(tmp_path, score(body)).parts[0].language == "ja"
    assert read(tmp_path, score(body, head=default)).parts[0].language == "ja"
    plain = part(bar(note("C4", 8, "ka")))
    assert read(tmp_path, score(plain, head=default)).parts[0].language == "it"
    assert read(tmp_path, score(plain)).parts[0].language == ""


def test_two_staves_of_one_part(tmp_path: Path) -> None:
    staves = time(4) + "<staves>2</staves>"
    back = "<backup><duration>8</duration></backup>"
    upper = note("C5", 8, "か").replace("</note>", "<staff>1</staff></note>")
    lower = (
        note("C3", 8).replace("<voice>1", "<voice>5").replace("</note>", "<staff>2</staff></note>")
    )
    song = read(tmp_path, score(part(bar(upper, back, lower, attributes=staves))))
    assert sung(song) == [(0, 4, 72, "か")]
