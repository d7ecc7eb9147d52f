"""A submitted file is read as data, and whatever it is, the answer is its cells or one sentence."""

import json
import os
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flatgrade.course import reading
from flatgrade.course.reading import StudentCell, UnreadableError, parse_submitted, read_submitted


def sentence(data):
    """The sentence that a file of these bytes gets."""
    with pytest.raises(UnreadableError) as error:
        parse_submitted(data, "svm.ipynb")
    return str(error.value)


def notebook(*cells):
    return json.dumps({"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()


def test_a_cell_is_read_with_its_claims():
    """Text may be one string or lines; ids are claims, and everything else of the metadata is dropped."""
    cell = {
        "cell_type": "code",
        "id": "abc",
        "source": ["x = 1\n", "y"],
        "metadata": {"nbgrader": {"grade_id": "g", "points": 99, "schema_version": 4}, "tags": ["skip-grading"]},
        "outputs": [1],
    }
    assert parse_submitted(notebook(cell), "svm.ipynb") == (StudentCell(True, "x = 1\ny", "g", "abc", [1]),)


def test_a_byte_order_mark_does_no_harm():
    """Some editors write one."""
    assert parse_submitted(b"\xef\xbb\xbf" + notebook({"cell_type": "raw", "source": "x"}), "svm.ipynb") == (
        StudentCell(False, "x"),
    )


def test_text_that_utf8_cannot_write_is_mended():
    """JSON can hold half a surrogate pair; a file and a frame cannot."""
    (cell,) = parse_submitted(rb'{"cells": [{"source": "a\ud800b \ud83d\ude00"}]}', "svm.ipynb")
    assert cell.source == "a\ufffdb \U0001f600"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_other_encodings_of_unicode_are_read(encoding):
    """What PowerShell writes with `>` is UTF-16."""
    data = json.dumps({"cells": [{"source": "α = 1"}]}, ensure_ascii=False).encode(encoding)
    assert parse_submitted(data, "svm.ipynb") == (StudentCell(False, "α = 1"),)


def test_a_broken_byte_harms_its_own_place_only():
    """A byte that is not UTF-8, in an output or a comment, costs no other cell anything."""
    (one, two) = parse_submitted(b'{"cells": [{"source": "# caf\xe9"}, {"source": "x = 1"}]}', "svm.ipynb")
    assert (one.source, two.source) == ("# caf\ufffd", "x = 1")


def test_line_ends_are_those_of_python():
    """Windows and old Macs end lines otherwise; a locked cell is not changed by that."""
    (cell,) = parse_submitted(notebook({"source": "a\r\nb\rc\n"}), "svm.ipynb")
    assert cell.source == "a\nb\nc\n"


def test_a_cell_without_text_is_empty():
    """Nothing was written there, and the other cells are as good."""
    cells = parse_submitted(notebook({"cell_type": "code"}, {"source": None}, {"source": []}, {"source": "x"}), "a")
    assert [cell.source for cell in cells] == ["", "", "", "x"]


def test_brackets_that_were_printed_are_no_lists():
    """Arrays print a bracket a row: a long printout is text, however many there are."""
    data = notebook({"source": "x", "outputs": [{"text": '[["1"]\n' * 600_000}]})
    assert data.count(b"[") > reading.MOST_CONTAINERS
    assert parse_submitted(data, "svm.ipynb")[0].source == "x"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b'{\n "cells": [],\n metadata: {}\n}', "line 3, column 2: Expecting property name enclosed in double quotes."),
        (b'{"cells": [\n  1\n  2]}', "line 3, column 3: Expecting ',' delimiter."),
        (b'{"a": 1,, "b": 2}', "line 1, column 9: Expecting property name enclosed in double quotes."),
        (b"[" * 100_000, "it is nested too deeply."),
        (b'{"cells": [' + b"9" * 5000 + b"]}", "a number in it has too many digits."),
    ],
)
def test_what_is_not_json_is_told_with_its_place(data, message):
    """The sentence says where the file stops being JSON."""
    assert sentence(data) == f"svm.ipynb is not valid JSON: {message}"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "svm.ipynb is empty: save the notebook, and hand it in again."),
        (b" \n\t", "svm.ipynb is empty: save the notebook, and hand it in again."),
        (
            b"%PDF-1.7\n%\xe2",
            'svm.ipynb is not a notebook: it begins with "%PDF-1.7\\n%", where a notebook begins with {.',
        ),
        (b'{"cells": [\n1,\n', "svm.ipynb is cut off: it ends in line 2, in the middle. Was it uploaded to its end?"),
        (b'{"cells": [\n"abc', "svm.ipynb is cut off: it ends in line 2, in the middle. Was it uploaded to its end?"),
        (
            b'{"cells": [\n<<<<<<< HEAD\n1\n=======\n2\n>>>>>>> mine\n]}',
            "svm.ipynb holds a merge conflict in line 2: resolve it, open the notebook, and save it again.",
        ),
        (b"[]", "svm.ipynb is not a notebook: it has no list of cells."),
        (b'{"cells": {}}', "svm.ipynb is not a notebook: it has no list of cells."),
        (b'{"worksheets": []}', "svm.ipynb is in an old notebook format: open it in Jupyter and save it again."),
        (notebook({"source": "x"}, 7), "svm.ipynb is not a notebook: cell 2 has no text."),
        (notebook({"source": ["x", 1]}), "svm.ipynb is not a notebook: cell 1 has no text."),
        (notebook({"source": {"x": 1}}), "svm.ipynb is not a notebook: cell 1 has no text."),
        (
            notebook(*[{"source": ""}] * 2001),
            "svm.ipynb has 2,001 cells, and 2,000 is the most that is read.",
        ),
        (
            b"[" + b"{}," * 1_000_001,
            "svm.ipynb is too large: it holds 1,000,002 lists and tables, and 1,000,000 is the most that is read. "
            "Clear its outputs, save it, and hand it in again.",
        ),
    ],
)
def test_what_is_no_notebook_is_told(data, message):
    """Each kind of bad file has its own sentence."""
    assert sentence(data) == message


