"""Check without answers: right programs are never called inconsistent, wrong ones are found, on the line where it is."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.corpus import programs
from support.course import a1, a1_solutions, defined

from flatgrade.core.contract import load_assignment
from flatgrade.core.draw import draw_inputs
from flatgrade.core.exercise import slope_of
from flatgrade.core.gradients.consistency import consistency, fits_along
from flatgrade.core.gradients.measure import factor, factors, measure
from flatgrade.core.gradients.rerun import NotFlatError, Rerun
from flatgrade.core.gradients.slope import Agreement
from flatgrade.core.plan import run_plan
from flatgrade.core.staged import StagedError
from flatgrade.grader.reference import staged

BACKWARD = ("dmargins", "dscores", "dW")
NAMES = ("svm_loss", "softmax_loss")

# Right answers in styles that neither the solutions nor the corpus have.
SVM = {
    "early zeros, augmented": """\
def svm_loss(W, X, y, reg):
    loss, dW, N = 0.0, np.zeros_like(W), len(X)
    scores = X @ W
    margins = np.zeros_like(scores)
    margins += scores
    margins -= scores[np.arange(N), y].reshape(-1, 1)
    margins += 1
    margins[np.arange(N), y] = 0
    margins *= margins > 0
    loss += margins.sum()
    loss /= N
    loss += reg * (W * W).sum()
    dscores = np.zeros_like(scores)
    dscores[margins > 0] = 1
    dscores[np.arange(N), y] -= dscores.sum(axis=1)
    dscores /= N
    dW += X.T @ dscores
    dW += 2 * reg * W
    return loss, dW
""",
    "tuples and a walrus": """\
def svm_loss(W, X, y, reg):
    scores, rows = X @ W, range(N := len(X))
    margins, reg_loss = np.maximum(0, scores - scores[rows, y][:, None] + 1), reg * (W ** 2).sum()
    margins[rows, y] = 0
    data_loss = margins.sum() / N
    dmargins, dreg_loss = np.full_like(margins, 1 / N), 1.0
    dscores = dmargins * (margins > 0)
    dscores[rows, y] = -dscores.sum(axis=1)
    return data_loss + reg_loss, X.T @ dscores + dreg_loss * 2 * reg * W
""",
    "ifs on the way": """\
def svm_loss(W, X, y, reg, delta=1.0):
    N = X.shape[0]
    if N == 0:
        return 0.0, np.zeros_like(W)
    scores = X @ W
    margins = np.maximum(0, scores - scores[np.arange(N), y][:, None] + delta)
    margins[np.arange(N), y] = 0
    loss = margins.sum() / N
    if reg:
        loss = loss + reg * np.sum(W * W)
    dscores = (margins > 0) / N
    dscores[np.arange(N), y] -= dscores.sum(axis=1)
    dW = X.T @ dscores
    if reg:
        dW += 2 * reg * W
    return loss, dW
""",
    "out arguments and add.at": """\
def svm_loss(W, X, y, reg):
    N = len(y)
    scores = np.empty((N, W.shape[1]))
    np.matmul(X, W, out=scores)
    margins = scores - scores[np.arange(N), y, None] + 1
    np.maximum(margins, 0, out=margins)
    margins[np.arange(N), y] = 0
    loss = margins.mean() * W.shape[1] + reg * np.sum(np.square(W))
    dscores = np.where(margins > 0, 1 / N, 0)
    np.add.at(dscores, (np.arange(N), y), -dscores.sum(1))
    dW = X.T @ dscores + 2 * reg * W
    return loss, dW
""",
    "values kept in a dict": """\
def svm_loss(W, X, y, reg):
    kept = {"rows": np.arange(len(y))}
    kept["scores"] = X @ W
    kept["margins"] = np.maximum(0, kept["scores"] - kept["scores"][kept["rows"], y][:, None] + 1)
    kept["margins"][kept["rows"], y] = 0
    loss = kept["margins"].sum() / len(y) + reg * np.sum(W * W)
    kept["d"] = (kept["margins"] > 0) / len(y)
    kept["d"][kept["rows"], y] -= kept["d"].sum(axis=1)
    return loss, X.T @ kept["d"] + 2 * reg * W
