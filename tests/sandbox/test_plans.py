"""Exercises that are not one flat function: proven for real, judged by their outputs, credited for what follows."""

import re
from dataclasses import replace

import pytest
from support.layers import CONTRACT, TEXTS, layers
from support.worker import NearWorker

from flatgrade.core import ContractError, load_assignment
from flatgrade.core.finding import Verdict
from flatgrade.core.mistake import Mistake
from flatgrade.grader.judge import judge_exercise
from flatgrade.grader.planting import plant
from flatgrade.grader.prove import prove
from flatgrade.grader.solution_file import SolutionError

STUBS = {
    "affine": "def affine_forward(x, w, b):\n    raise NotImplementedError()\n",
    "gate": "class MultiplyGate:\n    def forward(self, x, y):\n        raise NotImplementedError()\n",
    "step": "def step(params, dw):\n    raise NotImplementedError()\n",
    "circuit": "def circuit(x, y, z):\n    q = ...\n    f = ...\n    grad_q = ...\n    grad_z = ...\n    grad_x = ...\n"
    "    grad_y = ...\n    return f, grad_x, grad_y, grad_z\n",
}


@pytest.fixture
def solutions(tmp_path):
    return layers(tmp_path)[1]


@pytest.mark.parametrize(
    ("name", "mistakes", "equivalents"), [("affine", 5, 1), ("gate", 2, 0), ("step", 3, 0), ("circuit", 2, 0)]
)
def test_exercises_of_every_form_prove_themselves(solutions, name, mistakes, equivalents):
    """Plans of several calls, classes and scalars: reference, stub, equivalents, mistakes and torch all hold."""
    proof = prove(solutions[name], STUBS[name], "test")
    assert proof.problems == []
    assert proof.reference
    assert proof.stub
    assert (proof.equivalents, proof.equivalents_full) == (equivalents, equivalents)
    assert [proof.mistakes, proof.charged, proof.at_stage, proof.named] == [mistakes] * 4
    assert proof.torch is None or proof.torch_agrees


def test_the_cases_that_show_a_mistake_are_found(solutions):
    """A mean over one row is a sum: that case shows nothing, the others do, and the mistake is told at its output."""
    proof = prove(solutions["affine"], STUBS["affine"], "test")
    typical, rows, one = proof.hidden
    found = {kill.tag: (kill.stage, kill.cases) for kill in proof.kills}
    assert found["affine-db-mean"] == ("db", (typical, rows))
    assert found["affine-bias"] == ("out", (typical, rows, one))


def test_a_pair_of_which_one_output_looks_like_another_mistake_is_not_planted(solutions):
    """What the student returns for dw would be named after the third mistake, and rightly so."""
    doubled = Mistake("dw", "x.T @ dout", "2 * x.T @ dout", "Nothing is doubled here.", "affine-dw-twice")
    bias, cache = (item for item in solutions["affine"].mistakes if item.tag in ("affine-bias", "affine-cache"))
    solution = replace(solutions["affine"], mistakes=(bias, cache))
    assert plant(solution, solution.plain, [bias, cache])
    assert plant(replace(solution, mistakes=(bias, cache, doubled)), solution.plain, [bias, cache]) is None


def judged(solution, *edits):
    text = solution.answer
    for old, new in edits:
        assert text.count(old) == 1
        text = text.replace(old, new)
    worker = NearWorker("", "")
    exec(f"{solution.given}\n{text}", worker.namespace)
    return judge_exercise(solution, solution.cases("test"), worker, 2.0)


def named(record):
    return [finding.mistake for finding in record.findings if finding.mistake]


def rows(record):
    return {row.name: (row.verdict, row.earned) for row in record.stages}


def test_the_answer_of_a_plan_is_all_that_it_calls(solutions):
    """Functions and classes, in the order of the plan, without the rest of the file."""
    assert solutions["affine"].answer.count("def ") == 2
    assert solutions["gate"].answer.startswith("class MultiplyGate:\n    def forward")
    assert "MISTAKES" not in solutions["affine"].answer
    assert solutions["affine"].given == "import numpy as np\nROWS = 0\n"
    assert set(TEXTS) == set(solutions)


