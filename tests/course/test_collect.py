"""Submissions are collected as they lie there, and nothing that lies there stops the batch."""

import datetime as dt
import shutil

import nbformat
import pytest
from tests.course.conftest import write_notebook

from flatgrade.course.collect import Collector
from flatgrade.course.directory import Course, CourseError
from flatgrade.grader.submission import CellKind


def collected(desk, student="ana"):
    return Collector(desk.course, "a1").collect(student)


def problem(desk, student="ana"):
    """The one sentence on the student's notebook; its exercise is listed all the same."""
    (notebook,) = collected(desk, student).submission.notebooks
    assert [(cell.key, cell.exercise) for cell in notebook.cells] == [("svm_loss_test", "svm_loss")]
    return notebook.problem


def test_a_submission_is_ready_for_the_engine(desk):
    """Cells, files and time of a sound submission, of a student with any name."""
    desk.hand_in("Zoë Ångström", desk.answered())
    got = collected(desk, "Zoë Ångström")
    (notebook,) = got.submission.notebooks
    assert (got.submission.student, got.submission.assignment, notebook.name) == ("Zoë Ångström", "a1", "svm")
    assert [(cell.key, cell.kind, cell.exercise, cell.own) for cell in notebook.cells] == [
        ("setup", CellKind.RUN, "", False),
        ("svm_loss", CellKind.RUN, "", False),
        ("svm_loss_test", CellKind.JUDGE, "svm_loss", False),
        ("cell:5", CellKind.SKIP, "", False),
    ]
    assert notebook.cells[1].source == desk.answered()[2].source
    assert notebook.problem == ""
    assert got.submission.notes == ()
    assert got.missing == frozenset()
    assert got.timestamp == dt.datetime(2026, 2, 3, 10, 0)  # noqa: DTZ001 -- naive UTC, as nbgrader keeps it
    assert got.notebooks["svm"].node.cells[5].outputs[0].text == "loss 0.1\n"
    assert sorted(got.files) == ["data.txt", "exercises.toml", "timestamp.txt"]


def test_the_metadata_of_a_submission_are_ours(desk):
    """Points, flags, tags and kernel of a submission are not the student's to set."""
    cells = desk.answered()
    for cell in cells:
        cell.metadata["tags"] = ["skip-grading"]
        if "nbgrader" in cell.metadata:
            cell.metadata.nbgrader.update(points=99, locked=False, schema_version=4, checksum="0" * 32)
    desk.hand_in("ana", cells)
    desk.hand_in("bob", desk.answered())
    assert collected(desk).notebooks["svm"] == collected(desk, "bob").notebooks["svm"]


def test_hidden_tests_come_back_from_the_gradebook(desk):
    """What the release took out of a locked cell is in it again when it is graded (any nbgrader course)."""
    with desk.course.gradebook() as gradebook:
        row = gradebook.find_source_cell("setup", "svm", "a1")
        row.source += "\nhidden = 1"
        gradebook.db.commit()
    desk.hand_in("ana", desk.answered())
    got = collected(desk)
    assert got.submission.notebooks[0].cells[0].source.endswith("\nhidden = 1")
    assert got.submission.notes == ()


def test_a_missing_notebook_is_told(desk):
    """An empty folder is a submission without a notebook."""
    desk.hand_in("ana", b"").unlink()
    assert problem(desk) == "svm.ipynb was not handed in."
    assert collected(desk).missing == {"svm"}


@pytest.mark.parametrize("name", ["svm (1).ipynb", "SVM.ipynb", "svm.ipynb.txt", "hw1/svm.ipynb", "ana.IPYNB"])
def test_a_notebook_of_another_name_is_taken(desk, name):
    """Browsers, copies and archives change names; what is in it says whose it is."""
    path = desk.hand_in("ana", desk.answered())
    (path.parent / name).parent.mkdir(exist_ok=True)
    path.rename(path.parent / name)
    got = collected(desk)
    assert got.notebooks["svm"].notebook.problem == ""
    assert got.missing == frozenset()
    assert got.submission.notes == (f"svm.ipynb was not handed in; {name} was taken for it.",)


def test_one_of_several_is_not_guessed(desk):
    """Two notebooks that could be it: a person must say which."""
    path = desk.hand_in("ana", desk.answered())
    path.with_name("svm (1).ipynb").write_bytes(path.read_bytes())
    path.rename(path.with_name("svm (2).ipynb"))
    assert problem(desk) == (
        "svm.ipynb was not handed in, and more than one notebook could be it: svm (1).ipynb, svm (2).ipynb. Keep one."
    )