""",
    "aliases and views": """\
def svm_loss(W, X, y, reg):
    N = len(y)
    scores = X @ W
    s = scores
    flat = s.reshape(-1)
    right = flat[np.arange(N) * W.shape[1] + y]
    margins = (s.T - right + 1).T
    m = margins
    m[m < 0] = 0
    m[np.arange(N), y] = 0
    loss = margins.sum() / N + reg * np.vdot(W, W)
    d = (m > 0) * 1.0
    dd = d
    dd[np.arange(N), y] -= d.sum(1)
    return loss, X.T @ d / N + 2 * reg * W
""",
    "row by row": """\
def svm_loss(W, X, y, reg):
    loss, dW = reg * np.sum(W * W), 2 * reg * W
    for x, label in zip(X, y):
        s = x @ W
        m = np.maximum(0, s - s[label] + 1)
        m[label] = 0
        loss = loss + m.sum() / len(X)
        d = (m > 0) / len(X)
        d[label] = -d.sum()
        dW = dW + np.outer(x, d)
    return loss, dW
""",
    "a function inside": """\
def svm_loss(W, X, y, reg):
    def hinge(s):
        m = np.maximum(0, s - s[np.arange(len(y)), y][:, None] + 1)
        m[np.arange(len(y)), y] = 0
        return m
    margins = hinge(X @ W)
    d = (margins > 0) / len(y)
    d[np.arange(len(y)), y] = -d.sum(1)
    return margins.sum() / len(y) + reg * (W ** 2).sum(), X.T @ d + 2 * reg * W
""",
}
SOFTMAX = {
    "unnormalised, mask of labels": """\
def softmax_loss(W, X, y, reg):
    N, C = len(X), W.shape[1]
    mask = y[:, None] == np.arange(C)
    scores = X @ W
    shifted = scores - scores.max(1, keepdims=True)
    exp_scores = np.exp(shifted)
    sums = exp_scores.sum(1, keepdims=True)
    data_loss = (np.log(sums[:, 0]) - shifted[mask]).sum() / N
    reg_loss = reg * np.sum(W ** 2)
    loss = data_loss + reg_loss
    dscores = exp_scores / sums - mask
    dW = X.T @ dscores / N + 2 * reg * W
    return loss, dW
""",
    "tuples, early zeros": """\
def softmax_loss(W, X, y, reg):
    loss, dW = 0.0, np.zeros_like(W)
    N, rows = len(X), np.arange(len(X))
    scores = X @ W
    scores, reg_loss = scores - scores.max(axis=1)[:, None], reg * (W * W).sum()
    probs = np.exp(scores)
    probs /= probs.sum(axis=1)[:, None]
    loss += -np.log(probs[rows, y]).mean()
    loss += reg_loss
    dscores = probs
    dscores[rows, y] -= 1
    dscores /= N
    dW += X.T @ dscores
    dW += 2 * reg * W
    return loss, dW
""",
    "every gradient named": """\
def softmax_loss(W, X, y, reg):
    N, rows = len(X), np.arange(len(X))
    scores = X @ W
    shifted = scores - scores.max(axis=1, keepdims=True)
    exp_scores = np.exp(shifted)
    sums = exp_scores.sum(axis=1, keepdims=True)
    probs = exp_scores / sums
    data_loss = -np.log(probs[rows, y]).sum() / N
    loss = data_loss + reg * np.sum(W * W)
    grad_probs = np.zeros_like(probs)
    grad_probs[rows, y] = -1 / probs[rows, y] / N
    grad_sums = -(grad_probs * exp_scores / sums ** 2).sum(axis=1, keepdims=True)
    grad_exp_scores = grad_probs / sums + grad_sums
    grad_shifted = grad_exp_scores * exp_scores
    grad_scores = grad_shifted
    dW = X.T @ grad_scores + 2 * reg * W
    return loss, dW
""",
    "with and loops": """\
def softmax_loss(W, X, y, reg):
    with np.errstate(over="raise"):
        N = len(X)
        scores = X @ W
        for i in range(N):
            scores[i] -= scores[i].max()
        probs = np.exp(scores)
        for row in probs:
            row /= row.sum()
        loss = -sum(np.log(p[label]) for p, label in zip(probs, y)) / N + reg * np.sum(W * W)
        dscores = probs.copy()
        for i in range(N):
            dscores[i, y[i]] -= 1
        dW = X.T @ dscores / N + 2 * reg * W
    return loss, dW
