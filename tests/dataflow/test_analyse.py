"""What each step takes and gives."""

from __future__ import annotations

import pytest

from .conftest import Analyse

A = "a"
B = "b"
C = "c"


@pytest.mark.parametrize(
    ("first", "second", "takes"),
    [
        ("x = 1", "print(x)", {"x"}),
        ("x = 1", "x = 2; print(x)", set()),
        ("x = 1", "x += 1", {"x"}),
        ("x = 1", "def f(x): return x\nf(3)", set()),
        ("x = 1", "f = lambda x: x\nf(3)", set()),
        ("x = 1", "print([x for x in range(3)])", set()),
        ("x = 1", "print([y for y in range(x)])", {"x"}),
        ("x = 1", "print([x for _ in range(3)])", {"x"}),
        ("x = 1", "if (x := 3) > 2: print(x)", set()),
        ("x = 1", "try:\n    1/0\nexcept ZeroDivisionError as x:\n    print(x)", set()),
        ("x = 1", "with open('f') as x:\n    pass\nprint(x)", set()),
        ("x = 1", "match [1, 2]:\n    case [x, _]:\n        print(x)", set()),
        ("x = 1", "import os.path as x\nprint(x)", set()),
        ("x = 1", "for x in []:\n    pass\nprint(x)", {"x"}),
        ("x = 1", "class K:\n    x = 2\nprint(K.x)", set()),
        ("x = 1", "class K:\n    y = x\nprint(K.y)", {"x"}),
        ("x = 1", "def f():\n    global x\n    x = 2\nf()\nprint(x)", set()),
        ("x = 1", "def f():\n    global x\n    x += 2\nf()\nprint(x)", {"x"}),
        ("x = 1", "print(f'{x:>{3}}')", {"x"}),
        ("x = 1", "print(eval('x + 1'))", {"x"}),
        ("x = 1", "exec('y = x')", {"x"}),
        ("x = 1", "globals()['x'] = 2\nprint(x)", set()),
        ("x = 1", "print(globals()['x'])", {"x"}),
        ("x = 1", "!echo {x}", {"x"}),
        ("x = 1", "!echo $x", {"x"}),
        ("x = 1", "%time y = x", {"x"}),
        ("x = 1", "%%time\ny = x", {"x"}),
        ("x = 1", "%%capture out\nprint(x)", {"x"}),
        ("x = 1", "if False:\n    x = 2\nprint(x)", {"x"}),
        ("x = 1", "if True:\n    x = 2\nelse:\n    x = 3\nprint(x)", set()),
        ("x = 1", "if True:\n    x = 2\nelse:\n    raise ValueError\nprint(x)", set()),
        ("x: int = 1", "x: float\nprint(x)", {"x"}),
        ("x = 1", "async def f():\n    return x\nprint(await f())", {"x"}),
        ("x = 1", "del x", {"x"}),
        ("df = []", "print(df.query('a > @df'))", {"df"}),
        ("x = [1]", "y, *z = x\nprint(y)", {"x"}),
        ("x = 1", "print(__name__, display, get_ipython)", set()),
    ],
)
def test_what_a_step_takes(first: str, second: str, takes: set[str], find: Analyse) -> None:
    assert set(find((A, first), (B, second)).inputs(B)) == takes