def test_a_file_over_the_cap_is_not_opened(tmp_path, monkeypatch):
    """The size is looked at before the content."""
    monkeypatch.setattr(reading, "MOST_BYTES", 1_000_000)
    path = tmp_path / "svm.ipynb"
    path.write_bytes(b" " * 1_500_000)
    with pytest.raises(UnreadableError) as error:
        read_submitted(path)
    assert str(error.value) == (
        "svm.ipynb is too large: it has 1.5 MB, and 1 MB is the most that is read. "
        "Clear its outputs, save it, and hand it in again."
    )


def test_only_plain_files_are_read(tmp_path):
    """A link, a folder or a pipe in the notebook's place is refused; a pipe would be waited on for ever."""
    (tmp_path / "other").write_bytes(notebook())
    (tmp_path / "a.ipynb").symlink_to(tmp_path / "other")
    (tmp_path / "b.ipynb").mkdir()
    os.mkfifo(tmp_path / "c.ipynb")
    told = {
        "a": "a.ipynb is a link, and links are not followed: hand in the notebook itself.",
        "b": "b.ipynb is a folder.",
        "c": "c.ipynb is not a plain file.",
    }
    for name, sentence in told.items():
        with pytest.raises(UnreadableError) as error:
            read_submitted(tmp_path / f"{name}.ipynb")
        assert str(error.value) == sentence


def test_a_file_that_cannot_be_opened_is_told(tmp_path, monkeypatch):
    """The system's reason is passed on."""
    path = tmp_path / "svm.ipynb"
    path.write_bytes(notebook())

    def refuse(self):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(path), "read_bytes", refuse)
    with pytest.raises(UnreadableError) as error:
        read_submitted(path)
    assert str(error.value) == "svm.ipynb cannot be opened: Permission denied."


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text()
            | st.sampled_from(["cells", "source", "metadata", "nbgrader", "grade_id", "id", "outputs", "cell_type"]),
            inner,
            max_size=6,
        )
    ),
    max_leaves=20,
)


@given(
    st.binary()
    | json_values.map(lambda value: json.dumps({"cells": value}).encode())
    | json_values.map(
        lambda value: json.dumps({"cells": [{"source": "x", "metadata": value, "id": value}, value]}).encode()
    )
)
def test_any_file_gives_cells_or_one_sentence(data):
    """Nothing that a student can write raises anything else, or gets a cell of another type past the reader."""
    try:
        cells = parse_submitted(data, "svm.ipynb")
    except UnreadableError as error:
        cells, told = (), str(error)
    else:
        told = ""
    assert not told or re.fullmatch(r"svm\.ipynb [^\n]+\.", told)
    for cell in cells:
        assert type(cell.code) is bool
        assert all(type(text) is str for text in (cell.source, cell.grade_id, cell.cell_id))
        (cell.source + cell.grade_id + cell.cell_id).encode()