""",
    "no shift": """\
def softmax_loss(W, X, y, reg):
    scores = X @ W
    logs = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
    loss = -logs[np.arange(len(y)), y].mean() + reg * np.sum(W * W)
    dlogs = np.zeros_like(logs)
    dlogs[np.arange(len(y)), y] = -1 / len(y)
    dscores = dlogs - np.exp(logs) * dlogs.sum(axis=1, keepdims=True)
    return loss, X.T @ dscores + 2 * reg * W
""",
}


def running(exercise, function):
    """The exercise's plan as a function of inputs, as `check` runs it."""

    def run(inputs):
        copies = {name: value.copy() if isinstance(value, np.ndarray) else value for name, value in inputs.items()}
        return run_plan(exercise.plan, {exercise.plan[0].function: function}, copies)

    return run


def checked(name, text, seed=0, size=None, **namespace):
    """What `consistency` makes of a cell's text."""
    exercise, function = a1().exercises[name], defined(text, name, **namespace)
    inputs = draw_inputs(exercise, np.random.default_rng(seed), size)
    return consistency(exercise, running(exercise, function), inputs, function)


def right_programs():
    """(exercise, style, text) of every right answer that the tests know."""
    for name, more in (("svm_loss", SVM), ("softmax_loss", SOFTMAX)):
        solution = a1_solutions()[name]
        yield name, "reference", solution.answer
        for style, text in {**solution.equivalents, **more}.items():
            yield name, style, text
    for program in programs(0):
        if not program.planted:
            yield program.exercise, program.style, program.text


RIGHT = list(right_programs())


@pytest.mark.parametrize(("name", "style", "text"), RIGHT, ids=[f"{n}: {s}" for n, s, _ in RIGHT])
@pytest.mark.parametrize("seed", [0, 493])
def test_a_right_program_is_consistent_in_every_style(name, style, text, seed):
    """No right answer is called inconsistent, whatever it is written like."""
    found = checked(name, text, seed)
    assert found.agreement is Agreement.AGREE, found.findings
    assert (found.findings, found.lines, found.stages) == ((), (), {})


def test_there_are_ten_styles_of_each_exercise():
    """The test above stands on enough of them."""
    assert all(sum(name == known for known, _, _ in RIGHT) >= 10 for name in NAMES)


@settings(max_examples=40, deadline=None)
@given(
    name=st.sampled_from(NAMES),
    size=st.fixed_dictionaries({"N": st.integers(1, 9), "D": st.integers(1, 9), "C": st.integers(2, 6)}),
    seed=st.integers(0, 10**6),
)
def test_the_reference_is_consistent_at_any_size(name, size, seed):
    """Sizes and numbers never make a right answer inconsistent; a kink may leave it open."""
    found = checked(name, a1_solutions()[name].answer, seed, size)
    assert found.agreement is not Agreement.DISAGREE


# --- mistakes ----------------------------------------------------------------------------------------------------


def planted(name):
    """(style, mistake, text, changed line): backward mistakes in each flat answer that they fit in, others in one."""
    solution, exercise = a1_solutions()[name], a1().exercises[name]
    inputs = draw_inputs(exercise, np.random.default_rng(0))
    for style, base in {"reference": solution.answer, **solution.equivalents}.items():
        try:
            flat = staged(exercise, base, {"np": np})
        except StagedError:
            continue
        for mistake in solution.mistakes:
            fits = flat.fits(mistake.stage, mistake.edit) and (mistake.stage in BACKWARD or style == "reference")
            text = flat.edited(mistake.stage, mistake.edit) if fits else None
            if text is None:
                continue
            try:
                with np.errstate(all="ignore"):
                    running(exercise, defined(text, name))(inputs)
            except (NameError, TypeError, ValueError):  # the edit reads what this style does not have
                continue
            pairs = zip(base.split("\n"), text.split("\n"), strict=True)
            yield style, mistake, text, next(i for i, (a, b) in enumerate(pairs, 1) if a != b)