@pytest.mark.parametrize(
    ("first", "second", "third", "given_by_b"),
    [
        ("d = {}", "d['k'] = 1", "print(d)", {"d"}),
        ("d = {}; e = d", "e['k'] = 1", "print(d)", {"d"}),
        ("d = {}; e = [d]", "e[0]['k'] = 1", "print(d)", {"d"}),
        ("d = []", "d.append(1)", "print(d)", {"d"}),
        ("d = []", "print(d.count(1))", "print(d)", set()),
        ("d = []", "x = len(d)", "print(d)", set()),
        ("d = [3, 1]", "x = sorted(d)", "print(d)", set()),
        ("d = [3, 1]", "x = d[1:]\nx.append(1)", "print(d)", set()),
        ("d = [[3], 1]", "x = d[0]\nx.append(1)", "print(d)", {"d"}),
        ("d = []", "d += [1]", "print(d)", {"d"}),
        ("d = []", "def f(v):\n    v.append(1)\nf(d)", "print(d)", {"d"}),
        ("d = []", "def f(v):\n    v = list(v)\n    v.append(1)\nf(d)", "print(d)", set()),
        ("d = []", "for v in [d]:\n    v.append(1)", "print(d)", {"d"}),
        ("d = [[]]", "[v.append(1) for v in d]", "print(d)", {"d"}),
        ("d = [[]]", "list(map(lambda v: v.append(1), d))", "print(d)", {"d"}),
        ("d = []", "import random\nrandom.shuffle(d)", "print(d)", {"d"}),
        ("import heapq\nd = []", "heapq.heappush(d, 1)", "print(d)", {"d"}),
        ("import pandas as pd\nd = pd.DataFrame()", "d.sort_values('a', inplace=True)", "d", {"d"}),
        (
            "import pandas as pd\nd = pd.DataFrame()",
            "d.sort_values('a', inplace=False)",
            "d",
            set(),
        ),
        ("import pandas as pd\nd = pd.DataFrame()", "d.head()", "d", set()),
        ("import pandas as pd\nd = pd.DataFrame()", "d['x'] = 1", "d", {"d"}),
        ("import pandas as pd\nd = pd.DataFrame()", "e = d.copy()\ne['x'] = 1", "d", set()),
        ("import pandas as pd\nd = pd.DataFrame()", "del d['x']", "d", {"d"}),
        ("import lib\nd = lib.Net()", "d.prepare()\nprint(1)", "d", {"d"}),
        ("import lib\nd = lib.Net()", "print(d.score(1))", "d", set()),
        ("class K:\n    pass\nd = K()", "d.x = 1", "print(d.x)", {"d"}),
        ("class K:\n    n = 0\nd = K()", "K.n = 1", "print(K.n)", {"K"}),
        (
            "class K:\n    def put(self, v):\n        self.v = v\nd = K()",
            "d.put(1)",
            "print(d.v)",
            {"d"},
        ),
        ("class K:\n    def get(self):\n        return 1\nd = K()", "d.get()", "print(d)", set()),
        ("d = []\ndef f():\n    d.append(1)", "f()", "print(d)", {"d"}),
        ("d = []\ndef f():\n    d.append(1)", "g = f\ng()", "print(d)", {"d"}),
        ("d = []\ndef f():\n    d.append(1)", "print(f)", "print(d)", {"d"}),
        ("d = []", "x = d or [1]\nx.append(1)", "print(d)", {"d"}),
        (
            "import matplotlib.pyplot as plt\nf, d = plt.subplots()",
            "d.plot([1])",
            "print(d)",
            {"d"},
        ),
        ("import matplotlib.pyplot as plt\nf, d = plt.subplots()", "d.get_lines()", "d", set()),
        ("import lib\nd = lib.axes()", "lib.draw(ax=d)", "print(d)", {"d"}),
        ("d = iter([1, 2])", "next(d)", "print(next(d))", {"d"}),
        ("d = {}", "try:\n    d['k'] = 1\nexcept KeyError:\n    pass", "print(d)", {"d"}),
    ],
)
def test_what_a_step_changes_is_handed_on(
    first: str, second: str, third: str, given_by_b: set[str], find: Analyse
) -> None:
    found = find((A, first), (B, second), (C, third))
    assert {name for name, source in found.inputs(C).items() if source == B} == given_by_b


def test_reading_does_not_chain_steps(find: Analyse) -> None:
    found = find((A, "d = [1, 2]"), (B, "x = sum(d)"), (C, "y = max(d)"), ("e", "print(x, y, d)"))
    assert found.inputs(B) == found.inputs(C) == {"d": A}
    assert found[B].guards == ("d",)


def test_values_that_share_are_taken_from_one_step(find: Analyse) -> None:
    found = find((A, "x = [1]"), (B, "y = [x, x]"), (C, "x.append(2)\nprint(y)"))
    assert found.inputs(C) == {"x": B, "y": B}


