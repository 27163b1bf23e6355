"""Graphs to draw."""

from typing import Any


def step(name: str, inputs=(), outputs=(), after=(), when=None, foreach=None) -> dict[str, Any]:
    return {
        "name": name,
        "cells": [0],
        "inputs": [{"name": item, "from": source} for item, source in inputs],
        "outputs": list(outputs),
        "after": list(after),
        "when": when,
        "foreach": foreach,
    }


DIAMOND = {
    "name": "digits <&>",
    "parameters": [{"name": "rate", "type": "float", "default": 0.1}],
    "steps": [
        step("load", outputs=["X", "y"]),
        step("forest", [("X", "load"), ("rate", None)], ["forest"]),
        step("linear", [("X", "load"), ("y", "load")], ["linear"]),
        step("alone"),
        step("choose", [("forest", "forest"), ("linear", "linear")], ["accuracy"]),
        step("card", [("accuracy", "choose")], after=["alone"], when='accuracy > "<0.8>"'),
        step("sweep", [("depth", None)], foreach="depth in [1, 2]"),
    ],
    "diagnostics": [
        {"cell": 3, "severity": "warning", "code": "dead-step", "message": "nothing uses it"}
    ],
}
