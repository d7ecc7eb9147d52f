"""The closing table of a1: each method is measured on both data sets, and the notebook shows what was measured."""

import json

import accuracies
import pytest
from accuracies import CLOSING, PLAN, written


def test_the_closing_notebook_holds_one_row_for_each_method():
    """Table and picture have the methods of the plan, in order, and the same numbers."""
    cells = {cell["id"]: "".join(cell["source"]) for cell in json.loads(CLOSING.read_text(encoding="utf-8"))["cells"]}
    namespace = {}
    exec(cells["numbers"], namespace)
    rows = [(name, *numbers) for name, numbers in namespace["measured"].items()]
    assert [row[0] for row in rows] == [row[0] for row in PLAN]
    told = [line.strip("| ").split(" | ") for line in cells["table"].split("\n")[3:]]
    assert told == [[name, f"{shapes:.1f} %", f"{digits:.1f} %"] for name, shapes, digits in rows]


def test_only_table_and_numbers_are_written():
    """The rows replace the two cells and nothing else; written again, they change nothing."""
    text = CLOSING.read_text(encoding="utf-8")
    once = written(text, [("a method", 12.34, 50.0)])
    assert written(once, [("a method", 12.34, 50.0)]) == once
    before, after = (json.loads(item)["cells"] for item in (text, once))
    changed = {new["id"]: "".join(new["source"]) for old, new in zip(before, after, strict=True) if old != new}
    assert set(changed) == {"table", "numbers"}
    assert changed["table"].endswith("| a method | 12.3 % | 50.0 % |")
    assert '"a method": (12.3, 50.0),' in changed["numbers"]


@pytest.mark.parametrize("method", PLAN, ids=lambda row: row[0])
def test_each_method_learns_from_few_pictures(method, few_digits):
    """On a few hundred digits every method is far better than guessing, by the reference answers."""
    _, _, on_digits = method
    assert on_digits(few_digits) > 0.6


@pytest.fixture(scope="module")
def few_digits():
    """Four hundred digits, and a hundred to test on."""
    return accuracies.digits(train=400, test=100)