def test_definitions_are_replayed_and_their_data_passed(find: Analyse) -> None:
    found = find(
        (A, "import math\nscale = 2\ndef area(r):\n    return math.pi * r * scale"),
        (B, "print(area(1))"),
    )
    assert found.inputs(B) == {"scale": A}
    assert found.setup(B) == ["import math", "def area(r):\n    return math.pi * r * scale"]


def test_a_definition_that_needs_data_travels_as_data(find: Analyse) -> None:
    found = find((A, "n = 3\ndef f(x=n):\n    return x"), (B, "print(f())"))
    assert found.inputs(B) == {"f": A}
    assert found.setup(B) == []


def test_a_class_brings_its_bases_in_order(find: Analyse) -> None:
    found = find((A, "class P:\n    pass\nclass Q(P):\n    pass\nq = Q()"), (B, "print(q)"))
    assert found.inputs(B) == {"q": A}
    assert found.setup(B) == ["class P:\n    pass", "class Q(P):\n    pass"]


def test_a_function_sees_the_latest_value_of_its_global(find: Analyse) -> None:
    found = find((A, "x = 1\ndef f():\n    return x"), (B, "x = 2"), (C, "print(f())"))
    assert found.inputs(C) == {"x": B}


def test_prelude_data_changed_by_a_step_comes_from_it(find: Analyse) -> None:
    found = find(("imports", "cfg = {}"), (A, "cfg['k'] = 1"), (B, "print(cfg)"))
    assert found.inputs(A) == {}
    assert found.inputs(B) == {"cfg": A}


def test_parameters_are_taken_by_the_steps_that_read_them(find: Analyse) -> None:
    found = find(
        ("parameters", "lr = 1.0\nn = 2"),
        (A, "lr = lr * 0.1"),
        (B, "print(lr)"),
        (C, "print(n)"),
        parameters={"lr": 1.0, "n": 2},
    )
    assert found.inputs(A) == {"lr": None}
    assert found.inputs(B) == {"lr": A}
    assert found.inputs(C) == {"n": None}


def test_what_a_parameters_cell_derives_is_replayed_with_the_given_value(find: Analyse) -> None:
    found = find(("parameters", "n = 2\ntwice = n * 2"), (A, "print(twice)"), parameters={"n": 2})
    assert found.inputs(A) == {"n": None}
    assert found.setup(A) == ["twice = n * 2"]


# -- hidden state and options -------------------------------------------------------------------


def test_a_seeded_generator_travels_along_its_draws(find: Analyse) -> None:
    found = find(
        (A, "import random\nrandom.seed(1)"),
        (B, "print(random.random())"),
        (C, "print(random.random())"),
    )
    assert found.inputs(B) == {"python.random": A}
    assert found.inputs(C) == {"python.random": B}


def test_without_a_seed_draws_stay_parallel(find: Analyse) -> None:
    found = find((A, "import random\nx = 1"), (B, "print(random.random())"), (C, "random.random()"))
    assert found.inputs(B) == found.inputs(C) == {}


def test_estimators_with_their_own_seed_do_not_wait(find: Analyse) -> None:
    fit = "RandomForestClassifier(random_state=0).fit(X, y)"
    found = find(
        ("imports", "import numpy as np\nfrom sklearn.ensemble import RandomForestClassifier"),
        (A, "np.random.seed(0)\nX = np.random.rand(9, 2)\ny = X[:, 0] > 0.5"),
        (B, f"m = {fit}"),
        (C, f"n = {fit}"),
    )
    assert set(found.inputs(B)) == set(found.inputs(C)) == {"X", "y"}


def test_estimators_without_one_draw_in_notebook_order(find: Analyse) -> None:
    found = find(
        ("imports", "import numpy as np\nfrom sklearn.ensemble import RandomForestClassifier"),
        (A, "np.random.seed(0)\nX = np.random.rand(9, 2)\ny = X[:, 0] > 0.5"),
        (B, "m = RandomForestClassifier().fit(X, y)"),
        (C, "n = RandomForestClassifier().fit(X, y)"),
    )
    assert found.inputs(B)["numpy.random"] == A
    assert found.inputs(C)["numpy.random"] == B


