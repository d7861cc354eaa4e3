"""A user's own pronunciations: lines of a word, a tab and its phones.

colour<TAB>k ah l er
# a line that begins with a number sign is a remark
"""

from __future__ import annotations

import difflib
from pathlib import Path

from singsynth.errors import LyricError
from singsynth.language.phones import SUNG_PHONES


def read_lexicon(path: str | Path) -> dict[str, tuple[str, ...]]:
    """Read a lexicon file.

    Returns
    -------
    Phones by word.

    Raises
    ------
    LyricError
        If it cannot be read, with the line that is amiss and how to mend it.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        reason = error.strerror or str(error)
        raise LyricError(f"{path}: cannot be read ({reason}); check --lexicon") from error
    except UnicodeDecodeError as error:
        raise LyricError(f"{path}: is not UTF-8 text; save it as UTF-8") from error
    words: dict[str, tuple[str, ...]] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        word, tab, spelled = line.partition("\t")
        phones = tuple(spelled.split())
        if not tab or not word.strip() or not phones:
            raise LyricError(f"{path}, line {number}: expected a word, a tab and its phones")
        for phone in phones:
            if phone not in SUNG_PHONES:
                close = difflib.get_close_matches(phone, SUNG_PHONES, n=4, cutoff=0.3)
                hint = f"did you mean {', '.join(close)}?" if close else "see docs/languages.md"
                raise LyricError(f'{path}, line {number}: unknown phone "{phone}"; {hint}')
        words[word.strip()] = phones
    return words
