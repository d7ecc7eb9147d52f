"""A rebuilt notebook holds our cells as they are, the student's as they were written, and tells what was mended."""

import functools
from dataclasses import replace

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flatgrade.course.reading import StudentCell
from flatgrade.course.rebuild import rebuild, rebuild_unread
from flatgrade.course.template import OurCell, Role, Template
from flatgrade.grader.submission import Cell, CellKind

CODE, TEXT = nbformat.v4.new_code_cell, nbformat.v4.new_markdown_cell


def ours(node, role, kind=CellKind.RUN, grade_id="", exercise=""):
    """One cell of our copy; the locked setup holds more than was released, as with hidden tests."""
    node.metadata = {"nbgrader": {"grade_id": grade_id}} if grade_id else {}
    released = node.source
    if grade_id == "setup":
        node.source += "\nhidden = 1"
    return OurCell(nbformat.from_dict(node), released, role, kind, grade_id, exercise)


@functools.cache
def template():
    cells = (
        ours(TEXT("# Title", id="title"), Role.PLAIN, CellKind.SKIP),
        ours(CODE("import numpy", id="setup"), Role.LOCKED, grade_id="setup"),
        ours(CODE("stub 1", id="one"), Role.ANSWER, grade_id="one"),
        ours(CODE('check("one")', id="one-test"), Role.TEST, CellKind.JUDGE, "one_test", "one"),
        ours(CODE("stub 2", id="two"), Role.ANSWER, grade_id="two"),
        ours(CODE('check("two")', id="two-test"), Role.TEST, CellKind.JUDGE, "two_test", "two"),
        ours(TEXT("write here", id="why"), Role.ANSWER, CellKind.SKIP, "why"),
        ours(CODE("train()", id="training"), Role.PLAIN, CellKind.SKIP),
    )
    return Template("nb", cells, {"kernelspec": {"name": "python3", "display_name": "Python 3"}}, 5)


def submitted():
    """The cells as Jupyter saves them, nothing written yet."""
    return [
        StudentCell(cell.node.cell_type == "code", cell.released, cell.grade_id, cell.node["id"])
        for cell in template().cells
    ]


def keys_and_sources(rebuilt):
    return list(zip(rebuilt.keys, [cell.source for cell in rebuilt.node.cells], strict=True))


WHOLE = [
    ("cell:0", "# Title"),
    ("setup", "import numpy\nhidden = 1"),
    ("one", "stub 1"),
    ("one_test", 'check("one")'),
    ("two", "stub 2"),
    ("two_test", 'check("two")'),
    ("why", "write here"),
    ("cell:7", "train()"),
]


def own(source):
    return StudentCell(True, source)


def test_an_untouched_notebook_is_ours_again():
    """Nothing changes but the locked text, which has its hidden part again; the engine sees the code cells."""
    rebuilt = rebuild(template(), submitted())
    assert keys_and_sources(rebuilt) == WHOLE
    assert rebuilt.notes == ()
    assert rebuilt.written == (False, False, True, False, True, False, True, False)
    assert rebuilt.notebook.problem == ""
    assert rebuilt.notebook.cells == (
        Cell("setup", CellKind.RUN, "import numpy\nhidden = 1"),
        Cell("one", CellKind.RUN, "stub 1"),
        Cell("one_test", CellKind.JUDGE, 'check("one")', "one"),
        Cell("two", CellKind.RUN, "stub 2"),
        Cell("two_test", CellKind.JUDGE, 'check("two")', "two"),
        Cell("cell:7", CellKind.SKIP, "train()"),
    )


def test_answers_and_own_cells_keep_their_order():
    """A helper in an extra cell stays where the student put it."""
    cells = submitted()
    cells[2] = replace(cells[2], source="def one(): return helper()")
    cells.insert(2, own("def helper(): pass"))
    cells.append(StudentCell(False, "My remarks"))
    rebuilt = rebuild(template(), cells)
    expected = [*WHOLE[:2], ("cell:2", "def helper(): pass"), ("one", "def one(): return helper()"), *WHOLE[3:7]]
    assert keys_and_sources(rebuilt) == [*expected, ("cell:8", "train()"), ("cell:9", "My remarks")]
    assert [cell.own for cell in rebuilt.notebook.cells] == [False, True, False, False, False, False, False]
    assert rebuilt.notes == ()