@cache
def judged(name):
    return [(*row, checked(name, row[2])) for row in planted(name)]


# In a style that divides by N in dW only, these do not divide at all: then the first line that could have is named.
AMBIGUOUS = {
    (name, style, f"{short}-dW-{what}")
    for name, short in (("svm_loss", "svm"), ("softmax_loss", "sm"))
    for style in ("dividing by N late", "a mask of ones and its counts")
    for what in ("timesN", "noN")
}


@pytest.mark.parametrize(("name", "least"), [("svm_loss", 70), ("softmax_loss", 50)])
def test_every_backward_mistake_is_found_on_its_line(name, least):
    """Each known mistake in dmargins, dscores or dW gives one finding, at its stage, with its line among the lines."""
    rows = [row for row in judged(name) if row[1].stage in BACKWARD]
    assert len(rows) >= least
    for style, mistake, text, line, found in rows:
        case = (name, style, mistake.tag)
        assert found.agreement is Agreement.DISAGREE, case
        assert len(found.findings) == 1, (case, found.findings)
        if case not in AMBIGUOUS:
            assert found.findings[0].stage == mistake.stage, (case, found.findings)
            assert line in found.lines or text.split("\n")[line - 1].strip() == "pass", (case, found)


@pytest.mark.parametrize("name", NAMES)
def test_a_forward_mistake_does_not_fit_or_is_consistent(name):
    """A wrong forward pass is a finding exactly if the gradient is not the slope of the wrong loss."""
    exercise = a1().exercises[name]
    inputs = draw_inputs(exercise, np.random.default_rng(0))
    rows = [row for row in judged(name) if row[1].stage not in BACKWARD]
    verdicts = []
    for style, mistake, text, _, found in rows:
        run = running(exercise, defined(text, name))
        slope = np.zeros_like(inputs["W"])
        with np.errstate(all="ignore"):
            for i in np.ndindex(*slope.shape):
                step = np.zeros_like(slope)
                step[i] = 1e-6
                ends = [run({**inputs, "W": inputs["W"] + sign * step})["loss"] for sign in (1, -1)]
                slope[i] = (ends[0] - ends[1]) / 2e-6
            gap = np.abs(slope - run(inputs)["dW"]).max() / np.abs(slope).max()
        if np.isfinite(gap):
            expected = Agreement.AGREE if gap < 1e-6 else Agreement.DISAGREE
            assert found.agreement is expected, (style, mistake.tag, gap)
        else:
            assert found.agreement is not Agreement.AGREE
        verdicts.append(found.agreement)
    assert verdicts.count(Agreement.DISAGREE) >= 20
    assert verdicts.count(Agreement.AGREE) >= 1


def test_other_peoples_styles_never_get_more_findings_than_mistakes():
    """In twelve further styles every single backward mistake is found, and no program is blamed for more than it has."""
    single = 0
    for program in programs(4):
        if not program.planted:
            continue
        found = checked(program.exercise, program.text)
        assert len(found.findings) <= len(program.planted), (program, found.findings)
        if len(program.planted) == 1 and program.planted[0] in BACKWARD:
            assert len(found.findings) == 1, program
            single += 1
    assert single >= 45


def test_what_the_lines_say():
    """Which of the gradient lines follow is told for those that were compared."""
    text = a1_solutions()["svm_loss"].answer.replace("-= dscores.sum(axis=1)", "-= 1 / N")
    found = checked("svm_loss", text)
    assert found.stages == {"dmargins": True, "dscores": False, "dW": True}
    assert found.lines == (6, 13, 14)


def test_a_convention_above_a_right_output_is_silent():
    """dmargins as mask, dscores times N: no finding while dW is right, and only dW's own when it is not."""
    for style, factor_of_reg in (("the mask in dmargins", "reg"), ("dividing by N late", "reg")):
        text = a1_solutions()["svm_loss"].equivalents[style]
        assert checked("svm_loss", text).findings == ()
        found = checked("svm_loss", text.replace("2 * reg", factor_of_reg))
        assert [finding.stage for finding in found.findings] == ["dW"]


# --- code that is not flat ---------------------------------------------------------------------------------------

