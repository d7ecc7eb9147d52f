"""The cheapest explanation, on programs in many styles: fair first, exact where it can be."""

from collections import Counter
from functools import cache

import numpy as np
import pytest
from support.corpus import HELD_OUT, STYLES, Program, programs
from support.course import a1_solutions, defined

from flatgrade.core import load_assignment
from flatgrade.core.bodies import StagedError
from flatgrade.core.compare import close
from flatgrade.core.mistake import Mistake
from flatgrade.core.naming import diagnose
from flatgrade.core.replay import Observation
from flatgrade.core.trace import TracedPlan
from flatgrade.grader.reference import staged


def observe(solution, text, cases):
    name = solution.exercise.name
    traced = TracedPlan(solution.exercise.plan, {name: defined(text, name)})
    observations = []
    for case in cases:
        trace = traced.run(case.inputs)
        observations.append(Observation(case.inputs, trace.returned, trace, case.generic))
    return observations


def right(solution, observation):
    want = solution.expected(observation)
    return all(close(observation.outputs[name], want[name], solution.exercise.tolerance(name)) for name in want)


@cache
def graded() -> list[tuple[Program, tuple[str, ...], int, bool]]:
    """Every program of the corpus: what was charged, how many of the charges have a name, whether it is right."""
    rows = []
    for program in programs():
        solution = a1_solutions()[program.exercise]
        cases = solution.draw_cases(np.random.default_rng(1))
        every = observe(solution, program.text, cases)
        failed = [item for item in every if not right(solution, item)]
        if not failed:
            rows.append((program, (), 0, True))
            continue
        telling = [item for item in every if item.generic] + [item for item in failed if not item.generic][:2]
        judgement = diagnose(solution.exercise, solution.references, telling, solution.mistakes)
        named = sum(charge.mistake is not None for charge in judgement.charges)
        rows.append((program, tuple(sorted(judgement.charged)), named, False))
    return rows


def test_the_corpus_has_twelve_styles_and_hundreds_of_programs():
    """The laws below hold on a corpus of known size."""
    assert len(STYLES) == 12
    assert Counter(len(row[0].planted) for row in graded()) == {0: 12, 1: 106, 2: 243}


@pytest.mark.parametrize("style", STYLES)
def test_no_right_program_is_charged(style):
    """A right answer is right on every case, so nothing is charged, whatever its style."""
    rows = [row for row in graded() if row[0].style == style and not row[0].planted]
    assert [(row[1], row[3]) for row in rows] == [((), True)]


@pytest.mark.parametrize("style", [name for name in STYLES if name not in HELD_OUT])
def test_no_program_is_charged_more_often_than_it_has_mistakes(style):
    """One mistake is one charge, wherever its effects show; two are at most two."""
    rows = [row for row in graded() if row[0].style == style and row[0].planted]
    assert rows
    assert [row for row in rows if len(row[1]) > len(row[0].planted)] == []


def test_held_out_styles_are_not_overcharged_either():
    """Styles that resemble no reference and no equivalent: still never more charges than mistakes."""
    rows = [row for row in graded() if row[0].style in HELD_OUT and row[0].planted]
    assert len(rows) == 46
    assert [row for row in rows if len(row[1]) > len(row[0].planted)] == []


def test_single_mistakes_are_charged_and_most_at_their_own_stage():
    """Every visible mistake is charged somewhere; at least nine in ten exactly where they were planted."""
    rows = [row for row in graded() if len(row[0].planted) == 1 and not row[3]]
    assert len(rows) == 106
    assert all(row[1] for row in rows)
    exact = [row for row in rows if row[1] == row[0].planted]
    assert len(exact) >= 0.9 * len(rows)


def test_most_single_mistakes_have_a_name():
    """The tables know at least nine in ten of the mistakes that the corpus plants."""
    rows = [row for row in graded() if len(row[0].planted) == 1 and not row[3]]
    assert sum(row[2] > 0 for row in rows) >= 0.9 * len(rows)


