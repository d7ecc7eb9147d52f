"""Every sentence that `check` can say, read whole."""

import numpy as np
import pytest
from support.course import A1, a1_solutions, defined

from flatgrade.core.finding import Finding, Verdict
from flatgrade.student.check import look
from flatgrade.student.result import CheckResult, Row, State

SVM = a1_solutions()["svm_loss"].answer
SOFTMAX = a1_solutions()["softmax_loss"].answer
LECTURE = 'On "lecture 4: one example with scores -2.85, 0.86, 0.28 and label 2", '
BY_HAND = "The case is small: work it out by hand, line by line."


def looked(text, name="svm_loss", folder=A1, function="", **namespace):
    function = function or name
    return look(name, {function: defined(text, function, **namespace)} if text else {}, folder)


def edited(old, new, text=SVM):
    assert text.count(old) == 1, old
    return text.replace(old, new)


def said(result):
    """Facts and advices of the findings, in order."""
    return [line for finding in result.findings for line in (finding.what, finding.advice)]


# --- before the function is called -------------------------------------------------------------------------------


def test_not_a_name():
    """check(svm_loss) instead of check("svm_loss")."""
    function = defined(SVM, "svm_loss")
    result = look(function, {"svm_loss": function}, A1)
    assert said(result) == ["check takes the name of an exercise, in quotes.", 'Write check("svm_loss").']


def test_no_contract(tmp_path):
    """A notebook far from its assignment."""
    result = looked(SVM, folder=tmp_path)
    assert result.verdict is Verdict.MISSING
    assert said(result) == [
        "There is no exercises.toml in this folder or above it.",
        "Open the notebook in the folder of its assignment, where exercises.toml lies beside it.",
    ]


def test_a_broken_contract(tmp_path):
    """The staff's mistake, named as such."""
    (tmp_path / "exercises.toml").write_text("[svm_loss\n")
    result = looked(SVM, folder=tmp_path)
    assert result.verdict is Verdict.GRADER_FAULT
    assert result.findings[0].what.startswith(f"{tmp_path.name}/exercises.toml is not valid TOML: Expected ']'")
    assert result.findings[0].advice == "This is not your fault: tell the course staff."


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("svm_los", 'Did you mean "svm_loss"?'),
        ("knn", "The exercises of this assignment: svm_loss, softmax_loss."),
    ],
)
def test_an_unknown_exercise(name, advice):
    """A name that the contract does not have, near to one that it has or not."""
    result = look(name, {}, A1)
    assert result.verdict is Verdict.MISSING
    known = said(result)
    assert known == [f'There is no exercise "{name}".', advice]


def test_an_unknown_exercise_of_an_empty_contract(tmp_path):
    """There is nothing to choose from."""
    (tmp_path / "exercises.toml").write_text("")
    assert said(looked("", folder=tmp_path))[1] == "The exercises of this assignment: none."


def test_not_defined():
    """The cell with the function was not run."""
    result = looked("")
    assert result.verdict is Verdict.MISSING
    assert said(result) == ["svm_loss is not defined.", "Run the cell that defines svm_loss, then this one."]


def test_not_a_function():
    """The name holds something else."""
    result = look("svm_loss", {"svm_loss": 3.0}, A1)
    assert said(result) == [
        "svm_loss is a float, not a function.",
        "Run the cell that defines svm_loss, then this one.",
    ]


def test_a_fault_of_ours(monkeypatch):
    """No traceback, and whose fault it is."""

    def broken(*_):
        raise KeyError("lost")

    monkeypatch.setattr("flatgrade.student.public.compare_outputs", broken)
    assert said(looked(SVM)) == [
        "check itself stopped: KeyError: 'lost'.",
        "This is not your fault: tell the course staff.",
    ]


# --- not written -------------------------------------------------------------------------------------------------

STUB = """\
def svm_loss(W, X, y, reg):
    scores = ...
    margins, data_loss = ..., ...
    reg_loss = ...
    loss = ...
    dmargins = ...
    dscores = ...
    dW = ...
    return loss, dW
"""


def test_the_stub():
    """Where to begin."""
    assert said(looked(STUB)) == [
        "svm_loss is still the stub: none of its stages is written.",
        "Begin with scores in line 2: replace the ... by your own line.",
    ]


