"""Filters, orders and pages of lists, as KFP's API server has them. Pure."""

from __future__ import annotations

import base64
import json
import operator
import re
from collections.abc import Callable, Iterable
from typing import Any

from kfp_double.errors import Refusal

Item = dict[str, Any]
DEFAULT_SIZE, LARGEST = 20, 200
Compare = Callable[[Any, Any], bool]
_COMPARE: dict[str, Compare] = {
    "EQUALS": operator.eq,
    "NOT_EQUALS": operator.ne,
    "GREATER_THAN": operator.gt,
    "GREATER_THAN_EQUALS": operator.ge,
    "LESS_THAN": operator.lt,
    "LESS_THAN_EQUALS": operator.le,
    "IN": lambda has, wanted: has in wanted.get("values", []),
    "IS_SUBSTRING": lambda has, wanted: str(wanted).lower() in str(has).lower(),
}
NUMBERS = {
    1: "EQUALS",
    2: "NOT_EQUALS",
    3: "GREATER_THAN",
    5: "GREATER_THAN_EQUALS",
    6: "LESS_THAN",
    7: "LESS_THAN_EQUALS",
    8: "IN",
    9: "IS_SUBSTRING",
}
_VALUES = (
    *("string_value", "int_value", "long_value", "timestamp_value"),
    *("string_values", "int_values", "long_values"),
)
FILTERED = {
    *("display_name", "name", "created_at", "finished_at", "state", "namespace", "description"),
    *("storage_state", "experiment_id", "recurring_run_id", "pipeline_id"),
}
SYNONYMS = {"name": "display_name", "id": "id", "status": "state"}


def page(items: Iterable[Item], query: dict[str, str], key: str, identity: str) -> Item:
    """One page under the name `key`. `identity` is the field that tells the items apart."""
    token = query.get("page_token", "")
    filters, order = query.get("filter", ""), query.get("sort_by", "")
    position = _read(token) if token else None
    if position is not None:
        for given, meant in ((filters, position["filter"]), (order, position["sort_by"])):
            if given and given != meant:
                raise Refusal(
                    "invalid",
                    "page token does not match the supplied sort by and/or filtering criteria."
                    " Either specify the same criteria or leave the latter empty if page token is"
                    " specified",
                )
        filters, order = position["filter"], position["sort_by"]
    field, descending = _order(order, identity)
    predicates = _predicates(filters, identity)
    chosen = [item for item in items if all(_holds(item, *one) for one in predicates)]
    chosen.sort(key=lambda item: (item.get(field) or "", item[identity]), reverse=descending)
    begin = 0
    if position is not None:
        after = tuple(position["after"])
        compare = operator.le if descending else operator.ge
        begin = next(
            (
                index
                for index, item in enumerate(chosen)
                if compare((item.get(field) or "", item[identity]), after)
            ),
            len(chosen),
        )
    size = _size(query.get("page_size", ""))
    answer: Item = {"total_size": len(chosen)}
    if shown := chosen[begin : begin + size]:
        answer[key] = shown
    if begin + size < len(chosen):
        following = chosen[begin + size]
        after = (following.get(field) or "", following[identity])
        place = {"filter": filters, "sort_by": order, "after": after}
        answer["next_page_token"] = base64.b64encode(json.dumps(place).encode()).decode()
    return {name: value for name, value in answer.items() if value}


def _size(text: str) -> int:
    try:
        size = int(text or 0)
    except ValueError:
        raise Refusal("invalid", f"type mismatch, parameter: page_size, error: {text!r}") from None
    if size < 0:
        raise Refusal("invalid", f"The page size should be greater than 0. Got {size}")
    return min(size or DEFAULT_SIZE, LARGEST)


def _read(token: str) -> Item:
    try:
        found: Item = json.loads(base64.b64decode(token, validate=True))
        return {**found, "after": found["after"]}
    except (ValueError, KeyError, TypeError):
        raise Refusal("invalid", "Invalid page token") from None


def _order(order: str, identity: str) -> tuple[str, bool]:
    words = order.split() or ["created_at"]
    field = _field(words[0], identity)
    if len(words) > 2 or words[1:] not in ([], ["asc"], ["desc"]):
        raise Refusal("invalid", f"Received invalid sort by format {order!r}")
    if field not in ("created_at", "display_name", "finished_at", "state", "name", identity):
        raise Refusal("invalid", f"Invalid sorting field: {words[0]!r}")
    return field, words[1:] == ["desc"]


def _field(name: str, identity: str) -> str:
    return identity if name == "id" else SYNONYMS.get(name, name)


def _predicates(filters: str, identity: str) -> list[tuple[str, Compare, Any]]:
    """Field, comparison and value of each."""
    if not filters:
        return []
    try:
        listed: list[Item] = json.loads(filters)["predicates"]
    except (ValueError, KeyError, TypeError):
        raise Refusal("invalid", f"failed to parse valid filter from {filters!r}") from None
    return [_predicate(one, identity) for one in listed]


def _predicate(one: Item, identity: str) -> tuple[str, Compare, Any]:
    # As in all JSON of protocol buffers: names in either style, an enumeration by name or number.
    one = {re.sub("[A-Z]", lambda found: f"_{found[0].lower()}", key): one[key] for key in one}
    name, what = one.get("key", ""), one.get("operation", "")
    what = NUMBERS.get(what, what)
    field = _field(name, identity)
    if field not in FILTERED and field != identity:
        raise Refusal("invalid", f'no support for filtering on unrecognized field "{name}"')
    value = next((one[key] for key in _VALUES if key in one), None)
    if value is None or what not in _COMPARE:
        raise Refusal("invalid", f"{what!r} is no operation, or the one on {name!r} has no value")
    return field, _COMPARE[what], value


def _holds(item: Item, field: str, compare: Compare, value: Any) -> bool:
    return compare(item.get(field) or "", value)
