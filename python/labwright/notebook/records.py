"""Raw JSON to frozen dataclasses, each field with a reader that knows what is allowed.

pydantic would do the same for a third of a second of imports and schema building, which is more
than a whole compile takes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields
from typing import Any, TypeVar

from .place import did_you_mean

T = TypeVar("T")
Reader = Callable[[Any], Any]


class Unfit(ValueError):
    """A value that is not allowed. `path` leads to it and grows as it passes its parents."""

    def __init__(self, what: str, hint: str = "", path: tuple[str | int, ...] = ()) -> None:
        super().__init__(what)
        self.what, self.hint, self.path = what, hint, path

    def under(self, part: str | int) -> Unfit:
        return Unfit(self.what, self.hint, (part, *self.path))

    @property
    def key(self) -> str:
        """The path as people write it: `volumes[0].mount`."""
        text = ""
        for part in self.path:
            text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
        return text


def by(read: Reader, *, key: str = "") -> dict[str, Any]:
    """Metadata of a dataclass field: its reader, and its key where that is not its name."""
    return {"read": read, "key": key}


def not_allowed(value: Any, allowed: str) -> Unfit:
    shown = repr(value)
    shown = shown if len(shown) <= 60 else f"{shown[:57]}..."
    return Unfit(f"is {shown}", f"allowed: {allowed}")


def record(model: type[T], shorthand: str = "") -> Callable[[Any], T]:
    """Reads an object as `model`; a value that is none stands for its key `shorthand`."""

    def read(value: Any) -> T:
        if shorthand and isinstance(value, (int, float, str)):
            value = {shorthand: value}
        if not isinstance(value, Mapping):
            raise not_allowed(value, "an object")
        known = {_key(one): one for one in fields(model)}  # type: ignore[arg-type]
        for key in value:
            if key not in known:
                near = did_you_mean(str(key), list(known))
                allowed = f"allowed: {', '.join(known)}"
                raise Unfit("is unknown", f"{near} {allowed}".strip(), (str(key),))
        given: dict[str, Any] = {}
        for key, one in known.items():
            if key in value:
                given[one.name] = at(key, one.metadata["read"], value[key])
            elif one.default is MISSING and one.default_factory is MISSING:
                raise Unfit("is missing", path=(key,))
        return model(**given)

    return read


def at(part: str | int, read: Reader, value: Any) -> Any:
    """`read(value)`, where what is wrong with it is wrong at `part`."""
    try:
        return read(value)
    except Unfit as error:
        raise error.under(part) from None


def optional(read: Reader) -> Reader:
    """Reads null as nothing said."""
    return lambda value: None if value is None else read(value)


def list_of(read: Reader) -> Reader:
    def read_list(value: Any) -> list[Any]:
        if not isinstance(value, (list, tuple)):
            raise not_allowed(value, "a list")
        return [at(index, read, item) for index, item in enumerate(value)]

    return read_list


def texts_by_key(read_key: Reader) -> Reader:
    """Reads an object of texts; numbers and booleans become text, as a shell would write them."""

    def read_object(value: Any) -> dict[str, str]:
        if not isinstance(value, Mapping):
            raise not_allowed(value, "an object of texts")
        return {at(key, read_key, key): at(key, _any_text, item) for key, item in value.items()}

    return read_object


def text(value: Any) -> str:
    """Text that is not empty."""
    if not isinstance(value, str) or not value.strip():
        raise not_allowed(value, "text that is not empty")
    return value.strip()


def any_text(value: Any) -> str:
    if not isinstance(value, str):
        raise not_allowed(value, "text")
    return value


def boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise not_allowed(value, "true or false")
    return value


def whole(least: int) -> Reader:
    """Reads a whole number of at least `least`; text is read too, as flags and tags give it."""

    def read(value: Any) -> int:
        number = _number(value)
        if number is None or number != int(number) or number < least:
            raise not_allowed(value, f"a whole number, {least} or more")
        return int(number)

    return read


def number(least: float) -> Reader:
    def read(value: Any) -> float:
        found = _number(value)
        if found is None or found < least:
            raise not_allowed(value, f"a number, {least:g} or more")
        return found

    return read


def one_of(*choices: str) -> Reader:
    def read(value: Any) -> str:
        if value not in choices:
            raise not_allowed(value, f"one of {', '.join(choices)}")
        return str(value)

    return read


def _number(value: Any) -> float | None:
    """A finite number, perhaps written as text; a boolean is none."""
    try:
        found = None if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return found if found is not None and abs(found) < float("inf") else None


def _any_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, (int, float)) else any_text(value)


def _key(one: Field[Any]) -> str:
    return one.metadata["key"] or one.name