@pytest.mark.parametrize("body", ["pass", '"""Later."""\n    pass'])
def test_a_stub_of_pass(body):
    """A body that does nothing."""
    result = looked(f"def svm_loss(W, X, y, reg):\n    {body}\n")
    assert result.verdict is Verdict.NOT_WRITTEN
    assert said(result) == ["svm_loss is still the stub: it does nothing.", "Write its lines, then run its cell."]


def test_a_stub_that_raises():
    """nbgrader's own stub."""
    result = looked("def svm_loss(W, X, y, reg):\n    # your code here\n    raise NotImplementedError()\n")
    assert result.verdict is Verdict.NOT_WRITTEN
    assert said(result) == [
        "svm_loss is not written yet.",
        "Replace the line that raises NotImplementedError by your own.",
    ]


def test_a_stage_that_is_not_written():
    """The first one, whatever stops because of it."""
    result = looked(edited("scores = ...", "scores = X @ W", STUB.replace("dscores", "ds")))
    assert said(result) == ["margins (line 3) is not written yet.", "Replace the ... by your own line."]


def test_an_output_that_is_not_written():
    """Dots that are returned as they are."""
    assert said(looked(edited("return loss, dW", "return loss, ..."))) == [
        "dW is not written yet.",
        "Replace the ... by your own line.",
    ]


# --- the contract ------------------------------------------------------------------------------------------------

LAST_LINE = "Is its last line return loss, dW?"


@pytest.mark.parametrize(
    ("values", "fact", "advice"),
    [
        ("None", "svm_loss returns nothing; expected 2 values: loss, dW.", LAST_LINE),
        ("loss", "svm_loss returns one float64; expected 2 values: loss, dW.", LAST_LINE),
        ("loss, dW, 1", "svm_loss returns 3 values; expected 2 values: loss, dW.", LAST_LINE),
        ("loss, None", "dW is None.", "Does the function return dW?"),
        ("loss, dW.tolist()", "dW is of type list.", "Return a NumPy array or a number."),
        ("loss, dW.T", "dW has shape (3, 5), expected (5, 3).", "Is it the transpose?"),
        (
            "margins.sum(axis=1) / N, dW",
            "loss has shape (1,), expected () (one number).",
            "Is a sum or a mean missing?",
        ),
        ("(loss,)", "svm_loss returns 1 value; expected 2 values: loss, dW.", LAST_LINE),
        ("print(loss, dW)", "svm_loss returns nothing; expected 2 values: loss, dW.", LAST_LINE),
        ("{'loss': loss, 'dW': dW}", "svm_loss returns one dict; expected 2 values: loss, dW.", LAST_LINE),
        ("str(loss), dW", "loss is of type str.", "Return a NumPy array or a number."),
        ("[loss], dW", "loss is of type list.", "Return a NumPy array or a number."),
        (
            "loss, dW.astype(complex)",
            "dW holds values of type complex128, not numbers.",
            "Look for a root or a log of a negative number.",
        ),
        (
            "loss, dW > 0",
            "dW holds values of type bool, not numbers.",
            "Return the values themselves, not where a condition holds.",
        ),
        (
            "loss, dW.astype(object)",
            "dW holds values of type object, not numbers.",
            "Is a list, a text or None among its entries?",
        ),
        (
            "loss, dW.ravel()",
            "dW has shape (15,), expected (5, 3).",
            "The number of entries is right: is a reshape or keepdims the difference?",
        ),
        (
            "loss, dW[None]",
            "dW has shape (1, 5, 3), expected (5, 3).",
            "The number of entries is right: is a reshape or keepdims the difference?",
        ),
        ("loss, dW.sum(axis=0)", "dW has shape (3,), expected (5, 3).", "Was it summed over one axis too many?"),
        ("dW, loss", "loss has shape (5, 3), expected () (one number).", "Is a sum or a mean missing?"),
        (
            "loss, dW / 0",
            "dW is not finite: 15 of 15 values are infinite.",
            "Look for a division by zero, the root of a negative number, a log of zero, or an exp of a large number.",
        ),
    ],
)
def test_what_is_returned(values, fact, advice):
    """Count, type, exact shape, finite: before any number is compared."""
    text = edited("return loss, dW", f"dW = dW + 1e-9\n    return {values}")
    assert said(looked(text)) == [fact, advice]


