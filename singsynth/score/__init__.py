"""From MusicXML to :class:`~singsynth.song.Song`: the only room that knows music21.

    from singsynth.score import read_score

    song = read_score("song.musicxml")

The way of a score through this room, one module a step:

==================  ============================================================================
:mod:`.opening`     a path becomes an XML tree: sizes bounded, archives unpacked, attacks refused
:mod:`.markup`      what music21 would drop is taken out of the tree, or written so that it stays
:mod:`.bars`        one grid of bars for all parts: number, length, beat
:mod:`.unfolding`   repeats, endings and jumps become the order in which the bars are played
:mod:`.tempo`       the marks of all parts become one map from quarter lengths to seconds
:mod:`.lines`       a part becomes one line of written notes: voices, chords, grace notes, cues
:mod:`.lyrics`      the words under a note: verse, elision, hyphens
:mod:`.melody`      written notes become sung notes: ties, overlaps, melisma, seconds
:mod:`.loudness`    dynamics, hairpins and accents become a curve of loudness
:mod:`.remarks`     everything repaired, guessed or left out, gathered once each with its place
:mod:`.reading`     all of it in order
==================  ============================================================================

Importing this package is cheap: music21 is imported when the first score is read.
"""

from singsynth.score.reading import read_score

SUFFIXES = frozenset({".musicxml", ".xml", ".mxl"})
"""How the names of scores end."""

__all__ = ["SUFFIXES", "read_score"]
