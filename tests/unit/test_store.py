"""Stored results: what is found again is what was put, and a result is found only for what it was made from."""

import json
import sqlite3
from dataclasses import replace

import pytest
from support.course import SOLUTIONS, a1

from flatgrade.core.digest import digest_of
from flatgrade.core.finding import Finding, Verdict
from flatgrade.grader import store
from flatgrade.grader.engine import AnswerKey
from flatgrade.grader.record import ExerciseRecord, Record
from flatgrade.grader.store import Dependencies, ResultStore, StoreError
from flatgrade.grader.submission import Cell, CellKind, Notebook, Submission

EXERCISE = ExerciseRecord("svm_loss", "svm", "test", Verdict.WRONG, 7.5, 10, findings=(Finding("dW is half."),))
RECORD = Record(
    "Zoë \ud800",
    "a1",
    (EXERCISE,),
    sandbox="L2",
    outputs={"svm": {"plot": [{"output_type": "stream", "name": "stdout", "text": "ö\ud800"}]}},
    files={"weights.npy": b"\x00\xff"},
)


@pytest.fixture
def open_store(tmp_path):
    """Open the store of a1 in a folder of the test's."""
    return lambda: ResultStore(tmp_path / "private" / "results.db", "a1")


def test_what_was_put_is_found_by_the_next_run(open_store):
    """The short Record comes at once, the whole one on demand; nobody else has one."""
    with open_store() as first:
        first.put("digest", RECORD)
        first.note_written(RECORD.student, "mark")
    with open_store() as again:
        found = again.find(RECORD.student)
        assert (found.content, found.written) == ("digest", "mark")
        assert found.record == replace(RECORD, outputs={}, files={})
        assert again.whole(RECORD.student) == RECORD
        assert again.find("Zoë") is None
        with pytest.raises(KeyError, match="nobody"):
            again.whole("nobody")
    with ResultStore(again.path, "a2") as other:
        assert other.find(RECORD.student) is None


def test_a_new_result_takes_the_place_of_the_old_one_and_is_not_yet_written(open_store):
    """What was noted of the old one says nothing of the new one; a forgotten one is gone."""
    with open_store() as opened:
        opened.put("old", RECORD)
        opened.note_written(RECORD.student, "mark")
        opened.put("new", replace(RECORD, problem="changed"))
        found = opened.find(RECORD.student)
        assert (found.content, found.record.problem, found.written) == ("new", "changed", "")
        opened.forget(RECORD.student)
        assert opened.find(RECORD.student) is None


def test_a_fault_of_ours_is_never_kept(open_store):
    """It takes the older result away, too: that one was made from something else."""
    with open_store() as opened:
        opened.put("old", RECORD)
        opened.put("new", replace(RECORD, exercises=(replace(EXERCISE, verdict=Verdict.GRADER_FAULT),)))
        assert opened.find(RECORD.student) is None


def test_a_record_of_another_schema_is_not_found(open_store):
    """A store that another version wrote is no reason to stop; its results are graded again."""
    with open_store() as opened:
        opened.put("digest", RECORD)
    with sqlite3.connect(opened.path) as database:
        text = json.dumps({**json.loads(RECORD.to_json()), "schema": 2})
        database.execute("UPDATE result SET record = ?", [text])
    database.close()
    with open_store() as again:
        assert again.find(RECORD.student) is None


def test_only_one_run_has_the_store(open_store, monkeypatch):
    """The second one is told which course is busy; once the first is done, it may."""
    monkeypatch.setattr(store, "_WAIT_SECONDS", 0.0)
    with open_store() as first:
        with pytest.raises(StoreError) as caught, open_store():
            pass
        assert str(caught.value) == (
            f"another run is grading in {first.path.parent.parent}: wait until it is done, or end it with Ctrl-C."
        )
    with open_store() as second:
        assert second.find("Ada") is None


def test_a_file_that_is_no_store_is_refused_in_one_sentence(open_store):
    """With what mends it; nothing of it is lost that grading does not give again."""
    path = open_store().path
    path.parent.mkdir()
    path.write_text("results, results, results" * 99)
    with pytest.raises(StoreError) as caught, open_store():
        pass
    assert str(caught.value) == f"{path} cannot be read (file is not a database): remove it, and all is graded anew."


# What a result depends on


def submission(**fields):
    cells = (Cell("imports", CellKind.RUN, "import numpy as np"), Cell("test", CellKind.JUDGE, "check()", "svm_loss"))
    return replace(Submission("ada", "a1", (Notebook("svm", cells),), ("a note",), {"data.txt": b"1 2"}), **fields)