@pytest.mark.parametrize(
    ("taken", "fact"),
    [
        ("W, X, y", "svm_loss takes W, X, y; it is called with W, X, y, reg."),
        ("W, X, y, reg, h", "svm_loss takes W, X, y, reg, h; it is called with W, X, y, reg."),
        ("X, W, y, reg", "svm_loss takes X, W, y, reg; it is called with W, X, y, reg."),
        ("", "svm_loss takes nothing; it is called with W, X, y, reg."),
    ],
)
def test_other_arguments(taken, fact):
    """Too few, too many, or in another order: the first line that is expected."""
    assert said(looked(edited("W, X, y, reg", taken))) == [fact, "Is its first line def svm_loss(W, X, y, reg):?"]


@pytest.mark.parametrize("taken", ["weights, data, labels, strength", "*given", "W, X, y, reg, h=1e-5"])
def test_arguments_may_have_other_names(taken):
    """What can be called as the contract calls it is right."""
    given = "given" if taken == "*given" else "weights, data, labels, strength"
    body = "" if taken.startswith("W,") else f"    W, X, y, reg = {given}\n"
    assert looked(edited("(W, X, y, reg):\n", f"({taken}):\n{body}")).verdict is Verdict.PASS


def test_a_changed_input():
    """With the line that changes it, where one does."""
    assert said(looked(edited("return loss, dW", "X *= 2\n    return loss, dW"))) == [
        "Your function changed X; work on a copy.",
        "Line 16 changes it in place.",
    ]
    hidden = edited("return loss, dW", "spoil(W)\n    return loss, dW")
    assert said(looked(hidden, spoil=lambda array: array.fill(0))) == [
        "Your function changed W; work on a copy.",
        "Begin with W = W.copy().",
    ]


# --- exceptions --------------------------------------------------------------------------------------------------

ON_LECTURE = ' on "lecture 4: one example with scores -2.85, 0.86, 0.28 and label 2"'


@pytest.mark.parametrize(
    ("line", "fact", "advice"),
    [
        (
            "X + np.ones(7)",
            "ValueError: operands could not be broadcast together with shapes (1,5) (7,)",
            "There, X has shape (1, 5).",
        ),
        (
            "undefined + 1",
            "NameError: name 'undefined' is not defined",
            "Is the name spelled as in the line that makes it?",
        ),
        (
            "late, late = late, 1",
            "UnboundLocalError: cannot access local variable 'late' where it is not associated with a value",
            "Is the name given a value before this line?",
        ),
        ("y + None", "TypeError: unsupported operand type(s) for +: 'int' and 'NoneType'", ""),
        (
            "X[9]",
            "IndexError: index 9 is out of bounds for axis 0 with size 1",
            "There, X has shape (1, 5).",
        ),
        ("int('x')", "ValueError: invalid literal for int() with base 10: 'x'", ""),
        ("raise SystemExit", "SystemExit", ""),
        ("raise ValueError('a\\n   b.')", "ValueError: a b", ""),
    ],
)
def test_an_exception(line, fact, advice):
    """One line, with the student's own line number; no traceback."""
    result = looked(edited("N = X.shape[0]", line))
    typed = "Look at what the names in this line hold: print(type(a))." if fact.startswith("TypeError") else advice
    assert result.verdict is Verdict.ERROR
    assert said(result) == [f"svm_loss stops in line 2{ON_LECTURE}: {fact}.", typed]
    assert result.excerpt == ((2, line.split("\n")[0]),)


def test_two_shapes_of_a_product():
    """The shapes that do not go together are named."""
    fact, advice = said(looked(edited("X @ W", "X @ W.T")))
    assert fact.startswith(f"svm_loss stops in line 5{ON_LECTURE}: ValueError: matmul: ")
    assert advice == "There, W has shape (5, 3) and X (1, 5). In A @ B, A has as many columns as B has rows."