NOT_FLAT = {
    "it is defined inside another function": "def make():\n    k = 2\n    def f(x):\n        return k * x\n    return f\nf = make()\n",
    "it holds a function or a generator of its own": "def f(x):\n    g = lambda v: v * v\n    return g(x)\n",
    "a loop returns": "def f(x):\n    for i in range(3):\n        return x\n",
    "it does not return": "def f(x):\n    y = x\n",
    "its results are not written out behind return": "def f(x):\n    return x, x\n",
    "it raises ZeroDivisionError": "def f(x):\n    y = 1 / 0\n    return y\n",
}


@pytest.mark.parametrize("reason", NOT_FLAT)
def test_code_that_is_not_flat_says_why(reason):
    """Each way of not being flat has its own half sentence."""
    with pytest.raises(NotFlatError) as error:
        Rerun(defined(NOT_FLAT[reason], "f"), [2.0], ["y"])
    assert str(error.value) == reason


def test_a_function_without_text_is_not_flat():
    """What was made by exec of a text that nobody kept cannot be taken apart."""
    space = {}
    exec("def f(x):\n    return x\n", space)
    with pytest.raises(NotFlatError, match=r"^its text is not known$"):
        Rerun(space["f"], [2.0], ["y"])


def test_code_that_is_not_flat_is_still_told_whether():
    """A function inside hides the lines; the gradient is compared all the same."""
    wrong = SVM["a function inside"].replace("2 * reg * W", "reg * W")
    found = checked("svm_loss", wrong)
    assert found.agreement is Agreement.DISAGREE
    assert [finding.line for finding in found.findings] == [0]
    assert (found.lines, found.stages) == ((), {})


def test_a_second_run_that_differs_is_not_believed():
    """Where the rest of the pass cannot be run again (a helper that changes its argument), no line is named."""
    text = """\
def shift(s):
    s -= s.max(axis=1, keepdims=True)

def softmax_loss(W, X, y, reg):
    scores = X @ W
    shift(scores)
    e = np.exp(scores)
    p = e / e.sum(axis=1, keepdims=True)
    loss = -np.log(p[np.arange(len(y)), y]).mean() + reg * np.sum(W * W)
    dscores = p.copy()
    dscores[np.arange(len(y)), y] -= 1
    dscores /= len(y)
    return loss, X.T @ dscores + 2 * reg * W
"""
    assert checked("softmax_loss", text).agreement is Agreement.AGREE
    found = checked("softmax_loss", text.replace("2 * reg * W", "reg * W"))
    assert [finding.stage for finding in found.findings] == ["dW"]


ROUNDED = {
    "inputs": ("N = X.shape[0]", "X, W, N = X.astype(np.float32), W.astype(np.float32), X.shape[0]"),
    "scores": ("scores = X @ W", "scores = (X @ W).astype(np.float32)"),
    "data_loss": ("reg_loss =", "data_loss = np.float32(data_loss); reg_loss ="),
    "loss": ("return loss", "return np.float32(loss)"),
    "dW": ("return loss, dW", "return loss, dW.astype(np.float32)"),
    "six digits": ("return loss", "return round(loss, 6)"),
    "random numbers": ("return loss", "return loss + 1e-3 * np.random.default_rng().random()"),
}


def test_code_that_minds_a_disturbance_is_told_whether():
    """A helper that refuses probabilities which do not sum to 1 hides the lines, not the verdict."""
    text = """\
def log_loss(probs, y):
    if not np.allclose(probs.sum(axis=1), 1, rtol=0, atol=1e-12):
        raise ValueError("no probabilities")
    return -np.log(probs[np.arange(len(y)), y]).mean()

def softmax_loss(W, X, y, reg):
    scores = X @ W
    probs = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    loss = log_loss(probs, y) + reg * np.sum(W * W)
    dprobs = np.zeros_like(probs)
    dscores = probs.copy()
    dscores[np.arange(len(y)), y] -= 1
    dW = X.T @ dscores / len(y) + reg * W
    return loss, dW
"""
    found = checked("softmax_loss", text)
    assert [(finding.stage, finding.line) for finding in found.findings] == [("dW", 0)]
    assert checked("softmax_loss", text.replace("+ reg * W\n", "+ 2 * reg * W\n")).agreement is Agreement.AGREE


