"""The libraries of a notebook: torch where one of its exercises says so, and nowhere else."""

import importlib.util
import sys
from dataclasses import replace

import pytest

from flatgrade.core import ContractError, load_assignment, profiles
from flatgrade.core.finding import Verdict
from flatgrade.grader.engine import AnswerKey, grade
from flatgrade.grader.prove import prove
from flatgrade.grader.reference import load_solutions
from flatgrade.grader.sandbox import Sandbox, SandboxError
from flatgrade.grader.solution_file import SolutionError
from flatgrade.grader.submission import Cell, CellKind, Notebook, Submission
from flatgrade.student.check import look

CONTRACT = """
[double]
title = "Twice, by NumPy"
call = "double(x)"
returns = ["y"]
points = 1
inputs = { x = { shape = "N" } }

[double_torch]
title = "Twice, by torch"
profile = "torch"
call = "double_torch(x)"
returns = ["y"]
points = 1
inputs = { x = { shape = "N" } }
"""
SOLUTION = """
import numpy as np
import torch
from flatgrade.core import Case

def double_torch(x):
    return (2 * torch.from_numpy(x)).numpy()

def cases(rng):
    return [Case("numbers", {"x": rng.standard_normal(4)}, generic=True)]
"""
TORCH_IMPORT = "try:\n    import torch\nexcept ImportError as error:\n    torch = None\nprint(torch is not None)"

HAS_TORCH = importlib.util.find_spec("torch") is not None


def needs_torch(test):
    """Mark a test that runs student code with torch."""
    test = pytest.mark.skipif(sys.platform != "linux", reason="workers confine themselves on Linux")(test)
    test = pytest.mark.skipif(not HAS_TORCH, reason="torch is not installed")(test)
    return pytest.mark.torch(test)


@pytest.fixture
def assignment(tmp_path):
    (tmp_path / "a9").mkdir()
    (tmp_path / "a9/exercises.toml").write_text(CONTRACT)
    return load_assignment(tmp_path / "a9")


@pytest.fixture
def solutions(tmp_path):
    """The folder of the solutions, one with torch and one without."""
    folder = tmp_path / "solutions"
    (folder / "a9").mkdir(parents=True)
    (folder / "a9/double_torch.py").write_text(SOLUTION)
    plain = SOLUTION.replace("import torch\n", "").replace("double_torch", "double")
    (folder / "a9/double.py").write_text(plain.replace("(2 * torch.from_numpy(x)).numpy()", "2 * x"))
    return folder


@pytest.fixture
def without_torch(monkeypatch):
    monkeypatch.setattr(profiles.importlib.util, "find_spec", lambda name: None)


def notebook(exercise, answer):
    """A notebook that tells whether it can import torch, and answers one exercise."""
    return Notebook(
        exercise,
        (
            Cell("probe", CellKind.RUN, TORCH_IMPORT),
            Cell("answer", CellKind.RUN, answer),
            Cell("test", CellKind.JUDGE, "", exercise),
        ),
    )


NUMPY = notebook("double", "import numpy as np\ndef double(x):\n    return x + x\n")
TORCH = notebook("double_torch", "def double_torch(x):\n    x = torch.tensor(x)\n    return (x + x).numpy()\n")


def has_torch(record, name):
    [output] = record.outputs[name]["probe"]
    return output["text"] == "True\n"


@needs_torch
def test_torch_is_there_for_the_notebook_that_needs_it_and_for_no_other(assignment, solutions):
    """Two notebooks of one submission, in turn; the zygote with torch starts with the first notebook that needs it."""
    key = AnswerKey.load(assignment, solutions, "test")
    with key.sandbox() as sandbox:
        assert set(sandbox._zygotes) == {"numpy"}
        first = grade(Submission("ada", "a9", (NUMPY,)), key, sandbox)
        assert (first.earned, has_torch(first, "double")) == (1, False)
        assert set(sandbox._zygotes) == {"numpy"}
        for student in ("bob", "eve"):
            both = grade(Submission(student, "a9", (NUMPY, TORCH, NUMPY)), key, sandbox)
            assert [item.verdict for item in both.exercises] == [Verdict.PASS] * 3
            assert (has_torch(both, "double"), has_torch(both, "double_torch")) == (False, True)
        assert set(sandbox._zygotes) == {"numpy", "torch"}


