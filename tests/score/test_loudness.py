"""Dynamics, hairpins and accents: the curve that they draw, point by point."""

from __future__ import annotations

from pathlib import Path

import pytest
from musicxml import bar, note, part, read, score, warnings


def dynamic(name: str) -> str:
    return f"<direction><direction-type><dynamics><{name}/></dynamics></direction-type></direction>"


def wedge(kind: str) -> str:
    return f'<direction><direction-type><wedge type="{kind}"/></direction-type></direction>'


ACCENT = "<notations><articulations><accent/></articulations></notations>"


def four(*marks: str, accents: tuple[int, ...] = (), number: int = 1) -> str:
    """A bar of four quarter notes, a second each, with something before each."""
    body = ""
    for i, mark in enumerate([*marks, "", "", "", ""][:4]):
        body += mark + note("C4", 2, "か", after=ACCENT if i in accents else "")
    return bar(body, number=number)


def curve(folder: Path, *bars: str) -> tuple[tuple[float, float], ...]:
    song = read(folder, score(part(*bars)))
    assert warnings(song) == []
    return song.parts[0].loudness


def test_without_marks_there_is_no_curve(tmp_path: Path) -> None:
    assert curve(tmp_path, four()) == ()


def test_a_dynamic_holds_until_the_next(tmp_path: Path) -> None:
    assert curve(tmp_path, four(dynamic("p"), "", dynamic("f"))) == (
        (0.0, -8.0),
        (2.0, -8.0),
        (2.0, 4.0),
    )
    assert curve(tmp_path, four("", "", dynamic("ff"))) == ((2.0, 0.0), (2.0, 8.0))


def test_a_hairpin_leads_to_the_dynamic_at_its_end(tmp_path: Path) -> None:
    marks = (dynamic("p"), wedge("crescendo"), "", wedge("stop") + dynamic("f"))
    assert curve(tmp_path, four(*marks)) == ((0.0, -8.0), (1.0, -8.0), (3.0, 4.0), (3.0, 4.0))


def test_a_hairpin_to_nowhere_goes_five_db(tmp_path: Path) -> None:
    marks = (wedge("diminuendo"), "", wedge("stop"))
    assert curve(tmp_path, four(*marks)) == ((0.0, 0.0), (2.0, -5.0))


def test_forte_piano(tmp_path: Path) -> None:
    assert curve(tmp_path, four(dynamic("fp"))) == ((0.0, 4.0), (0.15, 4.0), (0.3, -8.0))


def test_an_accent_is_a_bump_on_the_curve(tmp_path: Path) -> None:
    found = curve(tmp_path, four(dynamic("p"), accents=(1,)))
    assert found == (
        (0.0, -8.0),
        (1.0, -8.0),
        (1.0, pytest.approx(-5.0)),
        (1.3, pytest.approx(-8.0)),
    )
    (sforzato,) = {curve(tmp_path, four("", dynamic("sf")))}
    assert sforzato == ((0.0, 0.0), (1.0, 0.0), (1.0, 3.0), (1.3, pytest.approx(0.0)))


def test_each_pass_takes_the_dynamics_as_they_stand(tmp_path: Path) -> None:
    repeat = '<barline location="right"><repeat direction="backward"/></barline>'
    first = four(dynamic("p"), "", dynamic("f")).replace("</measure>", repeat + "</measure>")
    assert curve(tmp_path, first) == (
        (0.0, -8.0), (2.0, -8.0), (2.0, 4.0), (4.0, 4.0), (4.0, -8.0), (6.0, -8.0), (6.0, 4.0),
    )  # fmt: skip


def test_each_part_has_its_own(tmp_path: Path) -> None:
    song = read(tmp_path, score(part(four(dynamic("p"))), part(four())))
    assert [p.loudness for p in song.parts] == [((0.0, -8.0),), ()]
