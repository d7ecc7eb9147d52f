"""Records and Submissions as JSON: what is read is what was written."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flatgrade.core.finding import Finding, Verdict
from flatgrade.grader.record import ExerciseRecord, Record, RecordError, StageRecord
from flatgrade.grader.submission import Cell, CellKind, Notebook, Submission

TEXTS = st.text(st.characters(), max_size=8)  # lone surrogates, too: student code can print them
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
VERDICTS = st.sampled_from(Verdict)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
STAGES = st.builds(StageRecord, TEXTS, VERDICTS, NUMBERS, NUMBERS)
FINDINGS = st.builds(Finding, TEXTS, TEXTS, TEXTS, st.integers(0), TEXTS)
EXERCISES = st.builds(
    ExerciseRecord,
    *(TEXTS, TEXTS, TEXTS, VERDICTS, NUMBERS, NUMBERS),
    stages=st.lists(STAGES, max_size=2).map(tuple),
    findings=st.lists(FINDINGS, max_size=2).map(tuple),
    cases_passed=st.integers(0),
    cases_run=st.integers(0),
    seconds=NUMBERS,
)
OUTPUTS = st.lists(st.dictionaries(TEXTS, JSON, max_size=3), max_size=2)
RECORDS = st.builds(
    Record,
    *(TEXTS, TEXTS, st.lists(EXERCISES, max_size=2).map(tuple), TEXTS, TEXTS, TEXTS, NUMBERS),
    versions=st.dictionaries(TEXTS, TEXTS, max_size=2),
    notes=st.lists(TEXTS, max_size=2).map(tuple),
    outputs=st.dictionaries(TEXTS, st.dictionaries(TEXTS, OUTPUTS, max_size=2), max_size=2),
)
CELLS = st.builds(Cell, TEXTS, st.sampled_from(CellKind), TEXTS, TEXTS, st.booleans())
NOTEBOOKS = st.builds(Notebook, TEXTS, st.lists(CELLS, max_size=3).map(tuple), TEXTS)
SUBMISSIONS = st.builds(
    Submission, TEXTS, TEXTS, st.lists(NOTEBOOKS, max_size=2).map(tuple), st.lists(TEXTS, max_size=2).map(tuple)
)
RECORD = Record("ada", "a1", (ExerciseRecord("svm_loss", "svm", "test", Verdict.PASS, 10, 10),))


@settings(deadline=None)
@given(RECORDS)
def test_a_record_survives_json(record):
    """With its outputs it comes back equal, without them it lacks these alone; both are one line of ASCII."""
    whole, short = record.to_json(outputs=True), record.to_json()
    assert Record.from_json(whole) == record
    assert Record.from_json(short) == replace(record, outputs={})
    assert all(text.isascii() and "\n" not in text for text in (whole, short))


@settings(deadline=None)
@given(SUBMISSIONS)
def test_a_submission_survives_json(submission):
    """Every cell comes back as it was, in its order, in one line of ASCII."""
    text = submission.to_json()
    assert Submission.from_json(text) == submission
    assert text.isascii()
    assert "\n" not in text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            json.dumps({**json.loads(RECORD.to_json()), "schema": 2}),
            "this Record has schema 2, and this version of Flatgrade reads schema 1: grade the submission again",
        ),
        ("{}", "this is no Record: it is not a JSON object with a schema"),
        ("[1]", "this is no Record: it is not a JSON object with a schema"),
        (RECORD.to_json()[:-9], "this is no Record: it is not a JSON object with a schema"),
        (
            RECORD.to_json().replace("PASS", "MAYBE"),
            "this is no whole Record: ValueError: 'MAYBE' is not a valid Verdict",
        ),
        (RECORD.to_json().replace('"notes"', '"remarks"'), "this is no whole Record: KeyError: 'notes'"),
    ],
)
def test_what_is_no_record_is_refused_in_one_sentence(text, message):
    """Another schema, another kind of object, half a file, an unknown verdict: none becomes a grade."""
    with pytest.raises(RecordError) as caught:
        Record.from_json(text)
    assert str(caught.value) == message
