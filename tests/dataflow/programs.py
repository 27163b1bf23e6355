"""Random notebooks: small programs that bind, alias, mutate, define and call, cut into steps.

A name's first letter says what it holds, so every program runs: `i` a number, `l` a list of
numbers, `n` a list of lists, `d` a dict, `o` an object, `f` a function without arguments, `g` one
that takes a list, `m` a bound `append`. What may be unbound when it runs (a deleted name, one
bound on a branch not taken, a function whose global is gone) stands in a `try`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from hypothesis import strategies as st

T = TypeVar("T")
Draw = Callable[..., T]

BOX = """\
class Box:
    made = 0
    def __init__(self, items):
        self.items = items
        self.n = 0
        Box.made += 1
    def add(self, value):
        self.items.append(value)
        self.n += value
        return self
    @property
    def size(self):
        return len(self.items)
class Tally(Box):
    seen = []
    def add(self, value):
        Tally.seen.append(value)
        return super().add(value)"""
FACTORY = """\
def make():
    count = {start}
    def tick():
        nonlocal count
        count += 1
        return count
    return tick
{name} = make()"""


@dataclass(frozen=True)
class Part:
    """One cell: its tag (`step:a`, `functions`, `parameters`), and its source."""

    tag: str
    source: str


@dataclass
class Writer:
    """Writes statements, and keeps what is bound for certain (`names`) and perhaps (`unsure`)."""

    draw: Draw
    names: dict[str, list[str]] = field(default_factory=lambda: {kind: [] for kind in "ilndofgm"})
    unsure: set[str] = field(default_factory=set)

    def pick(self, options: list[T]) -> T:
        return self.draw(st.sampled_from(options))

    def small(self, low: int = 0, high: int = 9) -> int:
        return self.draw(st.integers(low, high))

    def old(self, kind: str) -> str:
        return self.pick(self.names[kind])

    def target(self, kind: str) -> str:
        """A name to bind: a new one, or one to bind again."""
        number = self.small(0, min(len(self.names[kind]), 3))
        return f"{kind}{number}"

    def bound(self, name: str) -> None:
        self.unsure.discard(name)
        if name not in self.names[name[0]]:
            self.names[name[0]].append(name)

    def number(self) -> str:
        choices = [str(self.small())]
        choices += [f"{name} + {self.small()}" for name in self.names["i"]]
        choices += [f"len({name})" for name in self.names["l"] + self.names["n"] + self.names["d"]]
        choices += [f"sum({name})" for name in self.names["l"]]
        choices += [f"{name}.get('k', 0)" for name in self.names["d"]]
        choices += [item for name in self.names["o"] for item in (f"{name}.n", f"{name}.size")]
        choices += ["random.randint(0, 9)", "len(Tally.seen)"]
        return self.pick(choices)

    def statement(self, nested: bool = False) -> str:
        writers = [self.bind_number, self.bind_list, self.bind_dict]
        if self.names["l"]:
            writers += [self.mutate_list, self.mutate_list, self.bind_nest, self.bind_object]
            writers += [self.define_function, self.define_taker, self.bind_method, self.draw_order]
        if self.names["i"]:
            writers += [self.define_function, self.augment]
        if self.names["d"]:
            writers += [self.mutate_dict]
        if self.names["n"]:
            writers += [self.mutate_nest, self.mutate_nest]
        if self.names["o"]:
            writers += [self.mutate_object, self.mutate_object]
        if self.names["f"]:
            writers += [self.call, self.call]
        if self.names["m"]:
            writers += [self.call_method]
        if self.names["g"] and self.names["l"]:
            writers += [self.call_taker, self.call_taker]
        if self.unsure:
            writers += [self.read_unsure]
        if len(self.names["l"]) > 1:
            writers += [self.compare]
        if not nested:
            writers += [self.branch, self.loop]
            writers += [self.delete] if self.names["i"] else []
        return self.pick(writers)()

    def bind_number(self) -> str:
        name = self.target("i")
        value = self.number()
        self.bound(name)
        return f"{name} = {value}"

    def augment(self) -> str:
        return f"{self.old('i')} += {self.number()}"

    def bind_list(self) -> str:
        values = [f"[{self.number()}, {self.number()}]", "[]"]
        for name in self.names["l"]:
            values += [name, f"{name}[:]", f"{name} + [{self.small()}]", f"[x + 1 for x in {name}]"]
            values += [f"sorted({name})", f"{name} or [1]", f"{name} if {self.small()} > 4 else []"]
            values += [f"[last := x for x in {name}]"]
        values += [item for n in self.names["n"] for item in (f"{n}[0]", f"max({n}, key=len)")]
        values += [f"{name}.items" for name in self.names["o"]]
        values += [f"{name}.setdefault('l', [])" for name in self.names["d"]]
        value = self.pick(values)
        name = self.target("l")
        self.bound(name)
        return f"{name} = {value}"

    def mutate_list(self) -> str:
        name, other = self.old("l"), self.old("l")
        return self.pick(
            [
                f"{name}.append({self.number()})",
                f"{name} += [{self.small()}]",
                f"{name}.extend({other}[:2])",
                f"{name}.reverse()",
                f"{name}.sort()",
                f"{name}[0:1] = [{self.small()}]",
                f"del {name}[2:]",
                f"[{name}.append(x) for x in range(2)]",
                f"list(map({name}.append, [1, 2]))",
                f"{name}[:] = {other}[:3]",
                f"for x in [{name}, {other}]:\n    x.append({self.small()})",
                f"({name} if {self.number()} > 3 else {other}).append({self.small()})",
                f"with contextlib.suppress(IndexError):\n    {name}.pop()",
                f"match {other}:\n    case [*rest]:\n        {name}.extend(rest[:1])",
            ]
        )

    def bind_nest(self) -> str:
        values = [f"[{self.old('l')}, {self.old('l')}]", f"[{self.old('l')}, []]"]
        values += [item for name in self.names["n"] for item in (name, f"list({name})")]
        value = self.pick(values)
        name = self.target("n")
        self.bound(name)
        return f"{name} = {value}"

    def mutate_nest(self) -> str:
        name = self.old("n")
        choices = [
            f"{name}[0].append({self.number()})",
            f"for row in {name}:\n    row.append({self.small()})",
            f"{name}[0], {name}[-1] = {name}[-1], {name}[0]",
        ]
        choices += [f"{name}.append({item})" for item in self.names["l"]]
        return self.pick(choices)

    def bind_dict(self) -> str:
        values = ["{}", f"{{'k': {self.number()}}}", *self.names["d"]]
        value = self.pick(values)
        name = self.target("d")
        self.bound(name)
        return f"{name} = {value}"

    def mutate_dict(self) -> str:
        name = self.old("d")
        choices = [
            f"{name}['k'] = {self.number()}",
            f"{name}.update(a={self.small()})",
            f"{name}.pop('k', None)",
            f"{name}['{self.pick(['x', 'y'])}'] = {name}.get('k', 1)",
        ]
        choices += [f"{name}['l'] = {item}" for item in self.names["l"]]
        return self.pick(choices)

    def bind_object(self) -> str:
        values = [f"Box({self.old('l')})", "Tally([])", f"Tally({self.old('l')})", *self.names["o"]]
        value = self.pick(values)
        name = self.target("o")
        self.bound(name)
        return f"{name} = {value}"

    def mutate_object(self) -> str:
        name = self.old("o")
        choices = [f"{name}.add({self.small()})", f"{name}.n = {self.number()}", "Box.made += 10"]
        choices += ["Tally.seen = []", "Tally.seen.append(0)"]
        choices += [f"{name}.items = {item}" for item in self.names["l"]]
        return self.pick(choices)

    def define_function(self) -> str:
        bodies = [f"    return {self.number()}"]
        bodies += [
            f"    global {name}\n    {name} += 1\n    return {name}" for name in self.names["i"]
        ]
        for name in self.names["l"]:
            bodies += [f"    {name}.append(7)\n    return len({name})", f"    return sum({name})"]
        bodies += [f"    return {name}() + 1" for name in self.names["f"]]
        bodies += ["    return i9 + 1"]  # bound by a later step, or never
        bodies += ["factory", "captured"] if self.names["l"] else ["factory"]
        body = self.pick(bodies)
        name = self.target("f")
        if f"return {name}()" in body:
            body = "    return 1"
        self.bound(name)
        if body == "factory":
            return FACTORY.format(name=name, start=self.small())
        if body == "captured":
            return f"def {name}(v={self.old('l')}):\n    v.append(8)\n    return len(v)"
        if "\n" not in body and self.draw(st.booleans()):
            return f"{name} = lambda: {body.strip().removeprefix('return ')}"
        return f"def {name}():\n{body}"

    def define_taker(self) -> str:
        bodies = ["    return len(v)", "    v.append(3)\n    return v[0]"]
        bodies += [f"    {name}.append(len(v))\n    return 0" for name in self.names["l"]]
        bodies += [f"    v.extend({name}[:1])\n    return {name}" for name in self.names["l"][:1]]
        body = self.pick(bodies)
        name = self.target("g")
        self.bound(name)
        return f"def {name}(v):\n{body}"

    def call(self) -> str:
        return self.guarded(f"print('call', {self.old('f')}())")

    def call_taker(self) -> str:
        return self.guarded(f"print('take', {self.old('g')}({self.old('l')}))")

    def bind_method(self) -> str:
        name, owner = self.target("m"), self.old("l")
        self.bound(name)
        return f"{name} = {owner}.append"

    def call_method(self) -> str:
        return f"{self.old('m')}({self.small()})"

    def draw_order(self) -> str:
        return self.pick([f"random.seed({self.small()})", f"random.shuffle({self.old('l')})"])

    def guarded(self, statement: str) -> str:
        return f"try:\n    {statement}\nexcept (NameError, RecursionError):\n    print('unbound')"

    def delete(self) -> str:
        name = self.old("i")
        self.names["i"].remove(name)
        self.unsure.add(name)
        return f"del {name}"

    def read_unsure(self) -> str:
        name = self.pick(sorted(self.unsure))
        reads = {
            "f": f"{name}()",
            "g": f"{name}([0])",
            "o": f"{name}.n, {name}.items",
            "m": f"{name}(1)",
        }
        return self.guarded(f"print('{name}', {reads.get(name[0], name)})")

    def compare(self) -> str:
        left, right = self.old("l"), self.old("l")
        return f"print({left} is {right}, {left} == {right})"

    def branch(self) -> str:
        test = self.pick([f"{self.number()} > {self.small()}", "False", "True"])
        before = {kind: list(names) for kind, names in self.names.items()}
        body = self.statement(nested=True)
        self.forget(before)
        other = self.draw(st.booleans()) and self.statement(nested=True)
        self.forget(before)
        text = f"if {test}:\n{indent(body)}"
        return f"{text}\nelse:\n{indent(other)}" if other else text

    def loop(self) -> str:
        before = {kind: list(names) for kind, names in self.names.items()}
        body = self.statement(nested=True)
        self.forget(before)
        return f"for i8 in range({self.small(0, 2)}):\n{indent(body)}"

    def forget(self, before: dict[str, list[str]]) -> None:
        """After a body that may not run: what only it binds is unsure, what it deletes too."""
        for kind, names in self.names.items():
            both = [name for name in names if name in before[kind]]
            self.unsure |= set(names) ^ set(both)
            self.names[kind] = both

    def show(self) -> str:
        names = [name for kind in "ilnd" for name in self.names[kind]]
        names += [f"{name}.items, {name}.n" for name in self.names["o"]]
        return f"print({', '.join([*names, 'Box.made', 'Tally.seen'])})"


def indent(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())


@st.composite
def programs(draw: Draw) -> list[Part]:
    """Perhaps parameters and functions, then two to five steps, one perhaps in two parts."""
    writer = Writer(draw)
    parts = [Part("imports", "import contextlib\nimport random\nrandom.seed(1)")]
    if draw(st.booleans()):
        parts.append(Part("parameters", "i0 = 3\nl0 = [4, 5]"))
        writer.bound("i0")
        writer.bound("l0")
    box_first = draw(st.booleans())
    if box_first:
        parts.append(Part("functions", BOX))
    for index in range(draw(st.integers(2, 5))):
        lines = [BOX] if index == 0 and not box_first else []
        lines += [writer.statement() for _ in range(draw(st.integers(1, 6)))]
        if index and draw(st.integers(0, 3)) == 0:
            lines.append(f"i9 = {writer.small()}")
        if draw(st.booleans()):
            lines.append(writer.show())
        again = index > 1 and draw(st.integers(0, 5)) == 0
        parts.append(Part(f"step:s{0 if again else index}", "\n".join(lines)))
    parts.append(Part("step:last", writer.show()))
    return parts
