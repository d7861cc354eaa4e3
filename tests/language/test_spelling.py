"""From words as engraved to syllables: what the tables of words do not show."""

from __future__ import annotations

import re

import pytest

from singsynth.language import english, german, italian, latin, spanish, spanish_american
from singsynth.language.registry import LANGUAGES, Language, load_language
from singsynth.language.spelling import Spelling, lines


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


@pytest.mark.parametrize(
    ("text", "phones"),
    [
        ("heav-en-ly", "h <eh> - v <ax> n - l <i>"), ("heav'n", "h <eh> v ax n"),
        ("night", "n <a> y t"), ("snow", "s n <o> w"), ("joy", "j <oh> y"), ("thou", "dh <a> w"),
        ("cre-a-tion", "k rh <i> - <e> y - sh <ax> n"), ("say-ing", "s <e> y - <ih> ng"),
        ("go-ing", "g <o> w - <ih> ng"), ("fi-re", "ff <a> y - <er>"), ("fire", "ff <a> y er"),
        ("spar-row", "s p <eh> - rh <o> w"), ("o'er", "<oh> rh"), ("Je-sus", "j <i> - z <ax> s"),
        ("re-joic-eth", "rh <ih> - j <oh> y - s <ih> th"), ("lov-ing", "l <ah> - v <ih> ng"),
        ("moun-tain", "m <a> w n - t <ax> n"), ("mome", "m <o> w m"), ("wabes", "w <e> y b z"),
        ("al-le-lu-ia", "<aa> - l <e> - l <uw> - y <aa>"), ("wish-eth", "w <ih> - sh <ih> th"),
        ("moon-flow-er", "m <uw> n - ff l <a> w - <er>"), ("the‿o", "dh <ax> o w"),
        ("won-drous", "w <ah> n - d rh <ax> s"), ("pow'r", "p <a> w er"),
    ],
)  # fmt: skip
def test_english(text: str, phones: str) -> None:
    assert sung(english, text) == phones


@pytest.mark.parametrize(
    ("text", "phones"),
    [
        ("Freu-de", "ff r <oh> y - d <ax>"), ("schö-ner", "sh <oe> - n <ax> r"),
        ("Göt-ter-fun-ken", "g <oeh> - t <ax> r - ff <uh> ng - k <ax> n"),
        ("Toch-ter", "t <oh> x - t <ax> r"), ("wir", "v <i> r"), ("ich", "<ih> hy"),
        ("be-tre-ten", "b <ax> - t r <e> - t <ax> n"), ("Nacht", "n <a> x t"),
        ("stil-le", "sh t <ih> - l <ax>"), ("hei-li-ge", "h <a> y - l <i> - g <ax>"),
        ("Herz", "h <eh> r ts"), ("ge-stor-ben", "g <ax> - sh t <oh> r - b <ax> n"),
        ("Kö-nig", "k <oe> - n <ih> hy"), ("ruhst", "r <uw> s t"), ("Ru-he", "r <uw> - <ax>"),
        ("Gott", "g <oh> t"), ("Sün-den", "z <ueh> n - d <ax> n"), ("Kreuz", "k r <oh> y ts"),
        ("Christ", "k r <ih> s t"), ("lag", "l <a> k"), ("das", "d <a> s"), ("der", "d <e> r"),
        ("mein", "m <a> y n"), ("Träu-me", "t r <oh> y - m <ax>"), ("Volk", "ff <oh> l k"),
        ("quel-le", "k v <eh> - l <ax>"), ("ge-ben", "g <e> - b <ax> n"), ("sie", "z <i>"),
    ],
)  # fmt: skip
def test_german(text: str, phones: str) -> None:
    assert sung(german, text) == phones


SPELLINGS = [spanish.SPELLING, italian.SPELLING, latin.SPELLING, english.LETTERS, german.SPELLING]


@pytest.mark.parametrize("spelling", SPELLINGS, ids=lambda s: s.table)
def test_every_letter_has_a_rule_for_any_place(spelling: Spelling) -> None:
    rules = [line.split("\t") for line in lines(spelling.table) if not line.startswith("@")]
    anywhere = {letters for before, letters, after, _ in rules if before == after == "-"}
    assert {letters[0] for _, letters, _, _ in rules} == {x for x in anywhere if len(x) == 1} | {
        x[0] for x in anywhere
    }
    assert set("abcdefghijklmnopqrstuvwxyz") <= anywhere


@pytest.mark.parametrize("spelling", SPELLINGS, ids=lambda s: s.table)
def test_respellings_are_letter_for_letter_and_change_something(spelling: Spelling) -> None:
    if not spelling.respelled:
        return
    rows = [line.split("\t") for line in lines(spelling.respelled)]
    assert len({word for word, _ in rows}) == len(rows)
    for word, spelled in rows:
        assert len(word) == len(spelled)
        assert word != spelled
        assert re.fullmatch("-?[a-z]+|-?[a-zñéóáíúß]+", word)


def test_every_language_names_its_sources() -> None:
    for tag in LANGUAGES:
        doc = getattr(load_language(tag), "__doc__", "")
        assert re.search("Sources?:", doc), tag