@pytest.mark.parametrize(
    ("old", "new", "fact", "advice"),
    [
        (
            "N = X.shape[0]",
            "X = X.tolist()\n    N = X.shape[0]",
            "3{on}: AttributeError: 'list' object has no attribute 'shape'.",
            "There, X is a list, not an array: np.array(X) is one.",
        ),
        (
            "scores = X @ W",
            "scores = (X @ W).tolist()",
            "6{on}: TypeError: list indices must be integers or slices, not tuple.",
            "There, scores is a list, not an array: np.array(scores) is one.",
        ),
    ],
)
def test_a_list_where_an_array_is_needed(old, new, fact, advice):
    """Which name holds the list."""
    assert said(looked(edited(old, new))) == [f"svm_loss stops in line {fact.format(on=ON_LECTURE)}", advice]


def test_endless_recursion():
    """The advice names the likely reason."""
    fact, advice = said(looked(edited("N = X.shape[0]", "return svm_loss(W, X, y, reg)")))
    assert fact.startswith(f"svm_loss stops in line 2{ON_LECTURE}: RecursionError: maximum recursion depth exceeded")
    assert advice == "Does the function call itself?"


def test_an_exception_without_a_line():
    """A built-in has no lines."""
    [fact, _] = said(look("svm_loss", {"svm_loss": min}, A1))
    assert fact.startswith(f"svm_loss stops{ON_LECTURE}: ")


def test_too_much_memory():
    """Not a number of ours, but a question."""
    assert said(looked(edited("N = X.shape[0]", "np.empty(1 << 57)"))) == [
        "svm_loss needs more memory than there is.",
        "How large is the largest array?",
    ]


def test_too_much_time(tmp_path):
    """The limit of the contract is named."""
    contract = (A1 / "exercises.toml").read_text().replace("[assignment]", "[assignment]\nlimits.call_seconds = 0.2")
    (tmp_path / "exercises.toml").write_text(contract)
    result = looked(edited("N = X.shape[0]", "while True: pass"), folder=tmp_path)
    assert result.verdict is Verdict.TIMEOUT
    assert said(result) == [
        "svm_loss was stopped after 0.2 seconds.",
        "Look for a loop that never ends, or for one that could be a matrix product.",
    ]


def test_a_size_that_only_the_public_cases_have():
    """Beyond the public cases the sizes are named."""
    fact, advice = said(looked(edited("N = X.shape[0]", "N = X.shape[0]; X = X[:3] if N == 5 else X")))
    assert fact.startswith("svm_loss stops in line 6 for N = 5, D = 7, C = 4: IndexError: index 3 is out of bounds")
    assert advice == "There, y has shape (5,), rows (5,) and scores (3, 4)."


# --- figures -----------------------------------------------------------------------------------------------------


def test_a_wrong_figure_of_a_stage_and_an_output():
    """The stage where it starts, then the output."""
    assert said(looked(edited("margins[rows, y] = 0", "pass"))) == [
        f"{LECTURE}margins[0, 2] (line 6) is 1; expected 0.",
        BY_HAND,
        f"{LECTURE}loss (line 10) is 2.58; expected 1.58.",
        BY_HAND,
    ]


@pytest.mark.parametrize(
    ("new", "fact", "advice"),
    [
        ("2 * data_loss + reg_loss", "loss (line 10) is 3.16; expected 1.58.", "That is twice as much."),
        ("0.5 * data_loss + reg_loss", "loss (line 10) is 0.79; expected 1.58.", "That is half as much."),
        ("-data_loss + reg_loss", "loss (line 10) is -1.58; expected 1.58.", "Only the sign is different."),
        ("data_loss + reg_loss + 1", "loss (line 10) is 2.58; expected 1.58.", BY_HAND),
    ],
)
def test_a_wrong_figure_of_an_output(new, fact, advice):
    """Both numbers, and what their ratio says."""
    assert said(looked(edited("loss = data_loss + reg_loss", f"loss = {new}")))[:2] == [LECTURE + fact, advice]