def test_options_hold_in_later_steps(find: Analyse) -> None:
    found = find(
        (A, "import pandas as pd\npd.set_option('display.width', 40)"),
        (B, "import os\nos.environ['MODE'] = 'x'"),
        (C, "print(1)"),
    )
    assert found.setup(B) == ["import pandas as pd", "pd.set_option('display.width', 40)"]
    assert found.setup(C)[-1] == "os.environ['MODE'] = 'x'"
    assert all(f.optional for f in found[C].setup if "set_option" in f.source)


def test_an_option_set_from_data_waits_for_the_data(find: Analyse) -> None:
    found = find((A, "import os\nn = 3\nos.environ['N'] = str(n)"), (B, "print(os.environ['N'])"))
    assert found.inputs(B) == {"n": A}
    assert [f.source for f in found[B].late_setup] == ["os.environ['N'] = str(n)"]


# -- files and order ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "second", "ordered"),
    [
        ("open('a.txt', 'w').write('x')", "print(open('a.txt').read())", True),
        ("open('a.txt', 'w').write('x')", "print(open('b.txt').read())", False),
        ("print(open('a.txt').read())", "print(open('a.txt').read())", False),
        ("print(open('a.txt').read())", "open('a.txt', 'w').write('x')", True),
        ("p = 'a.txt'\nopen(p, 'w').write('x')", "print(open('a.txt').read())", True),
        ("import os\nos.makedirs('out')", "open('out/a.txt', 'w').write('x')", True),
        ("!touch a.txt", "print(open('a.txt').read())", True),
        ("%%writefile a.txt\nx", "print(open('a.txt').read())", True),
        (
            "from pathlib import Path\nPath('d', 'a').write_text('x')",
            "from pathlib import Path\nprint((Path('d') / 'a').read_text())",
            True,
        ),
        (
            "import pandas as pd\npd.DataFrame().to_csv('a.csv')",
            "import pandas as pd\npd.read_csv('a.csv')",
            True,
        ),
    ],
)
def test_files_order_steps(first: str, second: str, ordered: bool, find: Analyse) -> None:
    found = find((A, first), (B, second))
    waits = A in found[B].after or A in found.inputs(B).values()
    assert waits is ordered


def test_asking_for_an_order(find: Analyse) -> None:
    assert find((A, "x = 1"), (B, "y = 2"), after={B: (A,)})[B].after == (A,)


# -- steps that go on later ---------------------------------------------------------------------


def test_a_step_that_goes_on_joins_its_first_cells_where_nothing_is_in_the_way(
    find: Analyse,
) -> None:
    found = find((A, "x = 1"), (B, "z = 5"), (A, "y = x"), (C, "print(y, z)"))
    assert found[A].cells == (0, 2)
    assert [step.name for step in found.flow.steps] == [A, B, C]


def test_a_step_that_changes_what_others_read_in_between_is_split(find: Analyse) -> None:
    found = find((A, "x = 1"), (B, "y = x"), (A, "x = 2"), (C, "print(x, y)"))
    assert found.inputs(B) == {"x": A}
    assert found.inputs(C) == {"x": "a-2", "y": B}
    assert ("step-split", 2) in found.codes


def test_a_split_part_never_takes_a_name_that_a_step_has(find: Analyse) -> None:
    found = find((A, "x = 1"), ("a-2", "y = x"), (A, "x = 2"), (C, "print(x, y)"))
    assert len({step.name for step in found.flow.steps}) == len(found.flow.steps) == 4


# -- conditions and loops -----------------------------------------------------------------------


def test_a_condition_takes_its_names_from_their_steps(find: Analyse) -> None:
    found = find((A, "acc = 0.9"), (B, "url = 'x'"), (C, "print(url)"), when={B: "acc > 0.5"})
    (condition,) = found[B].conditions
    assert condition.expression == "acc > 0.5"
    assert [(i.name, i.source) for i in condition.inputs] == [("acc", A)]
    assert found[C].conditions == found[B].conditions, "without url there is nothing to print"


def test_a_conditional_step_that_rebinds_decides_inside(find: Analyse) -> None:
    found = find((A, "x = 1"), (B, "x = 2"), (C, "print(x)"), when={B: "x > 5"})
    assert found[B].soft_when == "x > 5"
    assert found[B].conditions == ()
    assert found.inputs(C) == {"x": B}
    assert found.inputs(B) == {"x": A}


