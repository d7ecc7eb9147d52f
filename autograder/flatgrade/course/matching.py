"""Which submitted cell is which of ours: by grade_id, by the id that Jupyter gives, else by its text or its place.

Colab drops Jupyter's ids, some editors drop nbgrader's, and cells that are pasted into a new notebook have neither.
"""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from flatgrade.course.template import Role

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flatgrade.course.reading import StudentCell
    from flatgrade.course.template import OurCell, Template

Owners = list[int | None]  # of each submitted cell the number of the cell of ours that it is


def match(template: Template, submitted: Sequence[StudentCell]) -> tuple[Owners, list[int]]:
    """Say which cell of ours each submitted cell is (None: a student's own), and which that count no id has told."""
    owners = _by_ids(template, submitted)
    known = set(owners)
    _by_first_line(template, submitted, owners)
    _by_text_and_place(template, submitted, owners)
    found = [number for number, ours in enumerate(template.cells) if number in owners and ours.role is not Role.PLAIN]
    return owners, [number for number in found if number not in known]


def _by_ids(template: Template, submitted: Sequence[StudentCell]) -> Owners:
    """A cell id counts where no grade_id claims the same cell."""
    by_grade_id = {ours.grade_id: number for number, ours in enumerate(template.cells) if ours.grade_id}
    by_cell_id = {ours.node["id"]: number for number, ours in enumerate(template.cells) if "id" in ours.node}
    claimed = {by_grade_id.get(cell.grade_id) for cell in submitted}
    owners: Owners = []
    for cell in submitted:
        owner, other = by_grade_id.get(cell.grade_id), by_cell_id.get(cell.cell_id)
        if owner is None and other not in claimed:
            owner = other
        owners.append(owner if owner is None or _fits(template.cells[owner], cell) else None)
    return owners


def _by_first_line(template: Template, submitted: Sequence[StudentCell], owners: Owners) -> None:
    """An answer that no id claims is the first cell with the line that its stub begins with, `def svm_loss(W, X):`."""
    for number, ours in enumerate(template.cells):
        line = next((line for line in ours.released.split("\n") if line.startswith(("def ", "class "))), None)
        if line is None or ours.role is not Role.ANSWER or number in owners:
            continue
        holders = (i for i in _free(submitted, owners) if submitted[i].code and line in submitted[i].source.split("\n"))
        for place in holders:
            owners[place] = number
            break


def _by_text_and_place(template: Template, submitted: Sequence[StudentCell], owners: Owners) -> None:
    """Other cells by their text, in our order; an answer also by its place between two cells that are known."""
    lost, free = set(range(len(template.cells))) - set(owners), set(_free(submitted, owners))
    if not lost or not free:
        return
    ours = [_text(_is_code(cell), cell.released) if i in lost else i for i, cell in enumerate(template.cells)]
    theirs = [_text(cell.code, cell.source) if i in free else owners[i] for i, cell in enumerate(submitted)]
    gaps = []
    for kind, a1, a2, b1, b2 in SequenceMatcher(None, ours, theirs, autojunk=False).get_opcodes():
        if kind == "equal":
            owners[b1:b2] = range(a1, a2)
        elif kind == "replace":
            gaps.append((lost & set(range(a1, a2)), free & set(range(b1, b2))))
    if any(owner is not None for owner in owners):
        for a, b in gaps:
            _by_place(template, submitted, owners, a, b)


def _by_place(
    template: Template, submitted: Sequence[StudentCell], owners: Owners, lost: set[int], free: set[int]
) -> None:
    """Between two known cells as many answers are lost as there are cells of their type: it is those."""
    for code in (True, False):
        answers = [
            i for i in sorted(lost) if template.cells[i].role is Role.ANSWER and _is_code(template.cells[i]) is code
        ]
        there = [i for i in sorted(free) if submitted[i].code is code]
        if len(answers) == len(there):
            for place, number in zip(there, answers, strict=True):
                owners[place] = number


def _free(submitted: Sequence[StudentCell], owners: Owners) -> list[int]:
    """List the cells that may yet be one of ours: a grade_id of another notebook says that it is not."""
    return [i for i, cell in enumerate(submitted) if owners[i] is None and not cell.grade_id]


def _fits(ours: OurCell, cell: StudentCell) -> bool:
    """Free text turned into code, or code into text, is the student's own; a cell that counts keeps its type."""
    return ours.role is not Role.PLAIN or cell.code == _is_code(ours)


def _is_code(ours: OurCell) -> bool:
    return bool(ours.node.cell_type == "code")


def _text(code: bool, source: str) -> tuple[bool, str]:
    return code, "\n".join(line.rstrip() for line in source.strip().split("\n"))
