"""Tables and dataclasses: there and back, and slips told by key."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field

import pytest
import tomli_w

from singsynth.config import ConfigError, from_table, to_table
from singsynth.model.timbre import TimbreConfig
from singsynth.training.recipe import Recipe, VoiceCard


@dataclass(frozen=True)
class Inner:
    width: int = 3
    rate: float = 0.5


@dataclass(frozen=True)
class Outer:
    name: str
    inner: Inner = field(default_factory=Inner)
    sizes: tuple[int, ...] = (1, 2)
    span: tuple[float, float] = (0.0, 1.0)
    flag: bool = False
    note: str | None = None
    table: dict[str, Inner] = field(default_factory=dict)


def test_only_what_differs_need_be_stated() -> None:
    assert from_table(Outer, {"name": "x"}) == Outer("x")
    table = {"name": "x", "inner": {"width": 5}, "sizes": [4], "span": [1, 2], "note": "n"}
    assert from_table(Outer, table) == Outer("x", Inner(5), (4,), (1.0, 2.0), note="n")
    assert from_table(Outer, {"name": "x", "table": {"a": {"width": 9}}}).table["a"] == Inner(9)


def test_there_and_back() -> None:
    outer = Outer("x", Inner(7, 0.1), (), (2.0, 3.0), True, None, {"a": Inner(1)})
    table = to_table(outer)
    assert "note" not in table
    assert from_table(Outer, tomllib.loads(tomli_w.dumps(table))) == outer


@pytest.mark.parametrize(
    "config", [TimbreConfig(), Recipe(VoiceCard("me", "Me", ("ja",), "CC0", ()))], ids=str
)
def test_the_settings_of_a_training_survive_toml(config: object) -> None:
    table = tomllib.loads(tomli_w.dumps(to_table(config)))
    assert from_table(type(config), table) == config


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({}, "key 'name' is missing"),
        ({"name": "x", "nmae": 1}, "unknown key 'nmae'; known are flag, inner, name"),
        ({"name": 3}, "'name' must be str, not 3"),
        ({"name": "x", "inner": 3}, "'inner' must be a table, not 3"),
        ({"name": "x", "inner": {"width": 2.5}}, "'inner.width' must be int, not 2.5"),
        ({"name": "x", "inner": {"width": True}}, "'inner.width' must be int, not True"),
        ({"name": "x", "inner": {"rate": True}}, "'inner.rate' must be float, not True"),
        ({"name": "x", "inner": {"with": 1}}, "unknown key 'inner.with'; known are rate, width"),
        ({"name": "x", "sizes": [1, "2"]}, "'sizes[1]' must be int, not '2'"),
        ({"name": "x", "sizes": 1}, "'sizes' must be tuple, not 1"),
        ({"name": "x", "span": [1.0]}, "'span' needs 2 values, got 1"),
        ({"name": "x", "flag": 1}, "'flag' must be bool, not 1"),
        ({"name": "x", "note": 1}, "'note' must be str, not 1"),
        ({"name": "x", "table": {"a": {"width": ""}}}, "'table.a.width' must be int, not ''"),
    ],
)
def test_slips_are_told_by_key(table: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        from_table(Outer, table)
    assert str(caught.value).startswith(said)


def test_the_place_of_the_table_is_told() -> None:
    with pytest.raises(ConfigError, match=r"key 'voice\.name' is missing"):
        from_table(Outer, {}, "voice")
    with pytest.raises(TypeError, match="is not a dataclass"):
        from_table(int, {})
