"""Which pass is at fault, in real workers: a sentence for each outcome of the three comparisons, and no point lost."""

import sys
from dataclasses import replace

import numpy as np
import pytest

from flatgrade.core import Case, load_assignment
from flatgrade.core.exercise import Limits
from flatgrade.core.finding import Verdict
from flatgrade.grader.engine import AnswerKey, grade
from flatgrade.grader.judge import judge_exercise
from flatgrade.grader.sandbox import Sandbox
from flatgrade.grader.submission import Cell, CellKind, Notebook, Submission

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="workers confine themselves with Landlock, on Linux")

CONTRACT = """
[layer]
title   = "A linear layer with a ReLU, forward and backward"
plan    = ["out, cache = layer_forward(x, w, b)", "dx, dw, db = layer_backward(dout, cache)"]
returns = ["out", "dx", "dw", "db"]
points  = 8
inputs  = { x = { shape = "N D" }, w = { shape = "D M" }, b = { shape = "M" }, dout = { shape = "N M" } }

[penalty]
title   = "A penalty and its slope"
call    = "penalty(w, strength)"
returns = ["loss", "dw"]
points  = 2
inputs  = { w = { shape = "D" }, strength = { kind = "positive" } }

[update]
title   = "A step, which has no slope"
call    = "update(w, dw)"
returns = ["next_w"]
points  = 1
inputs  = { w = { shape = "D" }, dw = { shape = "D" } }
"""

LAYER = """
import numpy as np

from flatgrade.core import Case


def layer_forward(x, w, b):
    z = x @ w + b
    out = np.maximum(0, z)
    return out, (x, w, z)


def layer_backward(dout, cache):
    x, w, z = cache
    dz = dout * (z > 0)
    return dz @ w.T, x.T @ dz, dz.sum(axis=0)


def cases(rng):
    def draw(N, D, M):
        shapes = {"x": (N, D), "w": (D, M), "b": (M,), "dout": (N, M)}
        return {name: rng.standard_normal(shape) for name, shape in shapes.items()}

    return [
        Case("more rows", draw(9, 6, 3), generic=True),
        Case("typical sizes", draw(5, 7, 4), generic=True),
        Case("one row", draw(1, 3, 2)),
    ]
"""

PENALTY = """
import numpy as np

from flatgrade.core import Case


def penalty(w, strength):
    loss = strength * np.sum(w * w)
    dw = 2 * strength * w
    return loss, dw


def cases(rng):
    return [Case("typical sizes", {"w": rng.standard_normal(6), "strength": 0.37}, generic=True)]
"""

UPDATE = """
from flatgrade.core import Case


def update(w, dw):
    return w - dw


def cases(rng):
    return [Case("typical sizes", {"w": rng.standard_normal(6), "dw": rng.standard_normal(6)}, generic=True)]
"""

BACKWARD = (
    "Your forward pass is right, and your backward pass does not fit it; the fault is in the backward, or in a value "
    "that it takes from the forward."
)
BOTH = (
    "Your forward pass is wrong, and {} neither it nor the right one. Mend the forward first; the backward may be wrong "
    "only through the values that it takes from there."
)
FORWARD = "Your backward pass fits your own forward pass; the fault is in the forward."


@pytest.fixture(scope="module")
def key(tmp_path_factory):
    home = tmp_path_factory.mktemp("passes")
    public, secret = home / "passes", home / "solutions" / "passes"
    public.mkdir()
    secret.mkdir(parents=True)
    (public / "exercises.toml").write_text(CONTRACT, encoding="utf-8")
    for name, text in (("layer", LAYER), ("penalty", PENALTY), ("update", UPDATE)):
        (secret / f"{name}.py").write_text(text, encoding="utf-8")
    assignment = replace(load_assignment(public), limits=Limits(cell_seconds=2, call_seconds=1, submission_seconds=30))
    return AnswerKey.load(assignment, secret.parent, "test")


@pytest.fixture(scope="module")
def worker(key):
    with Sandbox(key.secrets) as sandbox, sandbox.worker(Limits(submission_seconds=600)) as worker:
        yield worker


def edited(key, name, *edits):
    text = key.solutions[name].answer
    for old, new in edits:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def judged(key, worker, name, *edits, cases=None, given=""):
    for cell, source in (("given", key.solutions[name].given + given), ("answer", edited(key, name, *edits))):
        assert worker.ask({"do": "cell", "key": cell, "source": source}, 5)["outputs"] == []
    return judge_exercise(key.solutions[name], cases or key.cases[name], worker, 2.0)


def told(record):
    """What is said beside the outputs that are wrong."""
    return [str(finding) for finding in record.findings if not finding.stage]


