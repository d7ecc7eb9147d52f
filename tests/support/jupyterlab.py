"""A notebook open in JupyterLab, as a student has it: cells are written and run by keyboard."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import nbformat

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Locator, Page


class OpenNotebook:
    """A notebook open in JupyterLab, whose cells are named by their grade_id."""

    def __init__(self, page: Page, expect: Any, address: str, path: Path, folder: str = "") -> None:
        """Open `path`, which lies in `folder` of what the server at `address` shows ("": at its top)."""
        self.page, self.expect = page, expect
        cells = nbformat.read(path, as_version=4).cells
        self.places = {cell.metadata.get("nbgrader", {}).get("grade_id"): i for i, cell in enumerate(cells)}
        self.sources = {name: cells[i].source for name, i in self.places.items()}
        page.goto(f"{address}lab/tree/{folder}{path.name}?reset")  # without what another page left open
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