def test_a_figure_in_float32():
    """Too few digits are named as the reason."""
    text = edited("return loss, dW", "return np.float16(loss), dW", SOFTMAX)
    assert said(looked(text, "softmax_loss"))[:2] == [
        'On "lecture 4: scores 3.2, 5.1, -1.7 (cat, car, frog) with label cat", loss is 2.041; expected 2.04.',
        "It is float16, which keeps too few digits: leave the arrays in float64.",
    ]


def test_a_figure_cut_to_a_whole_number():
    """The type of the array is named as the reason."""
    text = edited("margins[rows, y] = 0", "margins = margins.astype(int)\n    margins[rows, y] = 0")
    assert said(looked(text))[:2] == [
        f"{LECTURE}margins[0, 1] (line 8) is 1; expected 1.58.",
        "It holds whole numbers (int64): what stands behind the point was cut off.",
    ]


def test_a_stage_in_another_shape():
    """Shapes of stages are compared before their numbers."""
    text = edited("loss = data_loss + reg_loss", "loss = data_loss.sum() + reg_loss")
    result = looked(edited("np.sum(W * W)", "np.sum(W * W, axis=0)", text.replace("+ reg_loss", "+ reg_loss.mean()")))
    assert said(result)[:2] == [
        'On "all weights zero: the loss of C classes is C - 1", reg_loss (line 9) has shape (4,); expected ().',
        "",
    ]


# --- slopes ------------------------------------------------------------------------------------------------------

SHARE = "dW (line 15) does not fit {to}: the share that comes from {of} is {what}."
REG = {"to": "reg_loss (line 9)", "of": "reg_loss"}
SCORES = {"to": "scores (line 5)", "of": "scores"}
MEAN = "Where the loss takes the mean over N examples, its gradient is divided by N as well."
ONCE_MORE = "Is it divided by N once more than the loss is?"


@pytest.mark.parametrize(
    ("old", "new", "fact", "advice"),
    [
        (
            "+ 2 * reg * W",
            "",
            SHARE.replace("is {what}", "is missing").format(**REG),
            "W is used in lines 5 and 9, and every use adds its share to dW.",
        ),
        (
            "2 * reg",
            "reg",
            SHARE.format(**REG, what="half the slope"),
            "Compare the constant factors of the two lines: the derivative of a square has a factor 2.",
        ),
        (
            "2 * reg",
            "4 * reg",
            SHARE.format(**REG, what="twice the slope"),
            "Compare the constant factors of the two lines.",
        ),
        (
            "+ 2",
            "- 2",
            SHARE.format(**REG, what="the opposite of the slope"),
            "Compare the signs of the two lines: a gradient points to where the loss grows.",
        ),
        ("X.T @ dscores", "X.T @ dscores * N", SHARE.format(**SCORES, what="N times the slope (N = 5)"), MEAN),
        ("X.T @ dscores", "X.T @ dscores / N", SHARE.format(**SCORES, what="1/N of the slope (N = 5)"), ONCE_MORE),
        (
            "X.T @ dscores + 2 * reg * W",
            "(X.T @ dscores + 2 * reg * W) / 2",
            "dW (line 15) does not fit scores (line 5) and reg_loss (line 9): it is half the slope.",
            "Compare the constant factors of the two lines: the derivative of a square has a factor 2.",
        ),
        (
            "np.ones_like(margins) / N",
            "np.ones_like(margins)",
            "dmargins (line 12) does not fit data_loss (line 8): it is N times the slope (N = 5).",
            MEAN,
        ),
        (
            "np.ones_like(margins) / N",
            "np.zeros_like(margins) / N",
            "dmargins (line 12) does not fit data_loss (line 8): it is zero, the slope is not.",
            "dmargins is where the loss is felt by margins: is it computed, and kept?",
        ),
    ],
)
def test_a_plain_factor(old, new, fact, advice):
    """Which share of the gradient is off, and by what."""
    assert said(looked(edited(old, new))) == [fact, advice]


def test_no_plain_factor():
    """The largest difference is shown, with both lines."""
    result = looked(edited("dscores[rows, y] -= dscores.sum(axis=1)", "dscores[rows, y] -= 1 / N"))
    assert said(result) == [
        "dscores (lines 13 and 14) does not fit margins (line 6): dscores[4, 2] is -0.2, the slope is -0.6.",
        "Work out the derivative of line 6 by scores, and compare it with lines 13 and 14.",
    ]


