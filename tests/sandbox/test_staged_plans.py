"""Exercises of several calls with stages: proven for real, and wrong answers told with line, function and mistake."""

import pytest
from support.pairs import pairs

from flatgrade.core.exercise import Limits
from flatgrade.core.finding import Verdict
from flatgrade.grader.judge import judge_exercise
from flatgrade.grader.prove import prove
from flatgrade.grader.sandbox import Sandbox

STUBS = {
    "affine": """\
def affine_forward(x, w, b):
    out = ...  # (N, M)
    cache = ...
    return out, cache


def affine_backward(dout, cache):
    dx = ...  # (N, D)
    dw = ...  # (D, M)
    db = ...  # (M,)
    return dx, dw, db
""",
    "batchnorm": """\
def batchnorm_forward(x, gamma, beta, bn_param):
    out = ...
    cache = ...
    return out, cache


def batchnorm_backward(dout, cache):
    gamma, xc, std, xhat = cache
    dx, dgamma, dbeta = ..., ..., ...
    return dx, dgamma, dbeta
""",
}


@pytest.fixture(scope="module")
def solutions(tmp_path_factory):
    return pairs(tmp_path_factory.mktemp("pairs"))[1]


@pytest.fixture(scope="module")
def worker():
    with Sandbox() as sandbox, sandbox.worker(Limits(submission_seconds=600)) as worker:
        yield worker


@pytest.fixture
def judged(solutions, worker):
    """Grades batch normalization: edits of the reference, or another text; each function is a cell of its own."""

    def grade(*edits, text=None):
        solution = solutions["batchnorm"]
        text = text or solution.answer
        for old, new in edits:
            assert text.count(old) == 1
            text = text.replace(old, new)
        forward, backward = text.split("def batchnorm_backward")
        for source in (solution.given, forward, f"def batchnorm_backward{backward}"):
            assert worker.ask({"do": "cell", "key": source, "source": source}, 10)["status"] == "ok"
        return judge_exercise(solution, solution.cases("test"), worker, 2.0)

    return grade


def lost(record):
    return {row.name: row.verdict for row in record.stages if row.verdict is not Verdict.PASS}


def said(record):
    """What is said of stages; what follows from it for the passes as a whole comes after it."""
    return [str(finding) for finding in record.findings if finding.stage or finding.line]


@pytest.mark.parametrize(("name", "mistakes", "equivalents"), [("affine", 4, 1), ("batchnorm", 7, 2)])
def test_staged_pairs_prove_themselves(solutions, name, mistakes, equivalents):
    """Every mistake is charged at its own stage, in whichever function, and named; other forms have full points."""
    proof = prove(solutions[name], STUBS[name], "test")
    assert proof.problems == []
    assert proof.reference
    assert proof.stub
    assert (proof.equivalents, proof.equivalents_full) == (equivalents, equivalents)
    assert [proof.mistakes, proof.charged, proof.at_stage, proof.named] == [mistakes] * 4
    assert proof.torch is None or proof.torch_agrees


def test_equivalents_in_the_form_of_the_reference_are_ways_to_read_an_answer(solutions):
    """One that packs its cache otherwise is such a way, too; one without the form is judged by what it returns."""
    assert len(solutions["batchnorm"].references) == 2
    assert len(solutions["affine"].references) == 1


def test_a_fault_in_the_forward_pass_is_charged_once(judged):
    """The backward pass goes on from the student's values, and has all its points."""
    record = judged(("xc / std ", "xc / std**2 "))
    assert (record.verdict, record.earned) == (Verdict.WRONG, 13)
    assert lost(record) == {"xhat": Verdict.WRONG}
    assert said(record) == [
        "xhat (line 7 of batchnorm_forward) does not follow from your lines above it. Divide by the deviation."
    ]
    assert (record.findings[0].line, record.findings[0].mistake) == (7, "bn-std")


def test_a_fault_in_the_backward_pass_is_told_with_its_own_line(judged):
    """The line counts from the top of the cell of the function that it stands in."""
    record = judged(("dxc + dmu / N", "dxc"))
    assert (record.earned, lost(record)) == (13, {"dx": Verdict.WRONG})
    assert said(record) == [
        "dx (line 11 of batchnorm_backward) does not follow from your lines above it. x is used twice: by xc and by mu."
    ]


def test_faults_in_both_are_both_named(judged):
    """Two mistakes cost two stages, and the first is told first."""
    record = judged(("gamma * xhat + beta", "gamma * xhat"), ("-(dxhat", "(dxhat"))
    assert (record.earned, lost(record)) == (12, {"out": Verdict.WRONG, "dstd": Verdict.WRONG})
    assert [(item.line, item.mistake) for item in record.findings[:2]] == [(8, "bn-beta"), (7, "bn-dstd-sign")]