def test_what_the_notebook_gives_is_not_the_students_to_define(solutions):
    """Given functions are in no answer, and see the student's: the last mistake above shows only in the second step."""
    assert solutions["step"].exercise.functions == ("step",)
    assert solutions["step"].answer.startswith("def step(params, dw):")
    record = judged(
        solutions["step"], ('params["w"] = params["w"] -', 'params["w"] = params.setdefault("w0", params["w"]) -')
    )
    assert rows(record) == {"next_w": (Verdict.PASS, 1), "back": (Verdict.WRONG, 0)}
    assert [finding.mistake for finding in record.findings] == ["step-first"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("def weights", "def weight", "solutions/layers/step.py has no weights in GIVEN, which the contract calls"),
        ('"w": w.copy()', '"w": w.copy(', "solutions/layers/step.py: GIVEN cannot be run: "),
    ],
)
def test_what_is_given_must_be_there(tmp_path, monkeypatch, old, new, said):
    """A solution file without a given function, or with code that cannot be run, is one sentence."""
    monkeypatch.setitem(TEXTS, "step", TEXTS["step"].replace(old, new))
    with pytest.raises(SolutionError, match=re.escape(said)):
        layers(tmp_path)


def test_given_functions_are_called_by_the_plan(tmp_path):
    """A name that the plan does not call, or nothing left for the student, is refused."""
    for given in ('["as_params", "weight"]', '["as_params", "step", "weights", "undone"]'):
        text = CONTRACT.replace('["as_params", "weights", "undone"]', given)
        (tmp_path / "exercises.toml").write_text(text)
        with pytest.raises(
            ContractError, match=r"step\.given must be functions that the plan calls, and not all of them"
        ):
            load_assignment(tmp_path)


def test_each_output_has_its_share_and_its_mistake(solutions):
    """Two mistakes in two outputs: both are named, and the other outputs are paid."""
    record = judged(solutions["affine"], ("x @ w + b", "x @ w"), ("dout.sum(axis=ROWS)", "dout.mean(axis=ROWS)"))
    assert (record.verdict, record.earned, record.points) == (Verdict.WRONG, 4, 8)
    assert rows(record) == {
        "out": (Verdict.WRONG, 0),
        "dx": (Verdict.PASS, 2),
        "dw": (Verdict.PASS, 2),
        "db": (Verdict.WRONG, 0),
    }
    assert [str(finding) for finding in record.findings] == [
        "out has wrong values. The bias is missing.",
        "db has wrong values. Nothing is averaged here.",
        "Your forward pass is wrong, and db fits neither it nor the right one. Mend the forward first; the backward may "
        "be wrong only through the values that it takes from there.",
    ]
    assert named(record) == ["affine-bias", "affine-db-mean"]


def test_two_mistakes_in_one_output_are_both_named(solutions):
    """A cache that is wrong and a gradient that is wrong meet in dw: one output is charged, two hints are given."""
    record = judged(solutions["affine"], ("(x, w)", "(2 * x, w)"), ("x.T @ dout", "x.T @ dout / x.shape[0]"))
    assert record.earned == 6
    assert named(record) == ["affine-cache", "affine-dw-mean"]


def test_what_follows_from_a_named_mistake_is_paid(solutions):
    """x and y swapped in memory: with that mistake at dx, the wrong dy is what follows from it."""
    swap = Mistake("dx", "self.x, self.y = x, y", "self.y, self.x = x, y", "Which is which?", "gate-swap")
    solution = replace(solutions["gate"], mistakes=(swap,))
    record = judged(solution, swap.edit)
    assert rows(record) == {"z": (Verdict.PASS, 1), "dx": (Verdict.WRONG, 0), "dy": (Verdict.PASS, 1)}
    assert named(record) == ["gate-swap"]


def test_an_unknown_mistake_is_charged_at_its_output_alone(solutions):
    """No name is made up, and no other output suffers."""
    record = judged(solutions["gate"], ("self.x * dz", "self.x * dz + 1"))
    assert (record.verdict, record.earned) == (Verdict.WRONG, 2)
    assert [(str(finding), finding.mistake) for finding in record.findings[:-1]] == [("dy has wrong values.", "")]