def test_a_notebook_without_an_answer_of_ours_is_left_aside(desk):
    """Another notebook, a copy that is no JSON, or a checkpoint does not become the answer."""
    path = desk.hand_in("ana", [nbformat.v4.new_code_cell("print(1)")])
    path.rename(path.with_name("notes.ipynb"))
    path.with_name("svm-Copy1.ipynb").write_bytes(b"{}")
    path.with_name(".ipynb_checkpoints").mkdir()
    write_notebook(path.parent / ".ipynb_checkpoints/svm-checkpoint.ipynb", desk.answered())
    assert problem(desk) == (
        "svm.ipynb was not handed in; the folder holds notes.ipynb, svm-Copy1.ipynb, of another name."
    )
    assert collected(desk).submission.notes == (
        "notes.ipynb is no notebook of this assignment; it was left aside.",
        "svm-Copy1.ipynb is no notebook of this assignment; it was left aside.",
    )


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"{\n,", "svm.ipynb is not valid JSON: line 2, column 1: Expecting property name enclosed in double quotes."),
        (b'{"cells": []}', "svm.ipynb is not the notebook that was released: no cell of it fits."),
        (b'{"cells": [{"source": "x"}]}', "svm.ipynb is not the notebook that was released: no cell of it fits."),
        (b'{"cells": 1}', "svm.ipynb is not a notebook: it has no list of cells."),
        (b"\xff", 'svm.ipynb is not a notebook: it begins with "\\ufffd", where a notebook begins with {.'),
    ],
)
def test_a_bad_notebook_is_told(desk, data, sentence):
    """The reader's sentence is the notebook's problem, and its exercise is listed all the same."""
    desk.hand_in("ana", data)
    assert problem(desk) == sentence
    assert collected(desk).missing == frozenset()


def test_a_link_in_place_of_a_file_is_never_followed(desk):
    """What a link names would be copied and given back as feedback: another's work, or the solutions."""
    path = desk.hand_in("ana", desk.answered())
    secret = desk.root / "solution.py"
    secret.write_text("42")
    (path.parent / "mine.py").symlink_to(secret)
    (path.parent / "folder").symlink_to(desk.root / "assignments")
    (path.parent / "timestamp.txt").unlink()
    (path.parent / "timestamp.txt").symlink_to(secret)
    got = collected(desk)
    assert sorted(got.files) == ["data.txt", "exercises.toml"]
    assert got.timestamp is None
    path.unlink()
    path.symlink_to(desk.root / "assignments/a1/svm.ipynb")
    assert problem(desk) == "svm.ipynb is a link, and links are not followed: hand in the notebook itself."


def test_our_files_win_and_others_are_carried_along(desk):
    """A student's file keeps its place unless ours needs it, as a file or as a folder."""
    folder = desk.hand_in("ana", desk.answered()).parent
    (desk.root / "assignments/a1/pictures").mkdir()
    (desk.root / "assignments/a1/pictures/one.png").write_text("ours")
    (folder / "data.txt").write_text("theirs")
    (folder / "pictures").write_text("a file where our folder is")
    (folder / "exercises.toml").mkdir()
    (folder / "exercises.toml/x.txt").write_text("a folder where our file is")
    (folder / "helpers").mkdir()
    (folder / "helpers/tools.py").write_text("x = 1")
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__/tools.pyc").write_text("")
    files = collected(desk).files
    assert sorted(files) == ["data.txt", "exercises.toml", "helpers/tools.py", "pictures/one.png", "timestamp.txt"]
    assert files["data.txt"].read_text() == "ours"
    assert files["helpers/tools.py"].read_text() == "x = 1"


def test_a_setting_leaves_files_to_the_students(desk):
    """nbgrader's exclude_overwriting holds here too."""
    with (desk.root / "nbgrader_config.py").open("a") as file:
        file.write('c.Autograde.exclude_overwriting = {"a1": ["data.txt"]}\n')
    folder = desk.hand_in("ana", desk.answered()).parent
    (folder / "data.txt").write_text("theirs")
    assert Collector(Course.open(desk.root), "a1").collect("ana").files["data.txt"].read_text() == "theirs"


