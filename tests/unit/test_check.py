"""`check`: what it finds, where it looks, what it survives, and how it shows itself."""

import html.parser
import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from support.course import A1, a1_solutions, defined

from flatgrade.core.finding import Finding, Verdict
from flatgrade.core.timeout import TimeUp
from flatgrade.student import CheckResult, check
from flatgrade.student.check import look
from flatgrade.student.limits import PRINTED, guarded
from flatgrade.student.lookup import GRADING
from flatgrade.student.result import Row, State

SVM = a1_solutions()["svm_loss"].answer
SOFTMAX = a1_solutions()["softmax_loss"].answer
STUB = """\
def svm_loss(W, X, y, reg):
    N = X.shape[0]
    rows = np.arange(N)
    # forward
    scores = ...  # (N, C)
    margins = ...  # (N, C)
    data_loss = ...  # ()
    reg_loss = ...  # ()
    loss = ...  # ()
    # backward
    dmargins = ...  # (N, C)
    dscores = ...  # (N, C)
    dW = ...  # (D, C)
    return loss, dW
"""


def looked(text, name="svm_loss", **namespace):
    """What `check` finds for a cell's text."""
    return look(name, {name: defined(text, name, **namespace)}, A1)


def states(result):
    return {row.stage: row.state.symbol for row in result.rows}


def edited(old, new, text=SVM):
    assert text.count(old) == 1, old
    return text.replace(old, new)


def returning(values):
    return edited("return loss, dW", f"return {values}")


# --- verdicts ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["svm_loss", "softmax_loss"])
def test_right_answers_pass_in_every_style_with_one_line(name):
    """All right: one sentence, no findings, no table."""
    solution = a1_solutions()[name]
    texts = {"reference": solution.answer, **solution.equivalents}
    for style, text in texts.items():
        result = looked(text, name)
        assert result.verdict is Verdict.PASS, (style, result)
        assert (result.findings, result.rows, result.excerpt) == ((), (), ())
    assert len(texts) >= 8


def test_public_cases_decide_before_slopes():
    """A wrong loss is told by its figure, at the first stage that differs, and not by its gradient."""
    result = looked(edited("reg * np.sum", "0.5 * reg * np.sum"))
    assert result.verdict is Verdict.WRONG
    assert [finding.stage for finding in result.findings] == ["reg_loss", "loss"]
    assert result.excerpt == ((9, "reg_loss = 0.5 * reg * np.sum(W * W)  # ()"),)
    assert (states(result)["reg_loss"], states(result)["scores"]) == ("✗", "✓")


def test_a_stage_that_differs_is_no_news_while_the_outputs_are_right():
    """Another convention for a stage with a public figure passes."""
    text = edited("return loss, dW", "margins = m + 1\n    return loss, dW", SVM.replace("margins", "m"))
    assert looked(text).verdict is Verdict.PASS


def test_a_wrong_gradient_of_a_right_loss_is_told_by_the_slopes():
    """The figure of dW differs too, but the slopes know the line."""
    result = looked(edited("2 * reg * W", "reg * W"))
    assert [finding.stage for finding in result.findings] == ["dW"]
    assert [line for line, _ in result.excerpt] == [9, 15]
    assert states(result) == dict.fromkeys(states(result), "✓") | {"dW": "✗", "data_loss": "·"}


def test_a_line_that_follows_is_not_shown_as_wrong():
    """dW takes over the mistake of dscores: one cross, where it starts, although a figure of dW differs."""
    result = looked(edited("dscores[rows, y] -= dscores.sum(axis=1)", "dscores[rows, y] -= 1 / N"))
    assert [stage for stage, sign in states(result).items() if sign == "✗"] == ["dscores"]


def test_an_output_that_breaks_the_contract_is_shown_as_wrong():
    """dW is right inside the function, and transposed on its way out."""
    assert states(looked(returning("loss, dW.T")))["dW"] == "✗"