def test_how_it_is_worked_out_stands_beside_a_value_that_no_mistake_explains(solutions):
    """An output, and a stage; a mistake that is known has its own hint instead."""
    gate = replace(solutions["gate"], working={"dy": "Each side gets the other one."})
    record = judged(gate, ("self.x * dz", "self.x * dz + 1"))
    assert [str(finding) for finding in record.findings[:-1]] == ["dy has wrong values. Each side gets the other one."]
    circuit = replace(solutions["circuit"], working={"grad_z": "Look at the gate behind z."})
    for wrong, hint in (("q + 7", "Look at the gate behind z."), ("z", "A product hands each side the other one.")):
        record = judged(circuit, ("grad_z = q", f"grad_z = {wrong}"))
        assert [finding.advice for finding in record.findings] == [hint]


def test_an_unknown_mistake_beside_a_known_one_is_told_too(solutions):
    """The row that loses its points without a name has a sentence as well."""
    record = judged(solutions["affine"], ("x @ w + b", "x @ w"), ("dout.sum(axis=ROWS)", "dout.sum(axis=ROWS) + 1"))
    assert [(str(finding), finding.mistake) for finding in record.findings[:-1]] == [
        ("out has wrong values. The bias is missing.", "affine-bias"),
        ("db has wrong values.", ""),
    ]


def test_a_pair_is_found_among_many_by_what_is_known_of_another_output(solutions):
    """dw alone tells of the cache; dx is wrong by that and one more, the last of thirty mistakes."""
    from dataclasses import replace

    from flatgrade.core.mistake import Mistake

    others = [Mistake("dx", "dout @ w.T", f"dout @ w.T * {3 + i}", "A factor too many.", f"dx-{i}") for i in range(28)]
    cache = Mistake("dw", "x, w = cache", "w = cache[1]; x = 2 * cache[0]; w = 2 * w", "Twice.", "both")
    solution = replace(solutions["affine"], mistakes=(*others, cache))
    record = judged(solution, cache.edit, others[-1].edit)
    assert set(named(record)) == {"both", "dx-27"}


def test_a_mistake_that_explains_the_right_outputs_too_comes_first(solutions):
    """A mistake that would spoil dw as well is not named where dw is right, though it gives the same dx."""
    from dataclasses import replace

    from flatgrade.core.mistake import Mistake

    both = Mistake("dx", "x, w = cache", "x, w = cache; x, w = 4 * x, 4 * w", "As they came.", "four-both")
    alone = Mistake("dx", "dout @ w.T", "4 * dout @ w.T", "A factor too many.", "four-dx")
    solution = replace(solutions["affine"], mistakes=(both, alone))
    for mistake in (both, alone):
        record = judged(solution, mistake.edit)
        assert [finding.mistake for finding in record.findings if finding.mistake] == [mistake.tag]


def test_edits_that_meet_in_one_line_are_made_in_the_order_that_fits(solutions):
    """An edit may take away the text of another one, but not the other way round."""
    longer = ("x @ w", "x @ w * 2"), ("x @ w + b", "x @ w - b")
    assert "x @ w * 2 - b" in solutions["affine"].plain.edited(longer)
    assert solutions["affine"].plain.edited(longer) == solutions["affine"].plain.edited(longer[::-1])
    assert solutions["affine"].plain.edited([("x @ w", "w"), ("x @ v", "v")]) is None


@pytest.mark.parametrize(
    ("edit", "verdict", "said"),
    [
        (
            ("dx = dout @ w.T", "dx = dout @ w.T @ w.T.T.T.T.T.T.T"),
            Verdict.ERROR,
            "affine_backward stopped: ValueError",
        ),
        (
            ("x, w = cache\n", "raise NotImplementedError()\n"),
            Verdict.NOT_WRITTEN,
            "It is not written yet. Replace the line that raises NotImplementedError by your own.",
        ),
        (("return dx, dw, db", "return dx, dw"), Verdict.ERROR, "affine_backward returns 2 values; expected 3 values"),
    ],
)
def test_what_came_before_an_error_is_paid(solutions, edit, verdict, said):
    """The forward pass is right and earns its share, however the backward pass ends."""
    record = judged(solutions["affine"], edit)
    assert (record.verdict, record.earned) == (verdict, 2)
    assert rows(record) == {"out": (Verdict.PASS, 2), **dict.fromkeys(("dx", "dw", "db"), (Verdict.MISSING, 0))}
    assert said in " ".join(map(str, record.findings))