def test_changed_locked_and_test_cells_are_ours_again():
    """Neither text nor type of a locked cell is the student's to choose."""
    cells = submitted()
    cells[1] = replace(cells[1], source="import cheat")
    cells[3] = replace(cells[3], source="pass", code=False)
    rebuilt = rebuild(template(), cells)
    assert keys_and_sources(rebuilt) == [
        ("cell:0", "# Title"),
        ("cell:1", "import cheat"),
        *WHOLE[1:7],
        ("cell:8", "train()"),
    ]
    assert rebuilt.notebook.cells[0] == Cell("cell:1", CellKind.RUN, "import cheat", own=True)
    assert rebuilt.notes == (
        "nb.ipynb: the cell setup is locked and was changed; our text was put back; what stood there is kept before it.",
        "nb.ipynb: the cell one_test is locked and was changed; our text was put back.",
        "nb.ipynb: the cell one_test had another type; it is a code cell again.",
    )


def test_an_answer_turned_into_text_is_code_again():
    """The key Y in Jupyter's command mode, undone."""
    cells = submitted()
    cells[2] = replace(cells[2], source="answer", code=False)
    rebuilt = rebuild(template(), cells)
    assert rebuilt.node.cells[2].cell_type == "code"
    assert rebuilt.notes == ("nb.ipynb: the cell one had another type; it is a code cell again.",)


@pytest.mark.parametrize("index", [1, 2, 3, 4, 5, 6])
def test_a_deleted_cell_comes_back_at_its_place(index):
    """Whatever cell that counts is deleted, it is there again as it was released, and a note says so."""
    cells = submitted()
    del cells[index]
    rebuilt = rebuild(template(), cells)
    assert keys_and_sources(rebuilt) == WHOLE
    assert rebuilt.notes == (f"nb.ipynb: the cell {WHOLE[index][0]} was missing; it was put back as it was released.",)


def test_a_deleted_test_comes_back_after_the_helpers_of_its_answer():
    """A test runs when everything that the student wrote for it has run."""
    cells = submitted()
    cells[3] = own("helper")
    rebuilt = rebuild(template(), cells)
    assert rebuilt.keys[2:5] == ("one", "cell:3", "one_test")


def test_a_new_cell_in_place_of_an_answer_is_the_answer():
    """A student who deletes the cell and writes another in its place has answered."""
    cells = submitted()
    cells[2] = own("def one(): ...")
    cells[6] = StudentCell(False, "Because.")
    rebuilt = rebuild(template(), cells)
    assert keys_and_sources(rebuilt)[2] == ("one", "def one(): ...")
    assert keys_and_sources(rebuilt)[6] == ("why", "Because.")
    assert rebuilt.notes == (
        "nb.ipynb: the cell one had lost its id; it is known by its text or place.",
        "nb.ipynb: the cell why had lost its id; it is known by its text or place.",
    )


def test_the_stub_of_a_deleted_answer_is_not_run():
    """It comes back to be seen, and undoes nothing of what the student wrote in other cells."""
    cells = submitted()
    cells[2:3] = [own("def one(): ..."), own("helper")]
    rebuilt = rebuild(template(), cells)
    assert rebuilt.keys[1:6] == ("setup", "one", "cell:3", "cell:4", "one_test")
    assert [cell.kind for cell in rebuilt.notebook.cells[:4]] == [
        CellKind.RUN,
        CellKind.SKIP,
        CellKind.RUN,
        CellKind.RUN,
    ]
    assert rebuilt.notes == ("nb.ipynb: the cell one was missing; it was put back as it was released.",)


def test_all_cells_that_count_may_be_missing_but_one():
    """One recognised cell is enough to know whose notebook it is."""
    rebuilt = rebuild(template(), [submitted()[4]])
    assert rebuilt.keys == ("setup", "one", "one_test", "two", "two_test", "why")
    assert len(rebuilt.notes) == 5


def test_free_text_and_code_of_ours_may_go():
    """What is neither locked nor graded is the student's to delete or to turn into something else."""
    cells = submitted()
    cells[7] = replace(cells[7], code=False, source="I did not train.")
    rebuilt = rebuild(template(), cells[1:])
    assert keys_and_sources(rebuilt) == [*WHOLE[1:7], ("cell:6", "I did not train.")]
    assert rebuilt.notes == ()


def test_of_two_cells_with_one_id_the_written_one_counts():
    """A split or copied answer: the first that is not the stub is the answer, other texts are own cells."""
    cells = submitted()
    cells[2:3] = [cells[2], replace(cells[2], source="def one(): 1"), replace(cells[2], source="part two"), cells[2]]
    rebuilt = rebuild(template(), cells)
    assert keys_and_sources(rebuilt)[2:5] == [
        ("one", "def one(): 1"),
        ("cell:3", "part two"),
        ("one_test", 'check("one")'),
    ]
    assert [cell.own for cell in rebuilt.notebook.cells[:4]] == [False, False, True, False]
    assert rebuilt.notes == (
        "nb.ipynb: 4 cells have the id one: the first with an answer keeps it, others are own cells.",
    )


