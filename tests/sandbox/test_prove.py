"""prove: right exercises hold, and each way not to hold has its sentence."""

from dataclasses import replace

import pytest
from support.course import A1, SOLUTIONS, a1_solutions

from flatgrade.core.exercise import Case
from flatgrade.core.mistake import Mistake
from flatgrade.course.stub import stubs
from flatgrade.grader.planting import plant
from flatgrade.grader.prove import prove
from flatgrade.grader.reference import load_solution
from flatgrade.grader.solution_file import SolutionError


@pytest.fixture(scope="module")
def stub():
    return stubs(A1)["svm_loss"]


def test_right_exercises_prove_themselves():
    """Reference 100 %, stub 0 %, every equivalent 100 %, every mistake at its own stage and named."""
    texts = stubs(A1)
    assert set(texts) == {"svm_loss", "softmax_loss"}
    for name, solution in a1_solutions().items():
        proof = prove(solution, texts[name], "test", (SOLUTIONS,))
        assert proof.problems == []
        assert proof.reference
        assert proof.stub
        assert proof.equivalents == proof.equivalents_full >= 7
        assert proof.mistakes == proof.charged == proof.at_stage == proof.named >= 40


def problems(stub, **changes):
    """What prove says of the SVM with something changed; few mistakes, to be quick."""
    solution = a1_solutions()["svm_loss"]
    changed = replace(solution, **{"mistakes": solution.mistakes[-1:], "equivalents": {}, **changes})
    return prove(changed, stub, "test", (SOLUTIONS,)).problems


def test_prove_says_what_does_not_hold(stub):
    """A wrong reference text, stub, equivalent, mistake, public figure or torch path is one sentence each."""
    solution = a1_solutions()["svm_loss"]
    wrong = solution.answer.replace("2 * reg", "reg")
    assert problems(stub) == []
    assert problems(stub, answer=wrong) == ["svm_loss: the reference earns 8 of 10"]
    assert problems(solution.answer) == ["svm_loss: the stub earns 10 and is PASS"]
    assert problems(stub, equivalents={"half": wrong}) == ["svm_loss: the equivalent 'half' earns 8 of 10"]
    no_effect = Mistake("dW", "2 * reg", "reg * 2", "", "nothing")
    assert problems(stub, mistakes=(no_effect,)) == [
        "svm_loss: nothing fits no flat answer, or changes no output",
        "svm_loss: nothing changes nothing on the generic cases",
    ]
    public = Case("a figure", solution.exercise.cases[0].inputs, {"loss": 2.0})
    exercise = replace(solution.exercise, cases=(public,))
    assert problems(stub, exercise=exercise) == ["svm_loss: public case 'a figure' expects another loss"]


@pytest.mark.torch
def test_prove_holds_the_reference_against_autograd(stub):
    """A torch path of another function is found."""
    pytest.importorskip("torch", reason="the torch extra is not installed")
    other = a1_solutions()["softmax_loss"].torch_path
    [problem] = problems(stub, torch_path=other)
    assert problem.startswith("svm_loss: torch autograd differs by ")
    solution = a1_solutions()["svm_loss"]
    assert prove(replace(solution, mistakes=(), equivalents={}), stub, "test").torch_agrees


def test_a_mistake_at_no_stage_says_so(stub):
    """A typo in the table of mistakes is named."""
    typo = Mistake("dV", "2 * reg", "reg", "", "typo")
    assert "svm_loss: typo is at dV, which is no stage" in problems(stub, mistakes=(typo,))


def test_a_reference_that_does_not_fit_its_contract_says_how(tmp_path):
    """Not flat, or a stage that is never assigned: one sentence for the author, no fault of Flatgrade."""
    exercise = a1_solutions()["svm_loss"].exercise
    path = tmp_path / "svm_loss.py"
    path.write_text("cases = None\ndef svm_loss(W, X, y, reg):\n    return W, X\n")
    with pytest.raises(SolutionError) as caught:
        load_solution(tmp_path, exercise)
    assert str(caught.value) == (
        "the reference of svm_loss is not flat code with its stages: svm_loss must end with return loss, dW"
    )
    path.write_text(
        "cases = None\ndef svm_loss(W, X, y, reg):\n    scores = W\n    loss = dW = W\n    return loss, dW\n"
    )
    with pytest.raises(SolutionError, match=r"svm_loss assigns (loss|dW) and another stage in one statement$"):
        load_solution(tmp_path, exercise)
    path.write_text(
        "cases = None\ndef svm_loss(W, X, y, reg):\n    scores = W\n    loss = W\n    dW = W\n    return loss, dW\n"
    )
    with pytest.raises(SolutionError) as caught:
        load_solution(tmp_path, exercise)
    assert str(caught.value) == "the reference of svm_loss never assigns the stage margins"


def test_two_mistakes_that_look_alike_must_share_their_hint(stub):
    """One number, two names: a hint that fits only one of them would mislead."""
    alike = (Mistake("dW", "2 * reg", "reg", "one", "a"), Mistake("dW", "2 * reg", "1 * reg", "two", "b"))
    found = problems(stub, mistakes=alike)
    assert "svm_loss: a and b give the same numbers: one hint must serve both" in found


def test_planted_mistakes_can_all_be_told():
    """Two that cancel, and two that are one other known mistake, are not planted together."""
    solution = a1_solutions()["svm_loss"]
    tags = {mistake.tag: mistake for mistake in solution.mistakes}
    base = solution.references[0]
    planted = plant(solution, base, [tags["svm-delta"], tags["lin-reg1x"]])
    assert "np.maximum(0, scores - scores[rows, y][:, None])" in planted.text
    assert plant(solution, base, [tags["svm-dnoN"], tags["svm-dW-doubleN"]]) is None
    assert plant(solution, base, [tags["svm-doubleN"], tags["lin-lossregdivN"]]) is None  # = lin-lossdivN


def test_a_missing_or_broken_solution_says_which(tmp_path):
    """The instructor reads the file and what it lacks."""
    exercise = a1_solutions()["svm_loss"].exercise
    with pytest.raises(SolutionError) as caught:
        load_solution(tmp_path, exercise)
    assert str(caught.value) == f"solutions/{tmp_path.name}/svm_loss.py is missing: svm_loss has no reference"
    path = tmp_path / "svm_loss.py"
    for text, message in [
        ("def svm_loss(): pass", f"solutions/{tmp_path.name}/svm_loss.py defines no cases"),
        (
            "cases = None",
            f"solutions/{tmp_path.name}/svm_loss.py defines no svm_loss, which the contract calls",
        ),
        ("1 / 0", f"solutions/{tmp_path.name}/svm_loss.py cannot be loaded: division by zero"),
        (
            'cases = None\nWORKING = {"lose": "Add up."}\n\n\ndef svm_loss():\n    return 0',
            f"solutions/{tmp_path.name}/svm_loss.py has lose in WORKING, which is no stage and no output",
        ),
    ]:
        path.write_text(text)
        with pytest.raises(SolutionError) as caught:
            load_solution(tmp_path, replace(exercise, stages=()))
        assert str(caught.value) == message
