"""From words as engraved to syllables: what the tables of words do not show."""

from __future__ import annotations

import re

import pytest

from singsynth.language import italian, latin, spanish, spanish_american
from singsynth.language.registry import LANGUAGES, Language, load_language
from singsynth.language.spelling import Spelling, _lines


def sung(language: Language, text: str) -> str:
    """Syllables with their nucleus in angle brackets: ``k <o> - r <a>``."""
    shown = []
    for syllable in language.syllables(text.split("-")):
        assert syllable is not None
        nucleus = [f"<{p}>" for p in syllable.nucleus]
        shown.append(" ".join([*syllable.onset, *nucleus, *syllable.coda]))
    return " - ".join(shown)


@pytest.mark.parametrize(
    ("text", "phones"),
    [
        # diphthong or hiatus, as written
        ("dí-a", "d <i> - <a>"), ("día", "d <i> a"), ("Dios", "d y <o> s"), ("rey", "rr <e> i"),
        ("ciu-dad", "th y <uw> - dh <a> dh"), ("muy", "m w <i>"), ("pa-ís", "p <a> - <i> s"),
        ("y", "<i>"), ("o-í", "<o> - <i>"), ("buey", "b w <e> i"), ("poe-ta", "p <o> e - t <a>"),
        # words that share a note
        ("la‿on-da", "l <a> o n - d <a>"), ("mi‿al-ma", "m y <a> l - m <a>"),
        ("te‿a-mo", "t e <a> - m <o>"), ("la‿al-ma", "l <a> l - m <a>"),
        ("y‿el", "y <e> l"), ("que‿en", "k <e> n"), ("no‿ha-blo", "n o <a> - bh l <o>"),
        # cuts
        ("gui-ta-rra", "g <i> - t <a> - rr <a>"), ("gui-tar-ra", "g <i> - t <a> - rr <a>"),
        ("cal-le", "k <a> - y <e>"), ("c-a-sa", "k - <a> - s <a>"),
        ("Mé-xi-co", "m <e> - x <i> - k <o>"),
    ],
)  # fmt: skip
def test_spanish(text: str, phones: str) -> None:
    assert sung(spanish, text) == phones


def test_spanish_of_america() -> None:
    assert sung(spanish_american, "co-ra-zón") == "k <o> - r <a> - s <o> n"
    assert sung(spanish_american, "cie-lo") == "s y <e> - l <o>"
    assert load_language("es-MX").NAME == "Spanish", "named by its first part"
    assert load_language("es-419").NAME == "Latin American Spanish"


@pytest.mark.parametrize(
    ("text", "phones"),
    [
        # elision, apostrophes, words cut short
        ("mia‿a-ni-ma", "m <i> a - n <i> - m <a>"), ("l'a-ni-ma", "l <a> - n <i> - m <a>"),
        ("e‿a-mo-re", "e <a> - m <o> - r <e>"), ("che‿il", "k <e> i l"),
        ("l’al-ma", "l <a> l - m <a>"), ("c'è", "ch <eh>"), ("gl'oc-chi", "ly <oh> cl - k <i>"),
        ("gl'in-ni", "ly <i> n - n <i>"), ("dell'om-bra", "d e l l <o> m - b rr <a>"),
        ("quest'o-ra", "k w e s t <o> - r <a>"), ("cor", "k <oh> rr"), ("a-mor", "<a> - m <o> rr"),
        ("son", "s <o> n"), ("un", "<uw> n"), ("e'", "<e>"), ("L'A-MOR", "l <a> - m <o> rr"),
        ("gli‿al-tri", "ly <a> l - t rr <i>"), ("fi-gli", "ff <i> - ly <i>"),
        # stress on one note
        ("mia", "m <i> a"), ("Dio", "d <i> o"), ("io", "<i> o"), ("tuo", "t <uw> o"),
        ("lui", "l <uw> i"), ("qui", "k w <i>"), ("più", "p y <uw>"), ("piu", "p y <uw>"),
        ("miei", "m y <eh> i"), ("suoi", "s w <oh> i"), ("già", "j <a>"),
        ("ad-dio", "<a> cl - d <i> o"),
        ("Ma-ria", "m <a> - r <i> a"), ("gra-zia", "g rr <a> - ts y <a>"),
        # cuts, and letters that are mute elsewhere
        ("gio-ia", "j <oh> - y <a>"), ("gi-o-ia", "j <i> - <oh> - y <a>"),
        ("glo-ri-a", "g l <oh> - r <i> - <a>"), ("og-ni", "<o> - ny <i>"),
        ("fig-lia", "ff <i> - ly <a>"), ("pes-ce", "p <e> - sh <e>"),
        ("bu-gi-a", "b <uw> - j <i> - <a>"),
        # e and o
        ("è", "<eh>"), ("e", "<e>"), ("per-ché", "p <e> rr - k <e>"),
        ("i-de-a", "<i> - d <eh> - <a>"),
        ("o-dio", "<oh> - d y <o>"), ("pre-mio", "p rr <eh> - m y <o>"),
        ("len-ta-men-te", "l <e> n - t <a> - m <e> n - t <e>"),
        ("ar-den-te", "<a> rr - d <eh> n - t <e>"),
    ],
)  # fmt: skip
def test_italian(text: str, phones: str) -> None:
    assert sung(italian, text) == phones