def test_a_copied_test_counts_once():
    """Two copies of a test cell, which stop nbgrader's whole batch, are one test."""
    cells = submitted()
    cells.insert(4, cells[3])
    rebuilt = rebuild(template(), cells)
    assert keys_and_sources(rebuilt) == WHOLE
    assert rebuilt.notes == ("nb.ipynb: 2 cells have the id one_test: the first keeps it, others are own cells.",)


def test_a_test_that_was_moved_up_comes_back_after_its_answer():
    """Order by accident costs nobody a point; the order of whole exercises is the student's."""
    cells = submitted()
    cells[2], cells[3] = cells[3], cells[2]
    rebuilt = rebuild(template(), cells)
    assert keys_and_sources(rebuilt) == WHOLE
    assert rebuilt.notes == ("nb.ipynb: the cell one_test stood before its answer; it was put after it.",)
    cells = submitted()
    cells[2:6] = [*cells[4:6], *cells[2:4]]
    rebuilt = rebuild(template(), cells)
    assert rebuilt.keys[2:6] == ("two", "two_test", "one", "one_test")
    assert rebuilt.notes == ()


def test_cells_are_recognised_without_their_metadata():
    """Some editors drop what nbgrader wrote; the ids of the cells are left."""
    cells = [replace(cell, grade_id="") for cell in submitted()]
    assert keys_and_sources(rebuild(template(), cells)) == WHOLE


def test_cells_are_recognised_without_any_id():
    """Pasted into a new notebook, the cells are known by their text, and an answer by its place between them."""
    cells = [replace(cell, grade_id="", cell_id="") for cell in submitted()]
    cells[2] = replace(cells[2], source="def one(): return 1")
    cells[5:5] = [own("print(2)")]
    rebuilt = rebuild(template(), cells)
    assert [key for key in rebuilt.keys if not key.startswith("cell:")] == [key for key, _ in WHOLE if ":" not in key]
    assert keys_and_sources(rebuilt)[2] == ("one", "def one(): return 1")
    assert len(rebuilt.notes) == 6


def test_an_answer_is_recognised_by_the_line_that_its_stub_begins_with():
    """Alone in a new notebook, a function is the answer that asks for it."""
    ours = template()
    stub = replace(ours.cells[2], released="# (3 points)\ndef one(x):\n    ...")
    ours = replace(ours, cells=(*ours.cells[:2], stub, *ours.cells[3:]))
    rebuilt = rebuild(ours, [own("import math"), own("# mine\ndef one(x):\n    return x"), own("def one(x):\n    2")])
    assert [key for key in rebuilt.keys if "cell" not in key][:3] == ["setup", "one", "one_test"]
    assert ("one", "# mine\ndef one(x):\n    return x") in keys_and_sources(rebuilt)
    assert rebuild(ours, [own("def one(x, y):\n    return x")]) is None
    assert rebuild(ours, [replace(own("def one(x):\n    ..."), grade_id="another course's")]) is None


def test_a_grade_id_goes_before_a_cell_id():
    """A cell with a borrowed cell id does not take the place of the one that has the grade_id."""
    cells = submitted()
    cells.insert(2, replace(own("borrowed"), cell_id="one"))
    rebuilt = rebuild(template(), cells)
    assert keys_and_sources(rebuilt)[2:4] == [("cell:2", "borrowed"), ("one", "stub 1")]
    assert rebuilt.notes == ()


def test_a_notebook_without_any_cell_of_ours_is_not_ours():
    """Another course's notebook is not rebuilt into an empty one of ours."""
    assert rebuild(template(), [own("x"), StudentCell(True, "y", "other", "other")]) is None
    assert rebuild(template(), []) is None


def test_a_notebook_that_could_not_be_read_shows_why():
    """The reason stands first, then our own cells; the engine gets the exercises to record."""
    rebuilt = rebuild_unread(template(), "nb.ipynb is missing.")
    assert (
        rebuilt.node.cells[0].source
        == "**This notebook could not be graded as it was handed in:** nb.ipynb is missing."
    )
    assert rebuilt.keys[1:] == ("cell:1", "setup", "one", "one_test", "two", "two_test", "why", "cell:8")
    assert rebuilt.notebook.problem == "nb.ipynb is missing."
    assert [cell.exercise for cell in rebuilt.notebook.cells] == ["one", "two"]