LEAKY = ("np.maximum(0, z)", "np.maximum(0.1 * z, z)")
LEAKY_BACK = ("(z > 0)", "np.where(z > 0, 1, 0.1)")
DW_MEAN = ("x.T @ dz", "x.T @ dz / len(x)")


@pytest.mark.parametrize(
    ("edits", "said"),
    [
        ([LEAKY, LEAKY_BACK], f"{FORWARD} out is wrong, and dx, dw and db are wrong because of it."),
        ([("np.maximum(0, z)", "np.maximum(0, z) + np.sum(x)"), ("dz @ w.T", "dz @ w.T + np.sum(dout)")],
         f"{FORWARD} out is wrong, and dx is wrong because of it."),
        ([LEAKY], "Your backward pass is right for the right forward pass, and does not fit your own; the fault is in the "
         "forward."),
        ([("np.maximum(0, z)", "np.maximum(0, z) + 2")], "Your backward pass is right and fits your own forward pass, "
         "too; what is wrong in out does not change its slopes. Is a constant missing, or one too many?"),
        ([("+ b", "")], BOTH.format("db fits")),
        ([LEAKY, DW_MEAN], BOTH.format("dw fits")),
        ([LEAKY, DW_MEAN, ("dz @ w.T", "-dz @ w.T")], BOTH.format("dx and dw fit")),
        ([DW_MEAN], BACKWARD),
        ([("(x, w, z)", "(x, w, out - 2)")], BACKWARD),
        ([("np.maximum(0, z)", "0 * z"), ("(z > 0)", "0")], "Your backward pass is 0, which fits your own forward pass: "
         "out does not change with the inputs. Both are wrong."),
    ],
)  # fmt: skip
def test_each_outcome_has_its_sentence(key, worker, edits, said):
    """What is wrong in a pair is told by which of the three comparisons fail."""
    assert told(judged(key, worker, "layer", *edits)) == [said]


def test_a_gradient_that_is_right_beside_one_that_fits(key, worker):
    """Of two faults of the forward pass, dx follows one; dw stays right, and follows neither."""
    record = judged(
        key,
        worker,
        "layer",
        ("np.maximum(0, z)", "np.maximum(0, z) + np.sum(x) + np.sum(w)"),
        ("dz @ w.T", "dz @ w.T + np.sum(dout)"),
    )
    assert told(record) == [
        "Where it is not right, your backward pass fits your own forward pass; the fault is in the forward. "
        "out is wrong, and dx is wrong because of it."
    ]


@pytest.mark.parametrize(
    ("edits", "said"),
    [
        ([("np.sum(w * w)", "np.sum(w * w) / 2"), ("2 * strength", "strength")],
         f"{FORWARD} loss is wrong, and dw is wrong because of it."),
        ([("2 * strength", "strength")], BACKWARD),
    ],
)  # fmt: skip
def test_one_call_without_stages_is_told_of_too(key, worker, edits, said):
    """A loss and its gradient from one function are two passes as well, with nothing kept between them."""
    assert told(judged(key, worker, "penalty", *edits)) == [said]


def test_a_diagnosis_is_no_points(key, worker):
    """What is earned is what it was: an output that is right earns its share, whatever the passes fit."""
    record = judged(key, worker, "layer", LEAKY, LEAKY_BACK)
    assert (record.verdict, record.earned) == (Verdict.WRONG, 0)
    record = judged(key, worker, "layer", ("np.maximum(0, z)", "0 * z"), ("(z > 0)", "0"))
    assert (record.verdict, record.earned) == (Verdict.WRONG, 0)
    assert judged(key, worker, "layer", DW_MEAN).earned == 6


def test_what_has_no_slope_has_no_diagnosis(key, worker):
    """An optimizer's step by dw is not a pass backwards, and a right answer is told nothing."""
    assert told(judged(key, worker, "update", ("w - dw", "w + dw"))) == []
    assert judged(key, worker, "layer").findings == ()


