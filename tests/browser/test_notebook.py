"""A student's notebook in JupyterLab: what `check` shows of the stub, of a right answer and of a wrong one."""

from __future__ import annotations

import re

import pytest
from support.jupyterlab import OpenNotebook

pytestmark = pytest.mark.browser

GREEN, RED = "rgb(47, 158, 68)", "rgb(229, 72, 77)"


def line_of(text: str, start: str) -> int:
    """The number of the only line that starts with `start`, its indent aside."""
    numbers = [number for number, line in enumerate(text.splitlines(), 1) if line.strip().startswith(start)]
    assert len(numbers) == 1
    return numbers[0]


def test_check_in_jupyterlab(classroom, serve, page, expect, photograph, right_answers):
    """Run in a real notebook, `check` shows once, in its colour: the stub, the right answer, the line that is wrong."""
    notebook = OpenNotebook(page, expect, serve(classroom.released), classroom.released / "linear_svm.ipynb")
    shown = notebook.cell("test_svm_loss").locator(".flatgrade")
    right = right_answers["svm_loss"]
    wrong = right.replace("2 * reg", "reg")
    assert wrong != right
    expect(notebook.run("svm_imports")).to_have_count(0)

    def checked(sign: str, summary: str) -> None:
        notebook.run("svm_loss")
        expect(notebook.run("test_svm_loss")).to_have_count(1)
        expect(shown.locator("> p")).to_contain_text(f"{sign} svm_loss: {summary}")

    checked("…", "not written yet.")
    expect(shown).to_contain_text(f"scores in line {line_of(notebook.sources['svm_loss'], 'scores = ...')}")
    photograph(notebook.cell("test_svm_loss"), "check-stub")

    notebook.write("svm_loss", right)
    checked("✓", "the 4 public cases are right, and dW fits loss.")
    expect(shown).to_have_css("border-left-color", GREEN)
    expect(shown.locator("table")).to_have_count(0)
    photograph(notebook.cell("test_svm_loss"), "check-right")

    notebook.write("svm_loss", wrong)
    checked("✗", "not right yet.")
    finding = f"dW (line {line_of(wrong, 'dW = ')}) does not fit reg_loss (line {line_of(wrong, 'reg_loss = ')})"
    expect(shown).to_contain_text(finding)
    expect(shown).to_contain_text("half the slope")
    expect(shown).to_have_css("border-left-color", RED)
    expect(shown.get_by_role("row", name=re.compile("^dW"))).to_contain_text("does not fit")
    expect(shown.locator("tbody th").first).to_have_css("text-align", "left")  # our rules win over JupyterLab's
    photograph(notebook.cell("test_svm_loss"), "check")

    circuit = shown.locator("svg.flatgrade-circuit")
    expect(circuit).to_be_hidden()
    shown.get_by_text("dW is marked").click()
    expect(circuit).to_be_visible()
    expect(circuit.locator("polygon.bad")).to_have_count(1)
    notebook.run("svm_imports")  # another cell is the active one, which photographs leave out
    photograph(notebook.cell("test_svm_loss"), "check-circuit")

    notebook.write("svm_loss", f'{right}\nfrom flatgrade.student import draw\n\ndraw("svm_loss", reg=0.5)')
    expect(
        notebook.run("svm_loss").get_by_role("img", name="The circuit of your svm_loss on your inputs")
    ).to_be_visible()
    photograph(notebook.cell("svm_loss"), "draw")
