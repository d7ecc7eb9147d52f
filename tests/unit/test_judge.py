"""The judge: verdicts, points and messages for answers of every kind."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.course import a1_solutions
from support.worker import NearWorker

from flatgrade.core.finding import Verdict
from flatgrade.grader.judge import judge_exercise
from flatgrade.grader.replies import read_call, read_outputs, read_trace, read_value

SEED = "test"
KEYS = st.sampled_from(["status", "values", "versions", "reads", "outputs", "value", "type", "changed", "ok", "loss"])


def judged(text, name="svm_loss"):
    solution = a1_solutions()[name]
    return judge_exercise(solution, solution.cases(SEED), NearWorker(text, name), 2.0)


def answer(*edits, name="svm_loss"):
    text = a1_solutions()[name].answer
    for old, new in edits:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def lines(record):
    return [str(finding) for finding in record.findings]


@pytest.mark.parametrize("name", ["svm_loss", "softmax_loss"])
def test_a_right_answer_has_full_points_and_nothing_is_traced(name):
    """Fairness first: right outputs on all cases are full points, whatever the stages hold."""
    solution = a1_solutions()[name]
    for text in [solution.answer, *solution.equivalents.values()]:
        worker = NearWorker(text, name)
        record = judge_exercise(solution, solution.cases(SEED), worker, 2.0)
        assert (record.verdict, record.earned, record.findings) == (Verdict.PASS, 10, ())
        assert record.cases_passed == record.cases_run == len(solution.cases(SEED))
        assert worker.asked == {"call": record.cases_run, "trace": 0, "calls": 0}


@pytest.mark.parametrize("name", ["svm_loss", "softmax_loss"])
def test_a_right_answer_in_float32_has_full_points(name):
    """Whoever computes in float32 is right as far as float32 goes; a mistake is still one."""
    first = "    N = X.shape[0]\n"
    cast = f"{first}    W, X = W.astype(np.float32), X.astype(np.float32)\n"
    record = judged(answer((first, cast), name=name), name)
    assert (record.verdict, record.earned) == (Verdict.PASS, 10)
    assert judged(answer((first, cast), ("2 * reg * W", "reg * W"), name=name), name).verdict is Verdict.WRONG


def test_one_mistake_costs_its_stage_and_is_named_with_its_line():
    """The stage is charged, what follows it is credited, and the hint of the mistake is the advice."""
    record = judged(answer(("2 * reg * W", "reg * W")))
    assert (record.verdict, record.earned) == (Verdict.WRONG, 8)
    assert lines(record) == ["dW (line 15) does not follow from your lines above it. The derivative of W**2 is 2 * W."]
    assert (record.findings[0].stage, record.findings[0].line, record.findings[0].mistake) == ("dW", 15, "lin-reg1x")
    assert {stage.name: stage.earned for stage in record.stages}["dscores"] == 2


def test_an_early_mistake_is_charged_once():
    """Wrong margins make every later number wrong; only margins loses points."""
    record = judged(answer((" + 1)", ")")))
    assert record.earned == 8
    assert [stage.name for stage in record.stages if stage.verdict is Verdict.WRONG] == ["margins"]


def test_a_mistake_that_only_special_cases_show_says_which():
    """Without the shift typical inputs are right; large scores are not."""
    record = judged(
        answer(("scores - scores.max(axis=1, keepdims=True)", "scores"), name="softmax_loss"), "softmax_loss"
    )
    assert record.earned == 9
    assert record.findings[0].mistake == "sm-noshift"
    assert lines(record)[-1] == (
        "Right on typical inputs, wrong on: scores of about a thousand; one row of scores far above the others. "
        "What is special there?"
    )


def test_an_unknown_mistake_has_a_place_and_a_ratio():
    """What no table knows still has its stage, its line and how it relates to what follows."""
    record = judged(answer(("reg * np.sum(W * W)", "reg * 2 * np.sum(W * W)")))
    assert lines(record) == ["reg_loss (line 9) is twice what follows from your lines above it."]
    assert record.earned == 9


def test_a_transposed_gradient_is_charged_and_told_by_its_shape():
    """A result of another shape is a fault at its stage; the shape is the fact, the transpose the advice."""
    record = judged(answer(("X.T @ dscores + 2 * reg * W", "(X.T @ dscores + 2 * reg * W).T")))
    assert (record.verdict, record.earned) == (Verdict.WRONG, 8)
    assert [stage.name for stage in record.stages if stage.verdict is Verdict.WRONG] == ["dW"]
    assert any("Is it the transpose?" in line for line in lines(record))
    assert record.findings[0].line == 15


STUB = "def svm_loss(W, X, y, reg):\n    N = X.shape[0]\n    scores = {scores}\n    margins = ...\n    data_loss = ...\n    reg_loss = ...\n    loss = ...\n    dmargins = ...\n    dscores = ...\n    dW = ...\n    return loss, dW\n"


def test_an_untouched_stub_earns_nothing_and_says_where_to_begin():
    """Ellipses earn no point, and the first one is named."""
    record = judged(STUB.format(scores="..."))
    assert (record.verdict, record.earned) == (Verdict.NOT_WRITTEN, 0)
    assert lines(record) == ["scores is not written yet. Replace the ... by your own line."]


def test_what_is_written_of_a_stub_earns_its_points():
    """A right first stage is worth its points; the next one is named."""
    record = judged(STUB.format(scores="X @ W"))
    assert (record.verdict, record.earned) == (Verdict.NOT_WRITTEN, 1)
    assert lines(record) == ["margins is not written yet. Replace the ... by your own line."]


def test_nothing_is_earned_by_returning_zeros():
    """Outputs of the right shape without any right stage earn nothing."""
    record = judged("def svm_loss(W, X, y, reg):\n    return 0.0, np.zeros_like(W)\n")
    assert (record.verdict, record.earned) == (Verdict.WRONG, 0)


def test_code_that_raises_keeps_the_stages_that_it_reached():
    """The line of the exception is the student's own, and what stood above it counts."""
    record = judged(
        "def svm_loss(W, X, y, reg):\n    scores = X @ W\n    margins = scores / missing\n    return margins\n"
    )
    assert (record.verdict, record.earned) == (Verdict.ERROR, 1)
    assert lines(record) == ["svm_loss stopped at line 3: NameError: name 'missing' is not defined."]