@pytest.mark.parametrize(
    ("text", "phones"),
    [
        ("Ky-ri-e", "k <i> - r <i> - <eh>"), ("Ky-rie", "k <i> - r y <eh>"),
        ("e-le-i-son", "<eh> - l <eh> - <i> - z <oh> n"),
        ("e-lei-son", "<eh> - l <eh> i - z <oh> n"),
        ("Glo-ri-a", "g l <oh> - r <i> - <a>"), ("Glo-ria", "g l <oh> - r y <a>"),
        ("al-le-lu-ia", "<a> l - l <eh> - l <uw> - y <a>"),
        ("al-le-lu-ja", "<a> l - l <eh> - l <uw> - y <a>"),
        ("al-le-lu-i-a", "<a> l - l <eh> - l <uw> - <i> - <a>"),
        ("A-gnus", "<a> - ny <uw> s"), ("Ag-nus", "<a> - ny <uw> s"),
        ("De-us", "d <eh> - <uw> s"), ("Deus", "d <eh> uw s"), ("cui", "k <uw> i"),
        ("qui", "k w <i>"), ("Mi-cha-el", "m <i> - k <a> - <eh> l"), ("a-ër", "<a> - <eh> rr"),
        ("aër", "<a> eh rr"), ("cæ-li", "ch <eh> - l <i>"), ("cœ-li", "ch <eh> - l <i>"),
        ("Ma-rí-æ", "m <a> - r <i> - <eh>"), ("glō-ri-ă", "g l <oh> - r <i> - <a>"),
        ("a-scen-dit", "<a> - sh <eh> n - d <i> t"), ("as-cen-dit", "<a> - sh <eh> n - d <i> t"),
        ("sua-vis", "s w <a> - v <i> s"), ("su-a-vis", "s <uw> - <a> - v <i> s"),
        ("ho-sti-a", "<oh> - s t <i> - <a>"), ("IE-SUS", "y <eh> - z <uw> s"),
        ("ri-æ‿a-ve", "rr <i> - eh <a> - v <eh>"),
    ],
)  # fmt: skip
def test_latin(text: str, phones: str) -> None:
    assert sung(latin, text) == phones


SPELLINGS = [spanish.SPELLING, italian.SPELLING, latin.SPELLING]


@pytest.mark.parametrize("spelling", SPELLINGS, ids=lambda s: s.table)
def test_every_letter_has_a_rule_for_any_place(spelling: Spelling) -> None:
    rules = [line.split("\t") for line in _lines(spelling.table) if not line.startswith("@")]
    anywhere = {letters for before, letters, after, _ in rules if before == after == "-"}
    assert {letters[0] for _, letters, _, _ in rules} == {x for x in anywhere if len(x) == 1} | {
        x[0] for x in anywhere
    }
    assert set("abcdefghijklmnopqrstuvwxyz") <= anywhere


@pytest.mark.parametrize("spelling", SPELLINGS, ids=lambda s: s.table)
def test_respellings_are_letter_for_letter_and_change_something(spelling: Spelling) -> None:
    if not spelling.respelled:
        return
    rows = [line.split("\t") for line in _lines(spelling.respelled)]
    assert len({word for word, _ in rows}) == len(rows)
    for word, spelled in rows:
        assert len(word) == len(spelled)
        assert word != spelled
        assert re.fullmatch("-?[a-z]+|-?[a-zñéóáíú]+", word)


def test_every_language_names_its_sources() -> None:
    for tag in LANGUAGES:
        doc = getattr(load_language(tag), "__doc__", "")
        assert re.search("Sources?:", doc), tag
