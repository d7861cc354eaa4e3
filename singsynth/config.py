"""Configuration as frozen dataclasses, read from and written to TOML tables.

A table states only what differs from the defaults. Unknown keys and wrong types are errors that
name the key and what was expected: a typing slip must never train the wrong model.
"""

from __future__ import annotations

import types
import typing
from dataclasses import MISSING, fields, is_dataclass
from typing import Any, TypeVar

T = TypeVar("T")


class ConfigError(ValueError):
    """A table does not fit its dataclass; the message names the key."""


def from_table(cls: type[T], table: dict[str, Any], where: str = "") -> T:
    """Build the dataclass ``cls`` from a TOML table.

    Raises
    ------
    ConfigError
        For a missing or unknown key, or a value of the wrong type.
    """
    if not is_dataclass(cls):
        raise TypeError(f"{cls!r} is not a dataclass")
    hints = typing.get_type_hints(cls)
    known = {field.name: field for field in fields(cls)}
    prefix = f"{where}." if where else ""
    for key in table:
        if key not in known:
            raise ConfigError(f"unknown key '{prefix}{key}'; known are {', '.join(sorted(known))}")
    values = {}
    for name, field in known.items():
        if name in table:
            values[name] = _convert(hints[name], table[name], prefix + name)
        elif field.default is MISSING and field.default_factory is MISSING:
            raise ConfigError(f"key '{prefix}{name}' is missing")
    return cls(**values)


def _convert(hint: Any, value: Any, where: str) -> Any:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if is_dataclass(hint) and isinstance(hint, type):
        if not isinstance(value, dict):
            raise ConfigError(f"'{where}' must be a table, not {value!r}")
        return from_table(hint, value, where)
    if origin in (types.UnionType, typing.Union):
        return _convert(next(a for a in arguments if a is not type(None)), value, where)
    if origin is tuple and isinstance(value, list):
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            arguments = (arguments[0],) * len(value)
        if len(arguments) != len(value):
            raise ConfigError(f"'{where}' needs {len(arguments)} values, got {len(value)}")
        return tuple(
            _convert(a, v, f"{where}[{i}]")
            for i, (a, v) in enumerate(zip(arguments, value, strict=True))
        )
    if origin is dict and isinstance(value, dict):
        return {key: _convert(arguments[1], v, f"{where}.{key}") for key, v in value.items()}
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if isinstance(hint, type) and type(value) is hint:
        return value
    expected = getattr(hint, "__name__", str(hint))
    raise ConfigError(f"'{where}' must be {expected}, not {value!r}")


def to_table(config: Any) -> dict[str, Any]:
    """The TOML table of a dataclass, every key stated; keys whose value is None are left out."""
    table = {}
    for field in fields(config):
        value = getattr(config, field.name)
        if value is not None:
            table[field.name] = _plain(value)
    return table


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return to_table(value)
    if isinstance(value, tuple):
        return [_plain(v) for v in value]
    if isinstance(value, dict):
        return {key: _plain(v) for key, v in value.items()}
    return value