@pytest.mark.parametrize(
    ("text", "verdict", "message"),
    [
        ("", Verdict.MISSING, "svm_loss is not defined. Was the cell that defines it deleted, or the name changed?"),
        (
            "def svm_loss(W, X, y, reg):\n    while True: pass\n",
            Verdict.TIMEOUT,
            "svm_loss was stopped after 2 seconds. "
            "Look for a loop that never ends, or for one that could be a matrix product.",
        ),
        (
            "def svm_loss(W, X, y, reg):\n    raise MemoryError\n",
            Verdict.MEMORY,
            "svm_loss needed more memory than there is. How large is the largest array?",
        ),
        (
            "def svm_loss(W, X, y, reg):\n    return None\n",
            Verdict.ERROR,
            "svm_loss stopped: svm_loss returns nothing; expected 2 values: loss, dW.",
        ),
        (
            "def svm_loss(W, X, y, reg):\n    return 1.0, [1.0]\n",
            Verdict.WRONG,
            "dW is of type list. Return a NumPy array or a number.",
        ),
        (
            "def svm_loss(W, X, y, reg):\n    return np.float64(np.nan), W.T\n",
            Verdict.WRONG,
            "loss is not finite: the value is nan. "
            "Look for a division by zero, the root of a negative number, a log of zero, or an exp of a large number.",
        ),
        (
            "def svm_loss(W):\n    return 1\n",
            Verdict.ERROR,
            "svm_loss stopped: TypeError: svm_loss() takes 1 positional argument but 4 were given.",
        ),
    ],
)
def test_verdicts_and_messages(text, verdict, message):
    """Each way to fail has its verdict and its sentence, and earns nothing."""
    record = judged(text)
    assert record.verdict is verdict
    assert message in lines(record)
    assert record.earned == 0


def test_changing_an_input_is_a_fault_of_its_own():
    """Right numbers, but X is not what it was: the price is that of the cheapest stage."""
    record = judged(answer(("    N = X.shape[0]\n", "    N = X.shape[0]\n    X += 1\n    X = X - 1\n")))
    assert (record.verdict, record.earned) == (Verdict.WRONG, 9)
    assert lines(record) == ["Your function changed its input X. Work on a copy: X = X.copy()."]
    assert record.cases_passed == record.cases_run


def test_code_that_is_not_flat_is_judged_by_its_outputs():
    """A helper that computes a right loss keeps the forward points when dW is wrong."""
    text = a1_solutions()["svm_loss"].equivalents["a helper function"].replace("2 * reg * W", "0 * W")
    record = judged(text)
    assert record.verdict is Verdict.WRONG
    assert record.earned == 8
    assert record.findings[0].stage == "dW"