@pytest.mark.parametrize("where", ROUNDED)
@pytest.mark.parametrize("name", NAMES)
def test_rounding_to_float32_is_never_called_inconsistent(name, where):
    """Slopes of a loss that is rounded on its way cannot be measured finely: no verdict against a right gradient."""
    text = a1_solutions()[name].answer.replace(*ROUNDED[where])
    assert text != a1_solutions()[name].answer
    assert all(checked(name, text, seed).agreement is not Agreement.DISAGREE for seed in range(5))
    if where != "random numbers":
        wrong = [checked(name, text.replace("2 * reg", "reg"), seed).agreement for seed in range(5)]
        assert wrong == [Agreement.DISAGREE] * 5


# --- other contracts ---------------------------------------------------------------------------------------------

OTHERS = """
[matrix_multiply]
title = "a product, and its gradients for a given dy"
call = "matrix_multiply(x, w, dy)"
returns = ["y", "dx", "dw"]
points = 1
inputs = { x = { shape = "N D" }, w = { shape = "D C" }, dy = { shape = "N C" } }

[layer]
title = "a layer of two calls"
plan = ["out, cache = forward(x, w)", "dx, dw = backward(dout, cache)"]
returns = ["out", "dx", "dw"]
points = 1
inputs = { x = { shape = "N D" }, w = { shape = "D C" }, dout = { shape = "N C" } }

[circuit]
title = "f = x * y + z"
call = "circuit(x, y, z)"
returns = ["f", "grad_x", "grad_y", "grad_z"]
points = 1
inputs = { x = {}, y = {}, z = {} }

[two_layers]
title = "mean of squares after two layers"
call = "two_layers(X, W1, W2)"
returns = ["loss", "dW1", "dW2"]
points = 1
inputs = { X = { shape = "N D" }, W1 = { shape = "D H" }, W2 = { shape = "H C" } }

[no_gradient]
title = "a number"
call = "no_gradient(x)"
returns = ["f"]
points = 1
inputs = { x = {} }
"""


@pytest.fixture
def others(tmp_path: Path):
    """Contracts in other forms than a loss of arrays."""
    (tmp_path / "exercises.toml").write_text(OTHERS)
    return load_assignment(tmp_path).exercises


def test_an_output_that_is_an_array_is_weighed_by_its_upstream_gradient(others):
    """y with an input dy: the gradients are those of sum(y * dy), and the line is found."""
    text = "def matrix_multiply(x, w, dy):\n    y = x @ w\n    dx = dy @ w.T\n    dw = x.T @ dy\n    return y, dx, dw\n"
    exercise = others["matrix_multiply"]
    inputs = draw_inputs(exercise, np.random.default_rng(0))
    for wrong, stages in (("x.T @ dy", []), ("2 * (x.T @ dy)", ["dw"])):
        function = defined(text.replace("x.T @ dy", wrong), "matrix_multiply")
        found = consistency(exercise, running(exercise, function), inputs, function)
        assert [finding.stage for finding in found.findings] == stages
    assert str(found.findings[0]) == (
        "dw (line 4) does not fit y (line 2): it is twice the slope. Compare the constant factors of the two lines."
    )


def test_a_plan_of_two_calls_is_told_whether(others):
    """Nothing is known of the lines of a layer, but its gradients are compared."""
    exercise = others["layer"]
    inputs = draw_inputs(exercise, np.random.default_rng(0))
    space = {"forward": lambda x, w: (x @ w, (x, w)), "backward": lambda d, cache: (d @ cache[1].T, cache[0].T @ d)}
    assert consistency(exercise, lambda i: run_plan(exercise.plan, space, i), inputs).agreement is Agreement.AGREE
    space["backward"] = lambda d, cache: (-d @ cache[1].T, cache[0].T @ d)
    found = consistency(exercise, lambda i: run_plan(exercise.plan, space, i), inputs)
    assert [str(finding) for finding in found.findings] == ["dx does not fit out: it is the opposite of the slope."]


