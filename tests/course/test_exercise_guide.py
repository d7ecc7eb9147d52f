"""docs/exercises.md: the exercise that it writes out proves itself, is released, and is graded."""

import json
import re
import shutil
import sys
import tomllib

import nbformat
import pytest
from support.course import ROOT
from support.notebooks import INSTALL
from typer.testing import CliRunner

from flatgrade import commands
from flatgrade.cli import app
from flatgrade.core import ContractError, Verdict, load_assignment
from flatgrade.core.contract import INPUT_KINDS
from flatgrade.core.exercise import Limits
from flatgrade.core.flatcode import definition_of, find_function

PAGE = (ROOT / "docs" / "exercises.md").read_text(encoding="utf-8")
BLOCKS = {
    (language, name): text for language, name, text in re.findall(r"^```(\w+) (\S+)\n(.*?)^```$", PAGE, re.M | re.S)
}
CONTRACT = BLOCKS["toml", "assignments/a9/exercises.toml"]
SOLUTION = BLOCKS["python", "solutions/a9/squared_norm.py"]
CELLS = ("install", "imports", "answer", "test")

sandboxed = pytest.mark.skipif(sys.platform != "linux", reason="workers confine themselves with Landlock, on Linux")


def flatgrade(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def contract(folder, text):
    """The contract of a folder that holds this text alone."""
    (folder / "exercises.toml").write_text(text, encoding="utf-8")
    return load_assignment(folder)


@pytest.fixture
def course(tmp_path):
    """What an instructor has who copied the page: settings, contract, solution, and a notebook of its cells."""
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    for path, text in (("assignments/a9/exercises.toml", CONTRACT), ("solutions/a9/squared_norm.py", SOLUTION)):
        (tmp_path / path).parent.mkdir(parents=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    cells = [
        nbformat.v4.new_code_cell(
            BLOCKS["python", name].rstrip("\n"), id=name, metadata={"nbgrader": json.loads(BLOCKS["json", name])}
        )
        for name in CELLS
    ]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    notebook = nbformat.v4.new_notebook(cells=cells, metadata=kernel)
    nbformat.write(notebook, tmp_path / "assignments/a9/squared_norm.ipynb")
    return tmp_path


def test_the_first_cell_is_that_of_every_notebook():
    """What installs Flatgrade stands in the page as in the notebooks of the course."""
    assert BLOCKS["python", "install"] == INSTALL + "\n"


def test_the_answer_cell_is_the_reference():
    """The page shows one text twice: the cell without its markers is the function of the solution file."""
    cell = BLOCKS["python", "answer"].splitlines()
    node = find_function(SOLUTION, "squared_norm")
    reference = SOLUTION.splitlines()[node.lineno - 1 : node.end_lineno]
    assert [line for line in cell if "### " not in line] == reference
    assert len(reference) == 10


@sandboxed
def test_the_exercise_proves_itself(course):
    """Nothing is found, and nothing was left out: every mistake and equivalent of the page was graded."""
    folders = {"a9": course / "assignments" / "a9"}
    [(assignment, proof)] = commands.prove_assignments(folders, course / "solutions")
    assert proof.problems == []
    assert assignment.title == "Backpropagation by hand"
    assert proof.reference
    assert proof.stub
    assert proof.equivalents == proof.equivalents_full == 2
    assert proof.mistakes == proof.charged == proof.at_stage == proof.named == 5
    assert proof.torch is None or proof.torch_agrees


@sandboxed
def test_a_mistake_of_the_author_is_found(course):
    """A wrong figure in the contract makes `flatgrade prove` end with a sentence and exit code 1."""
    (course / "assignments/a9/exercises.toml").write_text(CONTRACT.replace("f = 0.116", "f = 0.117"), encoding="utf-8")
    result = flatgrade("prove", "a9", "--course", course)
    assert result.stderr == "squared_norm: public case 'lecture 4: W x is (0.22, 0.26)' expects another f\n"
    assert result.exit_code == 1


@sandboxed
def test_released_and_graded(course):
    """Students get the stub of the page; the right answer has all points, a known mistake costs its stage, named."""
    released = flatgrade("release", "a9", "--course", course)
    assert released.exit_code == 0, released.output
    stub = nbformat.read(course / "release/a9/squared_norm.ipynb", as_version=4)
    [cell] = [cell for cell in stub.cells if cell.id == "answer"]
    assert cell.source == BLOCKS["python", "released"].rstrip("\n")
    assert "SOLUTION" not in (course / "release/a9/squared_norm.ipynb").read_text(encoding="utf-8")
    right = BLOCKS["python", "answer"]
    for student, answer in (("right", right), ("wrong", right.replace("2 * q", "q")), ("stub", cell.source)):
        shutil.copytree(course / "release/a9", course / "submitted" / student / "a9")
        cell.source = answer
        nbformat.write(stub, course / "submitted" / student / "a9/squared_norm.ipynb")
    result = flatgrade("grade", "a9", "--course", course, "--json")
    assert result.exit_code == 0, result.output
    records = {row["student"]: row for row in map(json.loads, result.stdout.splitlines())}
    assert {name: row["earned"] for name, row in records.items()} == {"right": 8, "wrong": 7, "stub": 0}
    verdicts = {name: row["exercises"][0]["verdict"] for name, row in records.items()}
    assert verdicts == {"right": Verdict.PASS, "wrong": Verdict.WRONG, "stub": Verdict.NOT_WRITTEN}
    [finding] = records["wrong"]["exercises"][0]["findings"]
    assert (finding["stage"], finding["mistake"]) == ("grad_q", "norm-half")
    assert finding["advice"] == "The derivative of q**2 is 2 * q."
    assert (course / ".flatgrade/a9.html").is_file()


KEYS = {
    "title": 'title = "The squared norm"',
    "call": 'call = "squared_norm(W, x)"',
    "returns": 'returns = ["f", "grad_W", "grad_x"]',
    "points": "points = 8",
    "inputs": 'inputs = { W = { shape = "M D" }, x = { shape = "D" } }',
    "stages": "stages = { f = { points = 8 } }",
    "cases": 'cases = [{ label = "one", inputs = { W = [[2]], x = [1] }, expect = { f = 4 } }]',
    "gradients": 'gradients = { grad_W = "W" }',
    "sizes": "sizes = { D = 3 }",
    "given": "given = []",
    "profile": 'profile = "torch"',
    "source": 'source = "lecture 4"',
}


def test_required_and_optional_keys_are_as_the_table_says(tmp_path):
    """The table lists the keys that the contract knows; without a required one it is refused, else it is read."""
    rows = dict(re.findall(r"^\| `(\w+)` \| (required|optional)", PAGE, re.M))
    assert list(rows) == list(KEYS)
    with pytest.raises(ContractError, match="is not a key of this table") as caught:
        contract(tmp_path, "\n".join(["[squared_norm]", *KEYS.values(), "sauce = 1"]))
    known = re.search(r"known: (.+)\)", str(caught.value))[1].split(", ")
    assert set(known) - {"plan"} == set(rows)
    for key, need in rows.items():
        text = "\n".join(["[squared_norm]", *(line for name, line in KEYS.items() if name != key)])
        if need == "optional":
            assert contract(tmp_path, text).exercises["squared_norm"].points == 8
        else:
            with pytest.raises(ContractError, match=r"/exercises\.toml: squared_norm\."):
                contract(tmp_path, text)


def test_kinds_of_inputs_and_limits_are_all_listed(tmp_path):
    """Each kind of input has its line, and the limits on the page are those that hold where none are given."""
    assert tuple(re.findall(r"^- `(\w+)`(?: \(the default\))?:", PAGE, re.M)) == INPUT_KINDS
    text = BLOCKS["toml", "limits"]
    assert contract(tmp_path, text).limits == Limits()
    assert set(tomllib.loads(text)["assignment"]["limits"]) == set(Limits.__dataclass_fields__)


def test_the_plan_is_a_contract_with_and_without_stages(tmp_path):
    """The page's plan is read, and its stages go on through the calls."""
    plan = BLOCKS["toml", "plan"]
    exercise = contract(tmp_path, plan).exercises["affine"]
    assert [call.function for call in exercise.plan] == ["affine_forward", "affine_backward"]
    assert "cache" not in exercise.returns
    staged = contract(tmp_path, plan + BLOCKS["toml", "stages"]).exercises["affine"]
    assert [stage.name for stage in staged.stages] == ["out", "dx", "dw", "db"]


@sandboxed
def test_the_staged_plan_proves_itself(course):
    """The page's pair, in two answer cells: all its mistakes are named at their stages, and the stub earns nothing."""
    solution = BLOCKS["python", "solutions/a9/affine.py"]
    (course / "solutions/a9/affine.py").write_text(solution, encoding="utf-8")
    with (course / "assignments/a9/exercises.toml").open("a", encoding="utf-8") as file:
        file.write("\n".join(["", BLOCKS["toml", "plan"], BLOCKS["toml", "stages"]]))
    path = course / "assignments/a9/squared_norm.ipynb"
    notebook = nbformat.read(path, as_version=4)
    for name in ("affine_forward", "affine_backward"):
        head, *body, last = definition_of(solution, name).rstrip("\n").split("\n")
        source = "\n".join([head, "    ### BEGIN SOLUTION", *body, "    ### END SOLUTION", last])
        mark = {**json.loads(BLOCKS["json", "answer"]), "grade_id": name}
        notebook.cells.append(nbformat.v4.new_code_cell(source, id=name, metadata={"nbgrader": mark}))
    nbformat.write(notebook, path)
    proofs = commands.prove_assignments({"a9": course / "assignments/a9"}, course / "solutions")
    [proof] = [proof for _, proof in proofs if proof.exercise == "affine"]
    assert proof.problems == []
    assert proof.reference
    assert proof.stub
    assert proof.equivalents_full == 1
    assert proof.mistakes == proof.charged == proof.at_stage == proof.named == 3