ADDED = """\
def added(x, y, z):
    q = x + y
    s = q + z
    f = s * s
    grad_s = 2 * s
    grad_z = grad_s
    grad_q = grad_s
    grad_x = grad_q
    grad_y = grad_q
    return f, grad_x, grad_y, grad_z
"""
ADDED_CONTRACT = """\
[added]
title = "f = (x + y + z)**2"
call = "added(x, y, z)"
returns = ["f", "grad_x", "grad_y", "grad_z"]
points = 8
inputs = { x = {}, y = {}, z = {} }

[added.stages]
q = { points = 1 }
s = { points = 1 }
f = { points = 1 }
grad_s = { points = 1 }
grad_z = { points = 1 }
grad_q = { points = 1 }
grad_x = { points = 1 }
grad_y = { points = 1 }
"""


def test_the_right_number_in_another_stage_excuses_no_wrong_one(tmp_path):
    """At an add gate all gradients are equal: a wrong one is charged though the next name holds the right number."""
    (tmp_path / "exercises.toml").write_text(ADDED_CONTRACT)
    exercise = load_assignment(tmp_path).exercises["added"]
    reference = staged(exercise, ADDED, {})
    numbers = np.random.default_rng(0).standard_normal((2, 3))
    observations = []
    for row in numbers:
        inputs = dict(zip("xyz", map(float, row), strict=True))
        wrong = defined(ADDED.replace("grad_q = grad_s", "grad_q = grad_s * z"), "added")
        trace = TracedPlan(exercise.plan, {"added": wrong}).run(inputs)
        observations.append(Observation(inputs, trace.returned, trace, generic=True))
    judgement = diagnose(exercise, [reference], observations, [])
    assert judgement.charged == {"grad_q"}


PICKED = """\
def picked(x, y):
    order = np.argsort(x)
    chosen = y[order]
    f = np.cumsum(chosen)
    return f
"""
PICKED_CONTRACT = """\
[picked]
title = "Running sums of y in the order of x"
call = "picked(x, y)"
returns = ["f"]
points = 3
inputs = { x = { shape = "N" }, y = { shape = "N" } }

[picked.stages]
order = { shape = "N", points = 1 }
chosen = { shape = "N", points = 1 }
f = { shape = "N", points = 1 }
"""


def test_positions_stay_whole_numbers(tmp_path):
    """What the reference picks by a student's own positions can be picked again, and a mistake there has a name."""
    (tmp_path / "exercises.toml").write_text(PICKED_CONTRACT)
    exercise = load_assignment(tmp_path).exercises["picked"]
    mistake = Mistake("chosen", "y[order]", "y[order - 1]", "Nothing to subtract.", "off-by-one")
    wrong = defined(PICKED.replace("y[order]", "y[order - 1]"), "picked")
    rng = np.random.default_rng(0)
    observations = []
    for size in (5, 8):
        inputs = {"x": rng.standard_normal(size), "y": rng.standard_normal(size)}
        trace = TracedPlan(exercise.plan, {"picked": wrong}).run(inputs)
        observations.append(Observation(inputs, trace.returned, trace, generic=True))
    judgement = diagnose(exercise, [staged(exercise, PICKED, {"np": np})], observations, [mistake])
    assert [(charge.stage, charge.mistake) for charge in judgement.charges] == [("chosen", mistake)]


def test_staged_code_sees_what_its_own_text_defines(tmp_path):
    """An equivalent may call a function of its own; one whose text cannot be run is no staged code."""
    (tmp_path / "exercises.toml").write_text(PICKED_CONTRACT)
    exercise = load_assignment(tmp_path).exercises["picked"]
    text = "def take(y, order):\n    return y[order]\n\n\n" + PICKED.replace("y[order]", "take(y, order)")
    inputs = {"x": np.array([2.0, 1.0]), "y": np.array([3.0, 4.0])}
    assert staged(exercise, text, {"np": np}).run(inputs)[-1]["f"].tolist() == [4, 7]
    with pytest.raises(StagedError) as caught:
        staged(exercise, f"take = missing\n{PICKED}", {"np": np})
    assert str(caught.value) == "its text cannot be run: name 'missing' is not defined"
