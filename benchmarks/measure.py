"""What every benchmark uses: commands timed side by side, medians, one table."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

BIN = Path(sys.executable).parent


@dataclass(frozen=True)
class Row:
    """One claim, measured: ours and the peer's medians, in seconds or in MB."""

    claim: str
    ours: float
    peer: float | None
    peer_name: str
    wanted: str
    holds: bool
    unit: Literal["s", "MB"] = "s"

    @property
    def ratio(self) -> str:
        if self.peer is None:
            return ""
        if self.peer < 2 * self.ours:
            of = "time" if self.unit == "s" else "memory"
            return f"{self.ours / self.peer:.2f} × the {of}"
        better = "as fast" if self.unit == "s" else "less"
        return f"{self.peer / self.ours:.1f} × {better}"


def side_by_side(
    actions: Mapping[str, Callable[[], float]], runs: int, warm_up: int = 1
) -> dict[str, float]:
    """Median of each action's seconds. They take turns, so that a busy machine hits all alike."""
    times: dict[str, list[float]] = {name: [] for name in actions}
    for run in range(warm_up + runs):
        for name, action in actions.items():
            seconds = action()
            if run >= warm_up:
                times[name].append(seconds)
    return {name: statistics.median(values) for name, values in times.items()}


def command(words: Sequence[str | Path], cwd: Path, **env: str) -> Callable[[], float]:
    """The wall time of a whole process; it must succeed."""

    def run() -> float:
        started = time.perf_counter()
        done = subprocess.run(
            [str(word) for word in words],
            cwd=cwd,
            env=environment(cwd, **env),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        seconds = time.perf_counter() - started
        if done.returncode:
            raise SystemExit(f"{words} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
        return seconds

    return run


def environment(home: Path, **env: str) -> dict[str, str]:
    """This process's environment, with byte code cached as in an ordinary shell."""
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "LABWRIGHT_HOME": str(home / "labwright"), **env}


def peer(variable: str) -> Path:
    """The Python of a peer's environment, which `make bench` prepares."""
    found = os.environ.get(variable)
    if not found:
        raise SystemExit(f"{variable} is not set: run this by `make bench`")
    return Path(found)


def show(rows: Sequence[Row]) -> None:
    """The rows as a Markdown table, or as JSON for `run.py`."""
    if os.environ.get("LABWRIGHT_BENCH_JSON"):
        print(json.dumps([{**asdict(row), "ratio": row.ratio} for row in rows]))
        return
    print(table([{**asdict(row), "ratio": row.ratio} for row in rows]))


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    lines = ["| | Labwright | peer | | wanted |", "|---|---|---|---|---|"]
    for row in rows:
        unit = row["unit"]
        other = "" if row["peer"] is None else f"{amount(row['peer'], unit)} ({row['peer_name']})"
        mark = "" if row["holds"] else " **missed**"
        lines.append(
            f"| {row['claim']} | {amount(row['ours'], unit)} | {other} | {row['ratio']} "
            f"| {row['wanted']}{mark} |"
        )
    return "\n".join(lines)


def amount(value: float, unit: str = "s") -> str:
    if unit == "MB":
        return f"{value:.0f} MB"
    return f"{value * 1000:.0f} ms" if value < 1 else f"{value:.2f} s"