@pytest.mark.parametrize(
    "text", ["2026-02-03 10:00:00 UTC", "2026-02-03 10:00:00 +0200", "2026-02-03T10:00:00.5+02:00", ""]
)
def test_the_time_of_handing_in_is_read_as_nbgrader_does(desk, text):
    """nbgrader compares its own reading of the file with the gradebook's, to see whether a submission is graded."""
    folder = desk.hand_in("ana", desk.answered(), when=text).parent
    got = collected(desk)
    assert got.timestamp == desk.course.directory.get_existing_timestamp(str(folder))
    assert (got.timestamp is None) == (text == "")
    assert got.submission.notes == ()


@pytest.mark.parametrize("text", ["yesterday", "2026-13-40 10:00:00 UTC", "9" * 400, "1 2 3"])
def test_a_time_that_cannot_be_read_is_told(desk, text):
    """A broken timestamp costs nothing, and a note says so."""
    desk.hand_in("ana", desk.answered(), when=text)
    got = collected(desk)
    assert got.timestamp is None
    assert got.submission.notes == ("timestamp.txt holds no time that can be read; the submission counts as on time.",)


def test_students_who_cannot_be_collected_are_told(desk):
    """A name that is no folder, and a folder that is not there: one sentence each."""
    with pytest.raises(CourseError) as error:
        collected(desk, "../ana")
    assert str(error.value) == 'The student name "../ana" cannot be a folder: no slashes, and no dot at its start.'
    with pytest.raises(CourseError) as error:
        collected(desk, "ana")
    assert str(error.value) == "ana handed in nothing for a1: there is no a1 folder."


@pytest.mark.parametrize("lost", ["release", "gradebook.db"])
def test_an_assignment_must_be_released_first(desk, lost):
    """Without the released cells or without the gradebook's there is nothing to rebuild a submission on."""
    path = desk.root / lost
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    with pytest.raises(CourseError) as error:
        Collector(desk.course, "a1")
    assert str(error.value) == "a1 has not been released: run `flatgrade release a1` first."


def test_a_release_that_is_not_the_gradebooks_is_told(desk):
    """Points that differ between the two would be graded wrongly."""
    path = desk.root / "release/a1/svm.ipynb"
    path.write_text(path.read_text().replace('"points": 10', '"points": 12'))
    with pytest.raises(CourseError) as error:
        Collector(desk.course, "a1")
    assert str(error.value) == "a1/svm.ipynb and the gradebook differ: run `flatgrade release a1` again."


def test_a_release_that_cannot_be_read_is_told(desk):
    """Our own file may be broken too."""
    (desk.root / "release/a1/svm.ipynb").write_text("[]")
    with pytest.raises(CourseError, match=r"^a1/svm.ipynb cannot be read as a notebook: "):
        Collector(desk.course, "a1")


def test_an_unknown_assignment_is_told(desk):
    """The sentence lists what there is."""
    with pytest.raises(CourseError, match=r"^a2 is not an assignment of this course: it has a1.$"):
        Collector(desk.course, "a2")


def test_every_submission_of_a_class_is_collected(desk):
    """One bad file, one good, one empty folder, in one pass."""
    desk.hand_in("ana", desk.answered())
    desk.hand_in("bob", b"[" * 50_000)
    desk.hand_in("cem", b"").unlink()
    duplicated = desk.answered()
    duplicated.insert(4, nbformat.from_dict(dict(duplicated[3])))
    duplicated[4]["id"] = "copy"
    desk.hand_in("dana", duplicated)
    collector = Collector(desk.course, "a1")
    notebooks = [collector.collect(student).submission.notebooks[0] for student in desk.course.students("a1")]
    assert [bool(notebook.problem) for notebook in notebooks] == [False, True, True, False]


def test_files_beside_the_notebook_are_readable_by_cells(desk, monkeypatch):
    """The student's and ours, less nbgrader's secret; what is too large is told, not put there."""
    desk.hand_in("ana", desk.answered())
    folder = desk.course.submitted("ana", "a1")
    (folder / "notes.txt").write_bytes(b"mine")
    (folder / "submission_secret.txt").write_bytes(b"secret")
    (folder / "zeros.bin").write_bytes(bytes(5000))
    contents = collected(desk).submission.files
    assert sorted(contents) == ["data.txt", "exercises.toml", "notes.txt", "zeros.bin"]
    assert contents["notes.txt"] == b"mine"
    monkeypatch.setattr("flatgrade.course.collect.MOST_BESIDE", 4000)
    submission = collected(desk).submission
    assert sorted(submission.files) == ["data.txt", "exercises.toml", "notes.txt"]
    assert submission.notes == (
        "zeros.bin is not there when cells are run: cells can read 0.004 MB of files, and it is over that.",
    )