def test_a_liar_cannot_win_by_its_trace():
    """A trace whose run returned something else tells nothing: outputs alone count."""
    text = answer(("return loss, dW", "return loss, dW * (0 if '__flat_snap__' in globals() else 2)"))
    record = judged(text)
    assert record.verdict is Verdict.WRONG
    assert record.earned < 10


NO_BACKWARD = (("np.ones_like(margins) / N", "0 * margins"), ("dmargins * (margins > 0)", "0 * margins"))


@pytest.mark.parametrize(
    ("text", "most"),
    [
        (answer(*NO_BACKWARD, ("X.T @ dscores + 2 * reg * W", "2 * reg * W")), 6),
        (
            "def svm_loss(W, X, y, reg):\n    scores = 1e3 * np.eye(W.shape[1])[y]\n    return reg * np.sum(W * W), 2 * reg * W\n",
            1,
        ),
        ("def svm_loss(W, X, y, reg):\n    return 0.0, 2 * reg * W\n", 0),
        ("def svm_loss(W, X, y, reg):\n    return np.nan, W * np.nan\n", 0),
        (
            "def svm_loss(W, X, y, reg):\n    if X.shape != (1, 5):\n        raise ValueError\n"
            "    scores = np.array([[-2.85, 0.86, 0.28]])\n    margins = np.array([[0, 1.58, 0]])\n"
            "    data_loss = loss = 1.58\n    reg_loss = 0.0\n    dscores = np.zeros((1, 3))\n"
            "    dW = np.zeros((5, 3))\n    return loss, dW\n",
            0,
        ),
    ],
)
def test_values_that_show_nothing_earn_nothing(text, most):
    """Zeros, constants, nan and public figures by heart: what follows from them is no sign of understanding."""
    record = judged(text)
    assert record.verdict is not Verdict.PASS
    assert record.earned <= most


def test_a_wrong_output_always_costs_something():
    """The fault lies at a stage without points: it costs as much as the cheapest one that has some."""
    record = judged(answer(("np.ones_like(margins) / N", "np.ones_like(margins)")))
    assert (record.verdict, record.earned) == (Verdict.WRONG, 9)
    assert record.findings[0].mistake == "svm-dnoN"


def test_longdouble_is_read_as_float64():
    """A wider float on the way or in the result is a number like any other."""
    record = judged(answer(("return loss, dW", "return np.longdouble(loss), dW")))
    assert (record.verdict, record.earned) == (Verdict.PASS, 10)
    wrong = judged(
        answer(
            ("    N = X.shape[0]\n", "    N = X.shape[0]\n    wide = np.longdouble(3)\n"), ("2 * reg * W", "reg * W")
        )
    )
    assert wrong.earned == 8


def test_garbage_from_a_worker_is_no_trace():
    """Rows of the wrong form are left out; a wrong status is no trace at all."""
    assert read_trace({"status": "untraced"}) is None
    reply = {
        "status": "ok",
        "versions": [["a", 1, np.ones(2)], ["b", "x", 1], [1, 2], "c", ["d", 2, "text"]],
        "reads": {"a": [1, "x"]},
        "values": {"loss": {"value": 1.0}, "dW": 3},
    }
    trace = read_trace(reply)
    assert set(trace.versions) == {"a"}
    assert trace.reads == {"a": [1]}
    assert trace.returned["loss"] == 1.0


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just(np.ones(2)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(KEYS, JSON, max_size=6))
def test_no_reply_of_any_shape_raises(reply):
    """A student can send any frame: it is read as data, and whatever it is, it is no fault of ours."""
    call, trace = read_call(reply), read_trace(reply)
    assert call.status in {"ok", "missing", "error", "timeout", "memory", "malformed"}
    assert trace is None or all(version.value.dtype.kind in "fiu" for v in trace.versions.values() for version in v)
    assert isinstance(read_outputs(reply), list)
    read_value(reply)


@pytest.mark.parametrize(
    "reply",
    [{}, {"status": "ok"}, {"status": "ok", "values": [1]}, {"status": ["ok"]}, {"status": "PASS", "values": {}}],
)
def test_a_reply_that_is_none_is_malformed_and_earns_nothing(reply):
    """No form of words that a worker sends is a pass."""
    solution = a1_solutions()["svm_loss"]

    class Forger:
        def ask(self, request, seconds):
            return reply

    record = judge_exercise(solution, solution.cases(SEED), Forger(), 1.0)
    assert (record.verdict, record.earned) == (Verdict.MALFORMED, 0)
    assert lines(record) == ["svm_loss returned something that cannot be read. Return NumPy arrays and numbers."]