def test_in_another_unit():
    """Where dW divides by N, dscores is compared with N times the slope."""
    text = a1_solutions()["svm_loss"].equivalents["dividing by N late"]
    result = looked(edited("dscores[rows, y] -= dscores.sum(axis=1)", "dscores[rows, y] -= 1", text))
    assert said(result) == [
        "dscores (lines 11 and 12) does not fit margins (line 5): "
        "dscores[0, 3] is -1, N times the slope (N = 5) is -3.",
        "Work out the derivative of line 5 by scores, and compare it with lines 11 and 12.",
    ]


def test_lines_of_unnamed_values():
    """Where the values have names of their own, all lines that made the gradient are named."""
    text = a1_solutions()["svm_loss"].equivalents["own names"]
    assert said(looked(edited("2 * reg * W", "reg * W", text))) == [
        "dW (lines 8 to 10) does not fit R (line 7): the share that comes from R is half the slope.",
        "Compare the constant factors of the two lines: the derivative of a square has a factor 2.",
    ]


CLOSED = """\
def svm_loss(W, X, y, reg):
    def hinge(s):
        m = np.maximum(0, s - s[np.arange(len(y)), y][:, None] + 1)
        m[np.arange(len(y)), y] = 0
        return m
    margins = hinge(X @ W)
    d = (margins > 0) / len(y)
    d[np.arange(len(y)), y] = -d.sum(1)
    return margins.sum() / len(y) + reg * (W ** 2).sum(), GRADIENT
"""
NAME_THEM = (
    "To learn which line it is, write one statement a line and name every value: "
    "scores, margins, data_loss, reg_loss, loss, dmargins, dscores, dW."
)


@pytest.mark.parametrize(
    ("gradient", "fact"),
    [
        ("2 * (X.T @ d + 2 * reg * W)", "dW does not fit loss: it is twice the slope."),
        ("X.T @ d", "dW does not fit loss: dW[3, 2] is 0.3089, the slope is 6.347."),
    ],
)
def test_code_that_is_not_flat(gradient, fact):
    """Whether, but not which line."""
    result = looked(CLOSED.replace("GRADIENT", gradient))
    assert said(result) == [fact, NAME_THEM]


def test_whole_numbers():
    """A gradient that cuts off what is added to it."""
    result = looked(edited("return loss, dW", "return loss, dW.astype(int)"))
    assert said(result)[:2] == [
        "dW holds whole numbers (int64): what is added to it is cut off.",
        "Make dW an array of floats.",
    ]


def test_a_gradient_in_float16():
    """Its type, before a difference that is only rounding."""
    assert said(looked(edited("return loss, dW", "return loss, dW.astype(np.float16)")))[:2] == [
        "dW is float16, which keeps too few digits.",
        "Leave the arrays in float64.",
    ]


def test_a_gradient_that_is_right_at_small_sizes_only(monkeypatch):
    """The run at real width tells what the small one cannot."""
    monkeypatch.setattr("flatgrade.student.public.WIDE_BY", 60.0)
    result = looked(edited("return loss, dW", "dW[3000:] *= 1.5\n    return loss, dW"))
    assert said(result) == [
        "dW fits loss for N = 5, D = 7, C = 4, and no longer for N = 20, D = 3073, C = 10.",
        "Is a size written as a number somewhere?",
    ]


# --- what is printed ---------------------------------------------------------------------------------------------


def test_megabytes_that_are_printed():
    """They cost nothing but are cut, and the verdict stands above them."""
    told = str(looked(edited("N = X.shape[0]", "print('ha' * 3_000_000); N = X.shape[0]"))).split("\n")
    assert told[0].rsplit(" (", 1)[0] == "✓ svm_loss: the 4 public cases are right, and dW fits loss."
    assert told[1:] == ["", "  The function printed:", f"  | {'ha' * 500} ..."]


# --- all right ---------------------------------------------------------------------------------------------------