@pytest.mark.parametrize(
    ("edits", "given"),
    [
        ([LEAKY, ("z = x @ w + b", "z = x @ w + b + 1e-9 * np.random.randn()")], ""),
        ([LEAKY, ("z = x @ w + b", "runs.append(1); assert len(runs) < 9; z = x @ w + b")], "runs = []\n"),
        ([LEAKY, ("return out,", "runs.append(1); return out[: 9 - len(runs)] if len(runs) > 3 else out,")],
         "runs = []\n"),
        ([LEAKY, ("z = x @ w + b", "runs.append(1); z = (x @ w + b).astype(object if len(runs) > 9 else float)")],
         "runs = []\n"),
        ([LEAKY, ("z = x @ w + b", "time.sleep(0.1); z = x @ w + b")], "import time\n"),
        ([LEAKY, LEAKY_BACK, ("z = x @ w + b", "x, w = np.float32(x), np.float32(w); z = x @ w + np.float32(b)")], ""),
        ([("dz @ w.T", "w @ dz.T")], ""),
        ([("dz @ w.T", "dz @ w.T + np.nan")], ""),
        ([("dz @ w.T", "list(dz @ w.T)")], ""),
        ([("return out,", "return out.sum(),")], ""),
    ],
    ids=["random", "raises", "shapes", "objects", "slow", "float32", "transposed", "nan", "list", "number"],
)  # fmt: skip
def test_what_cannot_be_measured_has_no_diagnosis(key, worker, edits, given):
    """A forward pass that is random, raises, changes its shape or is slow; outputs that are no gradients at all."""
    record = judged(key, worker, "layer", *edits, given=given)
    assert record.verdict is Verdict.WRONG
    assert told(record) == []


def test_a_kink_is_never_called_a_mistake(key, worker):
    """At a ReLU of exactly 0 another gradient is another right answer: nobody is told that it does not fit."""
    inputs = {"x": np.zeros((3, 2)), "w": np.ones((2, 2)), "b": np.zeros(2), "dout": np.ones((3, 2))}
    record = judged(key, worker, "layer", ("(z > 0)", "(z >= 0)"), cases=[Case("zeros", inputs, generic=True)])
    assert record.verdict is Verdict.WRONG
    assert told(record) == []


def test_what_is_said_holds_for_all_cases(key, worker):
    """dw is wrong on typical inputs and out on one row: no single case shows both, and no pass is called right."""
    record = judged(key, worker, "layer", DW_MEAN, ("np.maximum(0, z)", "np.maximum(0, z) + (len(z) == 1)"))
    assert told(record) == []


def calls(worker, source, changes, seconds=2.0):
    assert worker.ask({"do": "cell", "key": "f", "source": source}, 5)["outputs"] == []
    plan = [[["y"], "f", ["x", "scale"]]]
    inputs = {"x": np.arange(3.0), "scale": 2.0}
    asked = {"do": "calls", "plan": plan, "inputs": inputs, "functions": {}, "returns": ["y"], "changes": changes}
    return worker.ask(asked, seconds)


def test_many_calls_go_over_the_wire_at_once(worker):
    """One request, one reply: the outputs for the inputs with each change, each on copies of its own."""
    changes = [{}, {"x": np.ones(2)}, {"scale": 0.5}, {}]
    reply = calls(worker, "def f(x, scale):\n    x *= scale\n    return x", changes)
    assert reply["status"] == "ok"
    assert [row["y"]["value"].tolist() for row in reply["values"]] == [[0, 2, 4], [2, 2], [0, 0.5, 1], [0, 2, 4]]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("while True: pass", "timeout"),
        ("1 / (len(x) - 2)", "error"),
        ("raise MemoryError", "memory"),
        ("raise PermissionError(1, 'no')", "forbidden"),
    ],
)
def test_many_calls_end_as_one_does(worker, body, status):
    """Whatever ends one of them ends them all, within the time for all, and nothing is sent of the others."""
    reply = calls(worker, f"def f(x, scale):\n    {body}\n    return x", [{}, {"x": np.ones(2)}], 0.3)
    assert reply["status"] == status
    assert "values" not in reply


def test_a_worker_that_a_diagnosis_ends_costs_nothing(key):
    """The verdict stands, and the exercises below it are judged in another worker."""
    stop = ("z = x @ w + b", "runs.append(1); len(runs) > 6 and os._exit(0); z = x @ w + b")
    cells = (
        Cell("imports", CellKind.RUN, "import os\nimport numpy as np\nruns = []\n"),
        Cell("layer", CellKind.RUN, edited(key, "layer", DW_MEAN, stop)),
        Cell("test_layer", CellKind.JUDGE, 'check("layer")', "layer"),
        Cell("penalty", CellKind.RUN, key.solutions["penalty"].answer),
        Cell("test_penalty", CellKind.JUDGE, 'check("penalty")', "penalty"),
    )
    with Sandbox(key.secrets) as sandbox:
        record = grade(Submission("ana", "passes", (Notebook("layers", cells),)), key, sandbox)
    found = {item.name: (item.verdict, item.earned) for item in record.exercises}
    assert found == {"layer": (Verdict.WRONG, 6), "penalty": (Verdict.PASS, 2)}
    assert told(record.exercises[0]) == []
    assert (record.problem, record.cells) == ("", ())