@pytest.mark.parametrize(
    ("values", "verdict"),
    [
        ("None", Verdict.WRONG),
        ("None, dW", Verdict.WRONG),
        ("loss", Verdict.WRONG),
        ("loss, dW, 1", Verdict.WRONG),
        ("loss, ...", Verdict.NOT_WRITTEN),
        ("[loss, dW]", Verdict.PASS),
        ("loss, dW.tolist()", Verdict.WRONG),
        ("loss, dW.T", Verdict.WRONG),
        ("loss, dW.sum(axis=0)", Verdict.WRONG),
        ("loss, dW[None]", Verdict.WRONG),
        ("loss, dW * np.nan", Verdict.WRONG),
        ("loss, dW.astype(complex)", Verdict.WRONG),
        ("loss, dW.astype(object)", Verdict.WRONG),
        ("loss, dW.astype(int)", Verdict.WRONG),
        ("loss, dW.astype(bool)", Verdict.WRONG),
        ("loss, dW.astype(np.float32)", Verdict.PASS),
        ("np.array([loss]), dW", Verdict.WRONG),
        ("np.array(loss), dW", Verdict.PASS),
        ("float(loss), dW", Verdict.PASS),
        ("str(loss), dW", Verdict.WRONG),
        ("True, dW", Verdict.WRONG),
        ("np.matrix(dW), loss", Verdict.WRONG),
        ("{'loss': loss, 'dW': dW}", Verdict.WRONG),
        ("iter((loss, dW))", Verdict.WRONG),
    ],
)
def test_whatever_is_returned_gets_a_verdict(values, verdict):
    """Lists, other ranks, other types: each has its verdict, and none stops check."""
    result = looked(returning(values))
    assert result.verdict is verdict, result
    assert bool(result.findings) == (verdict is not Verdict.PASS)


def test_a_half_written_function_shows_how_far_it_is_right():
    """What stands above the first `...` is compared with the figures already."""
    result = looked(edited("dscores = dmargins * (margins > 0)", "dscores = ..."))
    assert result.verdict is Verdict.NOT_WRITTEN
    assert states(result) == {
        "scores": "✓",
        "margins": "✓",
        "data_loss": "·",
        "reg_loss": "✓",
        "loss": "✓",
        "dmargins": "·",
        "dscores": "…",
        "dW": "·",
    }
    assert [row.note for row in result.rows if row.stage == "dW"] == ["not reached"]


def test_the_untouched_stub_is_not_written():
    """The stub of the release is told apart from a mistake."""
    result = looked(STUB)
    assert result.verdict is Verdict.NOT_WRITTEN
    assert set(states(result).values()) == {"…"}


def test_dots_that_were_left_above_the_own_lines_do_no_harm():
    """A name that is given a value after its `...` is written."""
    assert looked(edited("    scores = X @ W", "    scores = ...\n    scores = X @ W")).verdict is Verdict.PASS


def test_an_error_above_the_first_dots_is_an_error():
    """What stops before the unwritten line is told as what it is."""
    assert looked(edited("scores = ...", "scores = X @ W.T", STUB.replace("dscores", "ds"))).verdict is Verdict.ERROR


def test_a_stage_in_another_shape_is_shown():
    """The table has the shape that was found, and the contract's."""
    result = looked(edited("data_loss = margins.sum() / N", "data_loss = margins.sum(axis=1) / N"))
    [row] = [row for row in result.rows if row.stage == "data_loss"]
    assert row == Row("data_loss", 8, "(5,)", State.DIFFERS, "expected one number = one number")


def test_changed_inputs_are_noticed_even_if_all_numbers_are_right():
    """Working on the caller's arrays is a fault of its own."""
    result = looked(edited("return loss, dW", "X -= X.mean(axis=0)\n    return loss, dW"))
    assert result.verdict is Verdict.WRONG
    assert result.excerpt == ((16, "X -= X.mean(axis=0)"),)


def test_the_notebook_stays_as_it_is():
    """check gives no name of the notebook another value, and leaves no trace in the function."""
    function = defined(SVM, "svm_loss")
    namespace = {"svm_loss": function, "np": np, "X": np.ones((3, 3))}
    names, own = list(namespace.items()), dict(function.__globals__)
    look("svm_loss", namespace, A1)
    assert all(namespace[name] is value for name, value in names)
    assert len(namespace) == len(names)
    assert function.__globals__ == own


def test_a_size_written_as_a_number_is_found_by_the_public_cases():
    """A function that is right for one size only does not pass."""
    result = looked(edited("margins.sum() / N", "margins.sum() / 5"))
    assert result.verdict is Verdict.WRONG