def test_a_loop_gives_lists(find: Analyse) -> None:
    found = find(
        (A, "depths = [1, 2]\nX = [1]"),
        (B, "score = depth + len(X)"),
        (C, "print(score)"),
        foreach={B: "depth in depths"},
    )
    loop = found[B].loop
    assert loop is not None
    assert (loop.variable, loop.items) == ("depth", "depths")
    assert loop.source is not None
    assert loop.source.source == A
    assert found.inputs(B) == {"X": A}
    assert found.inputs(C) == {"score": B}


def test_a_loop_that_carries_from_turn_to_turn_is_refused(find: Analyse) -> None:
    found = find(
        (A, "total = []"), (B, "total.append(n)"), (C, "print(total)"), foreach={B: "n in [1]"}
    )
    assert ("foreach-carried", 1) in found.codes


def test_a_final_step_may_not_take_from_steps(find: Analyse) -> None:
    found = find((A, "x = 1"), (B, "print(x, pipeline_status)"), finally_=B)
    assert ("finally-inputs", 1) in found.codes


# -- remarks ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "code", "cell"),
    [
        ([(A, "total = 1"), (B, "print(totl)")], "undefined-name", 1),
        ([(A, "def f():\n    return totl")], "undefined-name", 0),
        ([("skip", "x = 1"), (A, "print(x)")], "skipped-name", 1),
        ([(A, "g = (i for i in [1])"), (B, "print(list(g))")], "not-sendable", 0),
        ([(A, "f = open('x')"), (B, "print(f.read())")], "not-sendable", 0),
        ([(A, "t = 'x = 1'"), (B, "exec(t)")], "dynamic-code", 1),
        ([(A, "from nowhere import *"), (B, "print(thing)")], "star-import", 0),
        ([(A, "import lib\nx = [1]"), (B, "lib.fiddle(x)\nprint(2)")], "possible-mutation", 1),
        ([(A, "x = 1"), (B, "y = 2"), (C, "print(x)")], "dead-step", 1),
        ([(A, "x = = 1")], "syntax-error", 0),
    ],
)
def test_remarks(cells: list[tuple[str, str]], code: str, cell: int, find: Analyse) -> None:
    assert (code, cell) in find(*cells).codes


@pytest.mark.parametrize(
    "cells",
    [
        [(A, "try:\n    model\nexcept NameError:\n    model = None")],
        [(A, "def f():\n    return later"), (B, "later = 1\nf()")],
        [(A, "from math import *\nprint(sqrt(4))")],
        [(A, "print(_, In, Out, _1)")],
        [(A, "x = 1\ndel x")],
        [(A, "[print(v) for v in 'ab']"), (B, "print(sum(k for k in [1]))")],
    ],
)
def test_no_remark_without_a_reason(cells: list[tuple[str, str]], find: Analyse) -> None:
    assert {code for code, _ in find(*cells).codes} <= {"dead-step"}


def test_a_recursive_function_ends(find: Analyse) -> None:
    found = find(
        (
            A,
            "base = [1]\ndef f(n):\n    return base if n == 0 else g(n - 1)\n"
            "def g(n):\n    return f(n)",
        ),
        (B, "print(f(3))"),
    )
    assert found.inputs(B) == {"base": A}


def test_chains_of_calls_on_one_table_stay_small(find: Analyse) -> None:
    line = "for d in both:\n    d['x'] = d['x'].map(str).fillna('').map(len) + d['x'].clip(0)\n"
    found = find(
        (A, "import lib\nboth = [lib.read('a'), lib.read('b')]\n" + line * 40),
        (B, "print(both)"),
    )
    assert found.inputs(B) == {"both": A}


def test_a_container_of_very_many_things_still_shares_with_each(find: Analyse) -> None:
    names = [f"v{i}" for i in range(60)]
    found = find(
        (A, "\n".join(f"{name} = [0]" for name in names) + f"\nall_ = [{', '.join(names)}]"),
        (B, "for each in all_:\n    each.append(1)"),
        (C, "print(v0, v59)"),
    )
    assert found.inputs(C) == {"v0": B, "v59": B}