def test_scalars_have_slopes_too(others):
    """Gates on numbers: grad_ names, and a wrong one is found on its line."""
    text = """\
def circuit(x, y, z):
    q = x * y
    f = q + z
    grad_f = 1.0
    grad_q = grad_f
    grad_z = grad_f
    grad_x = grad_q * y
    grad_y = grad_q * x
    return f, grad_x, grad_y, grad_z
"""
    exercise = others["circuit"]
    inputs = draw_inputs(exercise, np.random.default_rng(0))
    function = defined(text, "circuit")
    assert consistency(exercise, running(exercise, function), inputs, function).agreement is Agreement.AGREE
    function = defined(text.replace("grad_q = grad_f", "grad_q = 2 * grad_f"), "circuit")
    found = consistency(exercise, running(exercise, function), inputs, function)
    assert [str(finding) for finding in found.findings] == [
        "grad_q (line 5) does not fit f (line 3): it is twice the slope. Compare the constant factors of the two lines."
    ]


def test_a_stage_above_a_right_output_is_left_alone(others):
    """dout without its 1/N is made good in the right dW2: of the wrong dW1 only the lines below dout are named."""
    text = """\
def two_layers(X, W1, W2):
    N = len(X)
    h = X @ W1
    out = h @ W2
    loss = (out ** 2).sum() / N
    dout = 2 * out
    dW2 = h.T @ dout / N
    dh = dout @ W2.T
    dW1 = X.T @ dh / N
    return loss, dW1, dW2
"""
    exercise = others["two_layers"]
    inputs = draw_inputs(exercise, np.random.default_rng(0))
    for edit, said in (
        ("X.T @ dh / N", []),
        ("X.T @ dh", ["dh (line 8) does not fit out (line 4): it is N times the slope (N = 5)."]),
    ):
        function = defined(text.replace("X.T @ dh / N", edit), "two_layers")
        found = consistency(exercise, running(exercise, function), inputs, function)
        assert [finding.what for finding in found.findings] == said


def test_without_gradients_there_is_nothing_to_compare(others):
    """An exercise without gradients is neither consistent nor not."""
    found = consistency(others["no_gradient"], lambda inputs: {"f": 1.0}, {"x": 1.0})
    assert found.agreement is Agreement.INCONCLUSIVE


# --- measuring ---------------------------------------------------------------------------------------------------


def test_a_kink_is_told_from_a_mistake():
    """|x| has no slope at 0: that entry is excused, a wrong entry elsewhere is not, and nothing but kinks is open."""

    def function(x):
        return float(np.abs(x).sum())

    at = np.array([0.0, 1e-7, -2.0, 3.0, 4.0, -5.0])
    assert measure(function, at, np.sign(at)).agreement is Agreement.AGREE
    assert measure(function, at, np.array([1.0, 1, -1, 1, 1, -1])).agreement is Agreement.AGREE
    assert measure(function, at, np.array([0.0, 1, -1, 1, 1.01, -1])).agreement is Agreement.DISAGREE
    assert measure(function, np.zeros(6), np.ones(6)).agreement is Agreement.INCONCLUSIVE


def test_curvature_is_no_kink():
    """A strongly bent smooth function is measured all the same, and a small error in it is seen."""

    def function(x):
        return float(np.sum(np.exp(8 * x)))

    at = np.linspace(-1, 0.5, 7)
    slope = 8 * np.exp(8 * at)
    assert measure(function, at, slope).agreement is Agreement.AGREE
    assert measure(function, at, slope * 1.001).agreement is Agreement.DISAGREE


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_nan_never_agrees(bad):
    """A claim that is not finite is not the slope of anything."""
    assert measure(lambda x: float(x.sum()), np.ones(4), np.array([1.0, 1, bad, 1])).agreement is not Agreement.AGREE


@given(
    slope=st.lists(st.floats(-10, 10).filter(lambda v: abs(v) > 1e-3), min_size=2, max_size=6),
    size=st.integers(3, 50),
    name=st.sampled_from(["0", "2", "1/2", "-1", "N", "1/N"]),
)
def test_a_factor_is_named(slope, size, name):
    """Each of the usual factors is recognised, and 1 and 3.3 are none of them."""
    array = np.array(slope)
    assert factor(factors(size)[name] * array, array, size) == name
    assert factor(array, array, size) == ""
    assert factor(3.3 * array, array, size) == ""