GATE = """
[multiply]
title = "a gate of two calls"
plan = ["gate = Multiply()", "z = gate.forward(x, y)", "dx, dy = gate.backward(dz)"]
returns = ["z", "dx", "dy"]
points = 1
inputs = { x = {}, y = {}, dz = {} }
[[multiply.cases]]
label = "3 times -2"
inputs = { x = 3, y = -2, dz = 1 }
expect = { z = -6, dx = -2, dy = 3 }
"""
MULTIPLY = """\
class Multiply:
    def forward(self, x, y):
        self.x, self.y = x, y
        return x * y

    def backward(self, dz):
        return dz * self.y, dz * self.x
"""


@pytest.mark.parametrize(
    ("old", "new", "verdict", "said"),
    [
        ("x * y", "x * y", Verdict.PASS, ()),
        ("x * y", "x + y", Verdict.WRONG, ('On "3 times -2", z is 1; expected -6.',)),
        ("dz * self.x", "dz * self.y", Verdict.WRONG, ("dy does not fit z: dy is ",)),
        (
            "dz * self.y,",
            "dz * self.w,",
            Verdict.ERROR,
            ('gate.backward stops in line 7 on "3 times -2": AttributeError',),
        ),
    ],
)
def test_a_plan_of_several_calls_is_checked_too(old, new, verdict, said, tmp_path):
    """Classes and layers: contract, figures and slopes, without lines."""
    (tmp_path / "exercises.toml").write_text(GATE)
    gate = defined(MULTIPLY.replace(old, new), "Multiply")
    result = look("multiply", {"Multiply": gate}, tmp_path)
    assert result.verdict is verdict
    assert [fact.what[: len(start)] for fact, start in zip(result.findings, said, strict=True)] == list(said)
    assert result.rows == ()


def test_a_pair_that_is_given_has_no_letters(tmp_path):
    """A given input may be a list: only inputs with a shape say what its letters are."""
    (tmp_path / "exercises.toml").write_text("""
[line]
title = "a line, given by a pair"
call = "line(x, pair)"
returns = ["out"]
points = 1
inputs = { x = { shape = "N" }, pair = { kind = "given", value = [2, 1] } }
[[line.cases]]
label = "two places"
inputs = { x = [4, 3], pair = [2, 1] }
expect = { out = [9, 7] }
""")
    right = defined("def line(x, pair):\n    return pair[0] * x + pair[1]\n", "line")
    assert look("line", {"line": right}, tmp_path).verdict is Verdict.PASS


# --- robustness --------------------------------------------------------------------------------------------------


def test_megabytes_of_output_are_taken_and_cut():
    """What the function prints is kept in its first characters, from its first call."""
    text = edited("N = X.shape[0]", "N = X.shape[0]; print('x' * 3_000_000)")
    result = looked(text)
    assert result.verdict is Verdict.PASS
    assert result.printed == "x" * PRINTED + " ..."
    assert len(str(result)) < 3 * PRINTED


def test_what_is_printed_is_shown_once(capsys):
    """A line that the function prints appears in the result, not hundreds of times in the notebook."""
    result = looked(edited("N = X.shape[0]", "N = X.shape[0]; print('<N>', N)"))
    assert result.printed == "<N> 1\n"
    stopped = looked(edited("N = X.shape[0]", "N = X.shape[0]; print(N); undefined"))
    assert (stopped.verdict, stopped.printed) == (Verdict.ERROR, "1\n")
    assert capsys.readouterr() == ("", "")
    assert "&lt;N&gt; 1" in result._repr_html_()


