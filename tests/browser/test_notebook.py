"""A student's notebook in JupyterLab: what `check` shows of the stub, of a right answer and of a wrong one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import nbformat
import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Locator, Page

pytestmark = pytest.mark.browser

GREEN, RED = "rgb(47, 158, 68)", "rgb(229, 72, 77)"


class OpenNotebook:
    """A notebook open in JupyterLab, whose cells are named by their grade_id."""

    def __init__(self, page: Page, expect: Any, address: str, path: Path) -> None:
        self.page, self.expect = page, expect
        cells = nbformat.read(path, as_version=4).cells
        self.places = {cell.metadata.get("nbgrader", {}).get("grade_id"): i for i, cell in enumerate(cells)}
        self.sources = {name: cells[i].source for name, i in self.places.items()}
        page.goto(f"{address}lab/tree/{path.name}")
        page.locator("#jp-main-statusbar", has_text="| Idle").wait_for()  # the kernel is there
        expect(page.locator(".jp-Notebook .jp-Cell")).to_have_count(len(cells))

    def cell(self, name: str) -> Locator:
        return self.page.locator(".jp-Notebook .jp-Cell").nth(self.places[name])

    def write(self, name: str, text: str) -> None:
        """Put `text` in place of what the cell holds, as pasting does."""
        self.cell(name).locator(".cm-content").click()
        self.page.keyboard.press("Control+A")
        self.page.keyboard.insert_text(text)
        self.expect(self.cell(name).locator(".cm-line")).to_have_text(text.split("\n"))

    def run(self, name: str) -> Locator:
        """Run the cell with Shift+Enter, wait until it is done, and return its output."""
        prompt = self.cell(name).locator(".jp-InputArea-prompt")
        before = prompt.inner_text()
        self.cell(name).locator(".cm-content").click()
        self.page.keyboard.press("Shift+Enter")
        self.expect(prompt).not_to_have_text(before)
        self.expect(prompt).to_have_text(re.compile(r"^\[\d+\]:$"))
        return self.cell(name).locator(".jp-OutputArea-output")


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