@needs_torch
def test_a_torch_exercise_is_proved_with_torch(assignment, solutions):
    """Its reference runs in the sandbox of its own profile."""
    solution = load_solutions(solutions, assignment)["double_torch"]
    solution = replace(solution, given="import torch\n")
    proof = prove(solution, "def double_torch(x):\n    raise NotImplementedError()\n", "test")
    assert (proof.reference, proof.stub, proof.problems) == (True, True, [])


@needs_torch
def test_a_zygote_that_does_not_start_costs_nobody_a_point(assignment, solutions, monkeypatch):
    """The notebook that needs it waits for the grader; the others are graded."""
    key, start = AnswerKey.load(assignment, solutions, "test"), Sandbox._start

    def failing(self, profile, *arguments):
        if profile == "torch":
            raise SandboxError("the process that runs student code did not start: torch is broken")
        return start(self, profile, *arguments)

    monkeypatch.setattr(Sandbox, "_start", failing)
    with key.sandbox() as sandbox:
        record = grade(Submission("ada", "a9", (NUMPY, TORCH)), key, sandbox)
    assert [item.verdict for item in record.exercises] == [Verdict.PASS, Verdict.GRADER_FAULT]
    assert str(record.exercises[1].findings[0]) == (
        "The grader could not run a worker (the process that runs student code did not start: torch is broken)."
    )


def test_a_notebook_runs_with_the_widest_profile_of_its_exercises(assignment):
    """That of the assignment holds where an exercise has none of its own."""
    assert [item.profile for item in assignment.exercises.values()] == ["numpy", "torch"]
    assert assignment.profile_of([]) == assignment.profile_of(["double"]) == "numpy"
    assert assignment.profile_of(["double", "double_torch"]) == "torch"
    assert replace(assignment, profile="any").profile_of(["double_torch"]) == "any"


def test_an_exercise_has_the_profile_of_its_assignment(tmp_path):
    """And an unknown profile is told."""
    (tmp_path / "exercises.toml").write_text('[assignment]\nprofile = "torch"\n' + CONTRACT)
    assert {item.profile for item in load_assignment(tmp_path).exercises.values()} == {"torch"}
    (tmp_path / "exercises.toml").write_text(CONTRACT.replace('profile = "torch"', 'profile = "jax"'))
    with pytest.raises(ContractError) as error:
        load_assignment(tmp_path)
    assert str(error.value) == (
        f"{tmp_path.name}/exercises.toml: double_torch.profile must be one of numpy, torch, any (got 'jax', a str)"
    )


def test_a_grader_without_torch_says_what_is_missing(assignment, solutions, without_torch):
    """Which exercises need it, and the line that mends it; before anything is graded."""
    with pytest.raises(SolutionError) as error:
        AnswerKey.load(assignment, solutions, "test")
    assert (
        str(error.value) == "double_torch of a9 needs torch, which is not installed: run pip install 'flatgrade[torch]'"
    )


def test_a_student_without_torch_is_told_what_to_do(assignment, tmp_path, without_torch):
    """`check` says it for the exercise that needs torch, and is as always for the others."""
    found = look("double_torch", {}, tmp_path / "a9")
    assert (found.verdict, found.summary) == (Verdict.GRADER_FAULT, "not checked.")
    assert [str(finding) for finding in found.findings] == [
        "double_torch needs torch, which is not installed here. Run %pip install torch in a cell of its own, and restart the "
        "kernel."
    ]
    assert look("double", {"double": lambda x: 2 * x}, tmp_path / "a9").verdict is Verdict.PASS