def test_a_factor_is_told(judged):
    """An unknown mistake that is a factor has no name, and its factor."""
    record = judged(("0.5 * dstd / std", "dstd / std"))
    assert said(record) == ["dvar (line 8 of batchnorm_backward) is twice what follows from your lines above it."]


def test_a_factor_that_is_made_good_later_is_a_convention(judged):
    """One half applied a line later, with a fault behind it: the fault alone is charged."""
    edits = ("0.5 * dstd / std", "dstd / std"), ("2 * xc * dvar / N", "xc * dvar / N"), ("dxc + dmu / N", "dxc")
    record = judged(*edits)
    assert (record.earned, lost(record)) == (13, {"dx": Verdict.WRONG})
    assert record.findings[0].mistake == "bn-dx-fork"


def test_own_names_are_read_in_both_functions(judged, solutions):
    """What is called otherwise is found by its value; a cache of another form is the student's own affair."""
    text = solutions["batchnorm"].answer
    for old, new in (
        ("xhat", "n"),
        ("xc", "centred"),
        ("std", "sigma"),
        ("(gamma, ", "[gamma, "),
        (", n)\n", ", n]\n"),
    ):
        text = text.replace(old, new)
    record = judged(("dcentred + dmu / N", "dcentred"), text=text)
    assert (record.earned, lost(record)) == (13, {"dx": Verdict.WRONG})
    assert record.findings[0].mistake == "bn-dx-fork"


LOOP = """\
def batchnorm_backward(dout, cache):
    gamma, _, s, n = cache
    dx, dg, db = np.zeros_like(dout), 0 * gamma, 0 * gamma
    for j in range(len(gamma)):
        db[j], dg[j] = dout[:, j].sum(), dout[:, j] @ n[:, j]
        dx[:, j] = gamma[j] / s[j] * (dout[:, j] - (db[j] + n[:, j] * dg[j]) / len(n))
    return dx, dg, db
"""


def test_a_backward_pass_that_is_not_flat_is_judged_by_what_it_returns(judged, solutions):
    """All stages of the forward pass are seen and paid; of the other one the outputs, and what they show."""
    forward = solutions["batchnorm"].answer.split("\n\n\n")[0]
    assert judged(text=f"{forward}\n\n\n{LOOP}").verdict is Verdict.PASS
    record = judged((" + n[:, j] * dg[j]", ""), text=f"{forward}\n\n\n{LOOP}")
    assert (record.earned, lost(record)) == (13, {"dxc": Verdict.WRONG})
    assert record.findings[0].mistake == "bn-dxc-fork"
    record = judged(("/ len(n)", "/ 3"), text=f"{forward}\n\n\n{LOOP}")
    assert lost(record) == {"dx": Verdict.WRONG} | dict.fromkeys(
        ("dxhat", "dstd", "dvar", "dxc", "dmu"), Verdict.MISSING
    )


def test_what_came_before_an_error_is_paid(judged):
    """A name that is missing in the last line of the backward pass costs that line."""
    record = judged(("dmu / N", "dmu / M"))
    assert (record.verdict, record.earned) == (Verdict.ERROR, 13)
    assert lost(record) == {"dx": Verdict.MISSING}
    assert said(record) == ["batchnorm_backward stopped at line 11: NameError: name 'M' is not defined."]


def test_a_stage_that_is_not_written_is_told_by_its_name(judged):
    """The forward pass has its points; the first line that is missing is the next to write."""
    record = judged(("-(dxhat * xc).sum(axis=0) / std**2", "..."))
    assert (record.verdict, record.earned) == (Verdict.NOT_WRITTEN, 9)
    assert said(record) == ["dstd is not written yet. Replace the ... by your own line."]


def test_a_right_function_has_no_unwritten_stage(judged, solutions):
    """A forward pass by other stages, with the backward pass unwritten: that one is what is not written yet."""
    forward = solutions["batchnorm"].equivalents["by the paper"].split("\n\n\n")[0]
    stub = STUBS["batchnorm"].split("\n\n\n")[1].replace("gamma, xc, std, xhat = cache\n", "pass\n")
    record = judged(text=f"{forward}\n\n\n{stub}")
    assert record.verdict is Verdict.NOT_WRITTEN
    assert said(record) == ["dbeta is not written yet. Replace the ... by your own line."]