def test_saved_outputs_are_kept_where_cells_are_skipped_and_nowhere_else():
    """A training run keeps what it printed, cleaned; a cell that is run again starts empty."""
    stream = {"output_type": "stream", "name": "stdout", "text": "loss 0.1"}
    page = {"output_type": "display_data", "data": {"text/html": "<script>"}, "metadata": {}}
    cells = [replace(cell, outputs=[stream, page]) for cell in [*submitted(), own("print(1)")]]
    rebuilt = rebuild(template(), cells)
    outputs = [cell.get("outputs") for cell in rebuilt.node.cells if cell.cell_type == "code"]
    assert outputs[:-2] + outputs[-1:] == [[], [], [], [], [], []]
    assert outputs[-2][0] == stream
    assert outputs[-2][1].data == {"text/plain": "[an output that is neither text nor a picture is left out]"}


def test_pictures_in_a_written_answer_are_kept():
    """They are part of the answer, not metadata."""
    cells = submitted()
    picture = {"a.png": {"image/png": "AAAA"}}
    cells[6] = replace(cells[6], source="![](attachment:a.png)", attachments=picture)
    assert rebuild(template(), cells).node.cells[6].attachments == picture


def test_notebooks_without_cell_ids_stay_without():
    """A course in format 4.4 is rebuilt in format 4.4."""
    old = replace(template(), nbformat_minor=4)
    rebuilt = rebuild(old, [*submitted(), own("x")])
    nbformat.validate(rebuilt.node)
    assert rebuilt.node.nbformat_minor == 4
    assert not any("id" in cell for cell in rebuilt.node.cells)


edits = st.lists(
    st.tuples(
        st.sampled_from(["delete", "copy", "move", "write", "own", "strip", "retype"]),
        st.integers(0, 99),
        st.integers(0, 99),
    ),
    max_size=12,
)


@given(edits)
def test_any_edits_leave_our_cells_whole_and_the_students_in_order(changes):
    """Delete, copy, move, write, add, strip, retype: ours appear once each, as they are; nothing written is lost."""
    cells = submitted()
    for number, (change, a, b) in enumerate(changes):
        if not cells:
            break
        a %= len(cells)
        if change == "delete":
            del cells[a]
        elif change == "copy":
            cells.insert(b % (len(cells) + 1), cells[a])
        elif change == "move":
            cells.insert(b % len(cells), cells.pop(a))
        elif change == "own":
            cells.insert(a, own(f"own {number}"))
        elif change == "write":
            cells[a] = replace(cells[a], source=f"written {number}")
        elif change == "strip":
            cells[a] = replace(cells[a], grade_id="", cell_id="")
        else:
            cells[a] = replace(cells[a], code=not cells[a].code)
    rebuilt = rebuild(template(), cells)
    if rebuilt is None:
        return
    nbformat.validate(rebuilt.node)
    assert len(set(rebuilt.keys)) == len(rebuilt.keys) == len(rebuilt.node.cells)
    by_key = dict(zip(rebuilt.keys, rebuilt.node.cells, strict=True))
    for cell in template().cells:
        if cell.grade_id:
            assert rebuilt.keys.count(cell.grade_id) == 1
            assert by_key[cell.grade_id].cell_type == cell.node.cell_type
            assert by_key[cell.grade_id].metadata == cell.node.metadata
        if cell.role in (Role.LOCKED, Role.TEST):
            assert by_key[cell.grade_id].source == cell.node.source
    judged = [cell.exercise for cell in rebuilt.notebook.cells if cell.kind is CellKind.JUDGE]
    assert sorted(judged) == ["one", "two"]
    assert rebuilt.keys.index("one") < rebuilt.keys.index("one_test")
    assert rebuilt.keys.index("two") < rebuilt.keys.index("two_test")
    locked = {"setup", "one_test", "two_test", "title", "training"}
    theirs = [cell.source for cell in cells if cell.source.startswith(("own", "written"))]
    kept = [cell.source for cell in rebuilt.node.cells if cell.source.startswith(("own", "written"))]
    lost = [cell.source for cell in cells if cell.cell_id in locked or cell.grade_id in locked]
    remaining = iter(theirs)
    assert all(text in remaining for text in kept)  # in their order
    assert all(text in lost for text in theirs if text not in kept)


def test_a_notebook_of_ours_without_marks_is_anybodys_to_fill():
    """Nothing in it can be recognised, so nothing can be missing; the student's cells are run."""
    plain = Template("nb", (ours(CODE("", id="empty"), Role.PLAIN),), {}, 4)
    rebuilt = rebuild(plain, (StudentCell(True, "print(1)"),))
    assert [(cell.kind, cell.source, cell.own) for cell in rebuilt.notebook.cells] == [(CellKind.RUN, "print(1)", True)]
    assert rebuild(template(), (StudentCell(True, "print(1)"),)) is None