def with_cells(*changes):
    """The submission with cell i replaced, for each (i, fields)."""
    [notebook] = submission().notebooks
    cells = list(notebook.cells)
    for index, fields in changes:
        cells[index] = replace(cells[index], **fields)
    return submission(notebooks=(replace(notebook, cells=tuple(cells)),))


@pytest.fixture(scope="module")
def key():
    return AnswerKey.load(a1(), SOLUTIONS, "test")


def with_solution(key, name):
    changed = replace(key.solutions[name], digest="changed")
    return replace(key, solutions={**key.solutions, name: changed})


def with_contract(key, name, **fields):
    exercises = {**key.assignment.exercises, name: replace(key.assignment.exercises[name], **fields)}
    return replace(key, assignment=replace(key.assignment, exercises=exercises))


@pytest.mark.parametrize(
    "changed",
    [
        with_cells((0, {"source": "import numpy"})),
        with_cells((0, {"key": "other"})),
        with_cells((0, {"kind": CellKind.SKIP})),
        with_cells((1, {"exercise": "softmax_loss"})),
        submission(notebooks=(*submission().notebooks, Notebook("more", ()))),
        submission(notebooks=(replace(submission().notebooks[0], problem="cannot be read"),)),
        submission(notes=()),
        submission(files={"data.txt": b"1 3"}),
        submission(files={}),
    ],
)
def test_whatever_is_graded_counts(key, changed):
    """Text, key, kind and exercise of each cell, notebooks, notes, and the contents of other files."""
    content = Dependencies(key).content
    assert content(changed) != content(submission()) == content(submission())


def test_whose_it_is_does_not_count(key):
    """The same work is the same work."""
    content = Dependencies(key).content
    assert content(submission(student="bob")) == content(submission())


def test_of_the_solutions_only_those_that_the_submission_holds_count(key):
    """A changed reference, contract or profile regrades who has that exercise, and nobody else."""
    before = Dependencies(key)
    for name, same in (("svm_loss", False), ("softmax_loss", True)):
        changed = (
            with_solution(key, name),
            with_contract(key, name, points=11.0),
            with_contract(key, name, profile="torch"),
        )
        for after in map(Dependencies, changed):
            assert (after.content(submission()) == before.content(submission())) is same
            assert after.digest != before.digest


def test_a_notebook_that_was_not_run_needs_no_solution(key):
    """Its exercises are missing, whatever the reference says."""
    unread = submission(notebooks=(replace(submission().notebooks[0], problem="cannot be read"),))
    after = Dependencies(with_solution(key, "svm_loss"))
    assert after.content(unread) == Dependencies(key).content(unread)


def test_seed_limits_code_and_libraries_count(key, monkeypatch):
    """Each of them can change a grade."""
    before = Dependencies(key).content(submission())
    limits = replace(key.assignment.limits, call_seconds=1.0)
    other = [
        Dependencies(replace(key, seed="other")).content(submission()),
        Dependencies(replace(key, assignment=replace(key.assignment, limits=limits))).content(submission()),
        Dependencies(replace(key, assignment=replace(key.assignment, profile="torch"))).content(submission()),
        Dependencies(replace(key, rule=replace(key.rule, stderr_fails=True))).content(submission()),
    ]
    with monkeypatch.context() as patch:
        patch.setattr(store, "code_digest", lambda: "another version")
        other.append(Dependencies(key).content(submission()))
    with monkeypatch.context() as patch:
        patch.setattr(store.metadata, "version", lambda name: "0.0")
        other.append(Dependencies(key).content(submission()))
    assert len({before, *other}) == 7


def test_the_code_digest_covers_every_source_file_of_the_package(tmp_path, monkeypatch):
    """One changed, renamed or added file changes it; another file does not."""
    (tmp_path / "core").mkdir()
    (tmp_path / "core/judge.py").write_text("x = 1")
    monkeypatch.setattr(store.flatgrade, "__file__", str(tmp_path / "__init__.py"))
    digest = store.code_digest.__wrapped__
    seen = {digest()}
    (tmp_path / "notes.txt").write_text("no code")
    assert digest() in seen
    for change in (
        lambda: (tmp_path / "core/judge.py").write_text("x = 2"),
        lambda: (tmp_path / "core/judge.py").rename(tmp_path / "judge.py"),
        lambda: (tmp_path / "more.py").touch(),
    ):
        change()
        assert digest() not in seen
        seen.add(digest())


def test_a_digest_needs_values_that_it_can_read():
    """Anything else is a mistake of ours, and never silently the same for all."""
    with pytest.raises(TypeError, match="no digest of object"):
        digest_of([object()])