# Right but for one thing; neither is flat code with the names of the contract.
OTHER_STYLES = {
    "transposed": """\
def svm_loss(W, X, y, reg):
    N = X.shape[0]
    s = W.T @ X.T
    m = np.maximum(0, s - s[y, np.arange(N)] + 1)
    loss = m.sum() / N + reg * (W ** 2).sum()
    d = (m > 0).astype(float)
    d[y, np.arange(N)] -= d.sum(axis=0)
    return loss, (d @ X).T / N + 2 * reg * W
""",
    "class": """\
class Model:
    def __init__(self, W, X, y, reg):
        self.W, self.X, self.y, self.reg, self.rows = W, X, y, reg, np.arange(len(X))

    def forward(self):
        scores = self.X @ self.W
        self.margins = np.maximum(0, scores - scores[self.rows, self.y][:, None] + 1)
        return self.margins.sum() / len(self.X) + self.reg * np.sum(self.W ** 2)

    def backward(self):
        mask = (self.margins > 0) * 1.0
        mask[self.rows, self.y] -= mask.sum(axis=1)
        return self.X.T @ mask / len(self.X) + 2 * self.reg * self.W


def svm_loss(W, X, y, reg):
    model = Model(W, X, y, reg)
    return model.forward(), model.backward()
""",
}


@pytest.mark.parametrize("style", OTHER_STYLES)
def test_one_known_mistake_is_charged_once_however_the_code_is_written(style):
    """Where one edit of the reference returns all that the answer returns, that is the mistake, and all it costs."""
    record = judged(OTHER_STYLES[style])
    assert [row.name for row in record.stages if row.verdict is not Verdict.PASS] == ["margins"]
    assert (record.verdict, record.earned) == (Verdict.WRONG, 8)
    assert [finding.mistake for finding in record.findings] == ["svm-loss+1"]
    assert record.findings[0].what == "margins is where one mistake gives all that your function returns."


def test_results_without_content_are_explained_by_no_mistake():
    """Zeros for everything fit an edit that erases: they earn nothing for it."""
    record = judged("def svm_loss(W, X, y, reg):\n    return 0.0, np.zeros_like(W)\n")
    assert (record.verdict, record.earned) == (Verdict.WRONG, 0)


@pytest.mark.parametrize(
    ("name", "second"), [("svm_loss", "dmargins (line 12)"), ("softmax_loss", "dscores (line 15)")]
)
def test_a_wrong_size_is_charged_where_it_is_first_seen(name, second):
    """N is no stage: what is off by the same odd factor further down is told, and paid."""
    text = answer(("N = X.shape[0]", "N = X.shape[1]"), ("rows = np.arange(N)", "rows = np.arange(len(X))"), name=name)
    record = judged(text, name)
    assert (record.verdict, record.earned) == (Verdict.WRONG, 9)
    assert [row.name for row in record.stages if row.verdict is not Verdict.PASS] == ["data_loss"]
    assert lines(record)[1] == f"{second} is off by the same factor: is a size, such as N, not what it should be?"


def test_two_outputs_of_a_loop_may_be_wrong_by_one_mistake():
    """Nothing between the margin and the results is named: one fault is charged, the other result is told."""
    loop = (
        "def svm_loss(W, X, y, reg):\n"
        "    scores, loss, dW = X @ W, 0.0, np.zeros_like(W)\n"
        "    for i in range(len(X)):\n"
        "        for j in range(W.shape[1]):\n"
        "            margin = scores[i, j] - scores[i, y[i]] + 1.5\n"
        "            if j != y[i] and margin > 0:\n"
        "                loss += margin\n"
        "                dW[:, j] += X[i]\n"
        "                dW[:, y[i]] -= X[i]\n"
        "    return loss / len(X) + reg * np.sum(W * W), dW / len(X) + 2 * reg * W\n"
    )
    assert judged(loop.replace("1.5", "1")).verdict is Verdict.PASS
    record = judged(loop)
    assert [row.name for row in record.stages if row.verdict is Verdict.WRONG] == ["loss"]
    assert [finding.stage for finding in record.findings] == ["loss", "dW"]
    assert record.findings[1].what == "dW is wrong too, perhaps by the same mistake."