def test_endless_recursion_and_exit_are_findings():
    """Neither takes the notebook down."""
    assert looked(edited("N = X.shape[0]", "return svm_loss(W, X, y, reg)")).verdict is Verdict.ERROR
    assert looked(edited("N = X.shape[0]", "raise SystemExit(3)")).verdict is Verdict.ERROR
    assert looked(edited("N = X.shape[0]", "np.empty(1 << 57)")).verdict is Verdict.MEMORY


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="this system has no alarms")
@pytest.mark.parametrize("before", ["", "try: time.sleep(9)\n    except: pass\n    "])
def test_an_endless_loop_is_stopped(before, tmp_path):
    """Even where a bare except has swallowed the first alarm."""
    contract = (A1 / "exercises.toml").read_text().replace("[assignment]", "[assignment]\nlimits.call_seconds = 0.3")
    (tmp_path / "exercises.toml").write_text(contract)
    function = defined(edited("return loss, dW", f"{before}while True: pass"), "svm_loss", time=time)
    handler = signal.getsignal(signal.SIGALRM)
    result = look("svm_loss", {"svm_loss": function}, tmp_path)
    assert result.verdict is Verdict.TIMEOUT
    assert signal.getsignal(signal.SIGALRM) is handler
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="this system has no alarms")
def test_the_limit_is_no_exception_that_students_catch():
    """`except Exception` lets it through, and nothing rings after the block."""
    caught = []

    def endless():
        while True:
            try:
                time.sleep(9)
            except Exception as error:  # noqa: BLE001 -- as students write it
                caught.append(error)

    with pytest.raises(TimeUp), guarded(0.05):
        endless()
    time.sleep(0.3)
    assert caught == []


def test_outside_the_main_thread_it_works_without_a_limit():
    """Alarms exist on the main thread only; elsewhere the check runs all the same."""
    results = []
    thread = threading.Thread(target=lambda: results.append(looked(SVM)))
    thread.start()
    thread.join()
    assert [result.verdict for result in results] == [Verdict.PASS]


def test_an_interrupt_passes_through():
    """The stop button of the notebook stops check."""
    with pytest.raises(KeyboardInterrupt):
        looked(edited("N = X.shape[0]", "raise KeyboardInterrupt"))


def test_a_fault_of_ours_is_named_as_ours(monkeypatch):
    """An exception in check itself is no traceback, and not the student's mistake."""

    def broken(*_):
        raise KeyError("lost")

    monkeypatch.setattr("flatgrade.student.public.compare_outputs", broken)
    assert looked(SVM).verdict is Verdict.GRADER_FAULT


def test_a_slow_function_is_not_called_hundreds_of_times(tmp_path):
    """Where one call takes long the slopes are left out, and said to be."""
    contract = (A1 / "exercises.toml").read_text().replace("[assignment]", "[assignment]\nlimits.call_seconds = 2")
    (tmp_path / "exercises.toml").write_text(contract)
    calls = []
    text = edited("N = X.shape[0]", "N = X.shape[0]; calls.append(time.sleep(0.05))")
    result = look("svm_loss", {"svm_loss": defined(text, "svm_loss", time=time, calls=calls)}, tmp_path)
    assert result.verdict is Verdict.PASS
    assert len(calls) == 5


def test_every_text_of_the_student_is_escaped():
    """Names, lines and messages come out as text, whatever they look like."""
    text = edited("N = X.shape[0]", "raise ValueError('<script>alert(1)</script>')  # <b>&")
    page = looked(text)._repr_html_()
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "# &lt;b&gt;&amp;" in page


# --- where it looks ----------------------------------------------------------------------------------------------


def test_the_contract_is_the_nearest_above(tmp_path, monkeypatch):
    """A notebook in a folder below its assignment finds the contract."""
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    (tmp_path / "exercises.toml").write_text((A1 / "exercises.toml").read_text())
    assert look("svm_loss", {"svm_loss": defined(SVM, "svm_loss")}, below).verdict is Verdict.PASS
    (below / "exercises.toml").write_text("")
    assert look("svm_loss", {"svm_loss": defined(SVM, "svm_loss")}, below).verdict is Verdict.MISSING


def test_when_graded_it_says_nothing_and_does_nothing(monkeypatch, capsys, tmp_path):
    """A one-way request: no call of the function, no output, no result that code could read."""
    calls = []
    monkeypatch.setenv(GRADING, "1")
    monkeypatch.chdir(A1)
    monkeypatch.setitem(globals(), "svm_loss", lambda *inputs: calls.append(inputs))
    assert check("svm_loss") is None
    monkeypatch.chdir(tmp_path)
    assert check("nothing like it") is None
    assert (calls, capsys.readouterr()) == ([], ("", ""))


def test_in_a_script_it_prints_once(monkeypatch, capsys):
    """The caller's globals are looked through, and the text is shown and returned."""
    monkeypatch.delenv(GRADING, raising=False)
    monkeypatch.chdir(A1)
    monkeypatch.setitem(globals(), "svm_loss", defined(SVM, "svm_loss"))
    result = check("svm_loss")
    assert isinstance(result, CheckResult)
    assert capsys.readouterr().out == f"{result}\n"