def test_directions_see_one_wrong_entry_of_thirty_thousand():
    """At real width, a change of one entry of dW by a thousandth is seen, and the rounding of all is not."""
    exercise, solution = a1().exercises["softmax_loss"], a1_solutions()["softmax_loss"]
    inputs = draw_inputs(exercise, np.random.default_rng(1), {"N": 20, "D": 3073, "C": 10})
    inputs["W"] /= np.sqrt(3073)
    right = running(exercise, defined(solution.answer, "softmax_loss"))
    assert fits_along(exercise, right, inputs)
    wrong = solution.answer.replace("    return loss", "    dW[5, 3] *= 1.001\n    return loss")
    assert wrong != solution.answer
    assert not fits_along(exercise, running(exercise, defined(wrong, "softmax_loss")), inputs)
    rounded = solution.answer.replace("return loss, dW", "return loss, dW.astype(np.float32)")
    assert fits_along(exercise, running(exercise, defined(rounded, "softmax_loss")), inputs)


# --- running again -----------------------------------------------------------------------------------------------


def test_the_path_that_was_taken_is_what_is_run_again():
    """Of an if only the branch that ran; the statements that the loss does not need are not forward."""
    text = """\
def f(x):
    n = len(x)
    if n > 2:
        y = x * 2
    else:
        y = x * 3
    unused = y + 1
    total = y.sum()
    dx = np.full(n, 2.0)
    return total, dx
"""
    own = Rerun(defined(text, "f"), [np.arange(3.0)], ["total", "dx"])
    assert [own.steps[i].line for i in own.forward] == [4, 8]
    assert own.outputs["total"] == 6.0
    assert own.points("y") == [2]
    value, _ = own.disturbed(2, "y")(np.ones(3))
    assert value == 3.0
    assert own.outputs["total"] == own.disturbed(0, "x")(np.arange(3.0))[0]


def test_a_cut_puts_the_undisturbed_value_back():
    """What the disturbed pass came to is kept, and the rest goes on from the old value."""
    text = "def f(x):\n    y = x * x\n    z = y.sum() + x.sum()\n    return z\n"
    own = Rerun(defined(text, "f"), [np.array([1.0, 2.0])], ["z"])
    [point] = own.points("y")
    value, found = own.disturbed(0, "x", [(point, "y")])(np.array([3.0, 2.0]))
    assert value == 1 + 4 + 3 + 2
    assert found["y"].tolist() == [9.0, 4.0]


def test_names_of_one_array_stay_one_array():
    """After a disturbance an alias still sees what is done to its array."""
    text = "def f(x):\n    y = x * 1\n    alias = y\n    alias[0] = 5\n    return y.sum() + alias.sum()\n"
    own = Rerun(defined(text, "f"), [np.array([1.0, 2.0])], ["z"])
    value, _ = own.disturbed(2, "y")(np.array([7.0, 8.0]))
    assert value == 26.0


def test_a_pass_that_cannot_be_repeated_is_noticed():
    """A change that no statement shows (a helper's, an alias' that the loss does not name) makes it unfaithful."""
    text = "def f(x):\n    y = x * 1\n    alias = y\n    alias[0] = 5\n    return y.sum()\n"
    own = Rerun(defined(text, "f"), [np.array([1.0, 2.0])], ["z"])
    assert own.outputs["z"] == 7.0
    assert not own.faithful(1, "y")


def test_the_original_inputs_stay_as_they_are():
    """Running a function apart, and again, changes none of the caller's arrays."""
    x = np.ones(3)
    own = Rerun(defined("def f(x):\n    x *= 2\n    return x.sum()\n", "f"), [x], ["z"])
    own.disturbed(0, "x")(np.zeros(3))
    assert x.tolist() == [1, 1, 1]


@pytest.mark.parametrize(
    ("name", "of"), [("dscores", "scores"), ("grad_q", "q"), ("scores", ""), ("d", ""), ("data_loss", "ata_loss")]
)
def test_gradients_are_known_by_their_names(name, of):
    """d and grad_ in front; what that leaves must then be a name of the forward pass."""
    assert slope_of(name) == of