PLAIN = """
[square]
title = "x * x"
call = "square(x)"
returns = ["y", "dx"]
points = 1
inputs = { x = { shape = "N" } }
[double]
title = "2 * x"
call = "double(x)"
returns = ["y"]
points = 1
inputs = { x = { shape = "N" } }
"""
CASE = '[[double.cases]]\nlabel = "one"\ninputs = { x = [1] }\nexpect = { y = [2] }\n'


def test_all_right():
    """One line."""
    assert looked(SVM).summary == "the 4 public cases are right, and dW fits loss."
    assert looked(SOFTMAX, "softmax_loss").summary == "the 6 public cases are right, and dW fits loss."


@pytest.mark.parametrize(
    ("toml", "name", "text", "summary"),
    [
        (PLAIN, "square", "def square(x):\n    return (x * x).sum(), 2 * x\n", "dx fits y."),
        (
            PLAIN,
            "square",
            "def square(x):\n    x = x.astype(np.float32)\n    return (x * x).sum(), 2 * x\n",
            "whether dx fits y could not be measured: y is float32, leave the arrays in float64.",
        ),
        (PLAIN, "double", "def double(x):\n    return 2 * x\n", "it runs."),
        (PLAIN + CASE, "double", "def double(x):\n    return 2 * x\n", "the public case is right."),
    ],
)
def test_all_right_in_other_contracts(toml, name, text, summary, tmp_path):
    """Nothing is claimed that was not compared."""
    (tmp_path / "exercises.toml").write_text(toml)
    result = looked(text, name, tmp_path)
    assert (result.verdict, result.summary) == (Verdict.PASS, summary)


# --- the whole text ----------------------------------------------------------------------------------------------


def test_a_right_answer_in_a_line():
    """Sign, name, sentence, time."""
    result = CheckResult("svm_loss", Verdict.PASS, "the 4 public cases are right, and dW fits loss.", seconds=0.0214)
    assert str(result) == "✓ svm_loss: the 4 public cases are right, and dW fits loss. (21 ms)"


def test_the_whole_text_of_a_wrong_answer():
    """Fact, advice, lines, table, and what was printed."""
    result = CheckResult(
        "svm_loss",
        Verdict.WRONG,
        "not right yet.",
        (Finding("dW does not fit.", "Look at line 9."), Finding("Another fact.")),
        ((9, "reg_loss = reg"), (15, "dW = X.T")),
        (
            Row("scores", 5, "(5, 4) = (N, C)", State.FITS),
            Row("data_loss", 8, "one number", State.WRITTEN),
            Row("dscores", 0, "(N, C)", State.UNSEEN, "no such name in your code"),
            Row("dW", 15, "(7, 4) = (D, C)", State.DIFFERS),
        ),
        "hello\nworld\n",
        0.034,
    )
    assert str(result) == (
        "✗ svm_loss: not right yet. (34 ms)\n"
        "\n"
        "  dW does not fit.\n"
        "  → Look at line 9.\n"
        "\n"
        "     9 | reg_loss = reg\n"
        "    15 | dW = X.T\n"
        "\n"
        "  Another fact.\n"
        "\n"
        "  stage      line  shape            state\n"
        "  scores        5  (5, 4) = (N, C)  ✓ fits\n"
        "  data_loss     8  one number       · not compared\n"
        "  dscores          (N, C)           · not seen: no such name in your code\n"
        "  dW           15  (7, 4) = (D, C)  ✗ does not fit\n"
        "\n"
        "  The function printed:\n"
        "  | hello\n"
        "  | world"
    )


@pytest.mark.parametrize(
    ("text", "first"),
    [
        (SVM, "✓ svm_loss: the 4 public cases are right, and dW fits loss."),
        (STUB, "… svm_loss: not written yet."),
        ("", "∅ svm_loss: not found."),
        (edited("2 * reg", "reg"), "✗ svm_loss: not right yet."),
        (edited("N = X.shape[0]", "1 / 0"), "! svm_loss: stopped."),
    ],
)
def test_the_first_line(text, first):
    """The verdict by sign and by word."""
    assert str(looked(text)).split("\n")[0].rsplit(" (", 1)[0] == first


def test_the_tests_plant_what_they_say():
    """The reference itself is right, so each message above comes from its edit."""
    assert looked(SVM).findings == ()
    assert np.isfinite(looked(SVM).seconds)