def _session(arguments, text):
    """Run a Python with `text` on its standard input, in the folder of a1; returns what it prints."""
    environment = {name: value for name, value in os.environ.items() if name != GRADING}
    done = subprocess.run(
        [sys.executable, *arguments], input=text, capture_output=True, text=True, cwd=A1, env=environment, timeout=60
    )
    return done.stdout


def test_at_a_prompt_it_prints_once():
    """The interactive prompt shows what is returned: check itself prints nothing there."""
    lines = "from flatgrade.student import check\ncheck('svm_loss')\nr = check('svm_loss')\nr\n"
    assert _session(["-i", "-q"], lines).count("svm_loss: not found.") == 2


def test_in_ipython_each_check_of_a_cell_is_shown_once(tmp_path):
    """The result of the last line is not shown a second time; in a later cell it is shown again."""
    script = tmp_path / "cells.py"
    script.write_text(
        "from IPython.core.interactiveshell import InteractiveShell\n"
        "from IPython.utils.capture import capture_output\n"
        "from traitlets.config import Config\n"
        "config = Config()\n"
        "config.HistoryManager.enabled = False\n"
        "shell = InteractiveShell.instance(config=config)\n"
        "cells = ['from flatgrade.student import check',\n"
        "         'check(\"svm_loss\")\\nr = check(\"softmax_loss\")\\nr', 'r', 'None']\n"
        "for cell in cells:\n"
        "    with capture_output() as taken:\n"
        "        shell.run_cell(cell, store_history=True)\n"
        "    print(len(taken.outputs), sum('text/html' in output.data for output in taken.outputs))\n"
    )
    assert _session([str(script)], "").split("\n")[:4] == ["0 0", "2 2", "1 1", "0 0"]


def test_ipython_is_not_imported_for_it():
    """In a plain Python, check does without IPython and matplotlib."""
    code = "import sys; from flatgrade.student import check; print({'IPython', 'matplotlib'} & set(sys.modules))"
    assert _session(["-c", code], "") == "set()\n"


# --- how it looks ------------------------------------------------------------------------------------------------


class _Tree(html.parser.HTMLParser):
    """Checks that tags are closed in order, and collects what tests ask for."""

    def __init__(self):
        super().__init__()
        self.open, self.seen, self.text = [], [], ""

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data if "style" not in self.open else ""


def test_the_html_is_well_formed_and_speaks_without_colours():
    """Headers with scope, labels for what is not text, and a word beside every sign."""
    result = looked(edited("2 * reg * W", "reg * W"))
    tree = _Tree()
    tree.feed(result._repr_html_())
    assert tree.open == []
    scopes = [attributes.get("scope") for tag, attributes in tree.seen if tag == "th"]
    assert scopes == ["col"] * 4 + ["row"] * 8
    labels = [attributes["aria-label"] for _, attributes in tree.seen if "aria-label" in attributes]
    assert labels == ["check of svm_loss", "lines of your code", "stages of svm_loss"]
    signs = [attributes for _, attributes in tree.seen if attributes.get("class") == "sign"]
    assert len(signs) == 9
    assert all(attributes["aria-hidden"] == "true" for attributes in signs)
    for word in ("fits", "does not fit", "not compared", "half the slope", "(7, 4) = (D, C)"):
        assert word in tree.text


def test_a_result_cannot_be_changed():
    """Results are frozen."""
    result = CheckResult("f", Verdict.WRONG, "not right yet.", (Finding("a", "b"),))
    with pytest.raises(AttributeError):
        result.verdict = Verdict.PASS
    assert repr(result) == str(result)


def test_the_public_door():
    """What a notebook imports."""
    import flatgrade.student as student

    assert student.__all__ == ["CheckResult", "LayerTimes", "Picture", "check", "draw", "time_layers"]


def test_every_state_and_verdict_has_a_sign_and_a_class():
    """No state is told by colour alone."""
    assert [state.symbol for state in State] == ["✓", "✗", "·", "…", "·"]
    assert all(len(verdict.symbol) == 1 for verdict in Verdict)
