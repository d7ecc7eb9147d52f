"""A submitted notebook, rebuilt on our own: our cells with our text and metadata, the student's answers between them.

A submitted cell is known by its grade_id or, where that is lost or was never there, by the id that Jupyter gives each
cell. Cells stay in the student's order, so that a helper in an extra cell still comes before what needs it. What is
missing comes back at its place, and whatever was repaired is told in a note.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import nbformat

from flatgrade.course.clean import clean_attachments, clean_outputs
from flatgrade.course.reading import StudentCell
from flatgrade.course.template import Role
from flatgrade.grader.submission import Cell, CellKind, Notebook

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from flatgrade.course.template import OurCell, Template

_BACK = "was missing; it was put back as it was released"


@dataclass(frozen=True)
class Rebuilt:
    """A rebuilt notebook: as the engine takes it, as nbformat holds it, and the notes on what was repaired.

    `keys[i]` is the key of cell i of `node`: its grade_id, or `cell:i` (which cannot be one); `written[i]` tells
    whether its text is the student's. `deleted` are the keys of tests that were not in the submission.
    """

    notebook: Notebook
    node: Any
    keys: tuple[str, ...]
    written: tuple[bool, ...]
    notes: tuple[str, ...] = ()
    deleted: frozenset[str] = frozenset()


@dataclass(frozen=True)
class _Slot:
    """One cell of the rebuilt notebook: cell number `ours` of our copy, a submitted cell, or both."""

    ours: int | None
    theirs: StudentCell | None


def rebuild(template: Template, submitted: Sequence[StudentCell]) -> Rebuilt | None:
    """Rebuild a notebook from the `submitted` cells; None if not one of them belongs to this notebook of ours.

    A notebook of ours in which no cell has an id is anybody's to fill.
    """
    owners = _owners(template, submitted)
    marked = any(ours.grade_id for ours in template.cells)
    if marked and not any(owner is not None for owner in owners):
        return None
    notes: list[str] = []
    slots = _settle_copies(template, owners, submitted, notes)
    _insert_missing(template, slots, (Role.LOCKED, Role.ANSWER), notes)
    slots, moved = _without_early_tests(template, slots)
    _insert_missing(template, slots, (Role.TEST,), notes, moved)
    _note_changes(template, slots, notes)
    rebuilt = _assemble(template, slots, "", tuple(f"{template.name}.ipynb: {note}" for note in notes))
    tests = {
        ours.grade_id for index, ours in enumerate(template.cells) if ours.role is Role.TEST and index not in owners
    }
    return replace(rebuilt, deleted=frozenset(tests))


def rebuild_unread(template: Template, problem: str) -> Rebuilt:
    """Take our own cells alone, for a notebook that could not be read; `problem` says why and stands first in it."""
    note = StudentCell(code=False, source=f"**This notebook could not be graded as it was handed in:** {problem}")
    slots = [_Slot(None, note), *(_Slot(ours, None) for ours in range(len(template.cells)))]
    return _assemble(template, slots, problem, ())


def _owners(template: Template, submitted: Sequence[StudentCell]) -> list[int | None]:
    """Say which cell of ours each submitted cell is: by grade_id, else by cell id where no grade_id claims it."""
    by_grade_id = {ours.grade_id: index for index, ours in enumerate(template.cells) if ours.grade_id}
    by_cell_id = {ours.node["id"]: index for index, ours in enumerate(template.cells) if "id" in ours.node}
    claimed = {by_grade_id.get(cell.grade_id) for cell in submitted}
    owners: list[int | None] = []
    for cell in submitted:
        owner, other = by_grade_id.get(cell.grade_id), by_cell_id.get(cell.cell_id)
        if owner is None and other not in claimed:
            owner = other
        owners.append(owner if owner is None or _fits(template.cells[owner], cell) else None)
    return owners


def _fits(ours: OurCell, cell: StudentCell) -> bool:
    """Free text turned into code, or code into text, is the student's own; a cell that counts keeps its type."""
    return ours.role is not Role.PLAIN or cell.code == (ours.node.cell_type == "code")


def _settle_copies(
    template: Template, owners: list[int | None], submitted: Sequence[StudentCell], notes: list[str]
) -> list[_Slot]:
    """Give each cell of ours one submitted cell: of several, the first that differs from what was released."""
    chosen: dict[int, int] = {}
    for number, ours in enumerate(template.cells):
        copies = [index for index, owner in enumerate(owners) if owner == number]
        if not copies:
            continue
        written = [index for index in copies if submitted[index].source != ours.released]
        chosen[number] = written[0] if written and ours.role is Role.ANSWER else copies[0]
        if len(copies) > 1:
            notes.append(f"{len(copies)} cells have the id {_name(ours)}; one counts, the others are own cells.")
    slots = []
    for index, (owner, cell) in enumerate(zip(owners, submitted, strict=True)):
        if owner is None or chosen[owner] == index:
            slots.append(_Slot(owner, cell))
        elif cell.source != template.cells[owner].released:
            slots.append(_Slot(None, cell))
        # A mere copy of our text is nobody's work, and a stub that comes later would undo the answer.
    return slots


def _without_early_tests(template: Template, slots: list[_Slot]) -> tuple[list[_Slot], set[int]]:
    """Take out each test that stands before an answer it should follow, and say which; they are then put back."""
    answers: dict[int, set[int]] = {}
    waiting: set[int] = set()
    for index, ours in enumerate(template.cells):
        if ours.role is Role.TEST:
            answers[index], waiting = waiting, set()
        elif ours.role is Role.ANSWER:
            waiting.add(index)
    kept: list[_Slot] = []
    moved: set[int] = set()
    for slot in slots:
        if slot.ours is not None and answers.get(slot.ours, set()) - {before.ours for before in kept}:
            moved.add(slot.ours)
        else:
            kept.append(slot)
    return kept, moved


def _insert_missing(
    template: Template, slots: list[_Slot], roles: tuple[Role, ...], notes: list[str], moved: Iterable[int] = ()
) -> None:
    """Put back what is missing of some roles, after the cell it follows in our copy; a test also after own cells."""
    at = 0
    for index, ours in enumerate(template.cells):
        place = next((i for i, slot in enumerate(slots) if slot.ours == index), None)
        if place is None:
            if ours.role not in roles:
                continue
            while ours.role is Role.TEST and at < len(slots) and slots[at].ours is None:
                at += 1
            slots.insert(at, _Slot(index, None))
            place = at
            happened = "stood before its answer; it was put after it" if index in moved else _BACK
            notes.append(f"the cell {_name(ours)} {happened}.")
        at = place + 1


def _note_changes(template: Template, slots: list[_Slot], notes: list[str]) -> None:
    for slot in slots:
        if slot.ours is None or slot.theirs is None:
            continue
        ours = template.cells[slot.ours]
        if ours.role in (Role.LOCKED, Role.TEST) and slot.theirs.source != ours.released:
            notes.append(f"the cell {_name(ours)} is locked and was changed; our text was put back.")
        if slot.theirs.code != (ours.node.cell_type == "code"):
            notes.append(f"the cell {_name(ours)} had another type; it is a {ours.node.cell_type} cell again.")


def _name(ours: OurCell) -> str:
    return ours.grade_id or str(ours.node.get("id", ""))


def _assemble(template: Template, slots: list[_Slot], problem: str, notes: tuple[str, ...]) -> Rebuilt:
    nodes, keys, written, cells = [], [], [], []
    for index, slot in enumerate(slots):
        ours = template.cells[slot.ours] if slot.ours is not None else None
        node = _own_node(slot.theirs, index) if ours is None else _our_node(ours, slot.theirs)
        own = ours is None or (ours.role is Role.PLAIN and node.source != ours.released)
        nodes.append(node)
        keys.append((ours.grade_id if ours else "") or f"cell:{index}")
        written.append(own or (ours is not None and ours.role is Role.ANSWER))
        if node.cell_type == "code":
            kind, exercise, points = (ours.kind, ours.exercise, ours.points) if ours else (CellKind.RUN, "", 0.0)
            cells.append(Cell(keys[-1], kind, node.source, exercise, own, points))
    if problem:
        cells = [cell for cell in cells if cell.kind in (CellKind.JUDGE, CellKind.TEST)]
    if template.nbformat_minor < 5:
        for node in nodes:
            node.pop("id", None)
    whole = nbformat.from_dict(
        {"cells": nodes, "metadata": template.metadata, "nbformat": 4, "nbformat_minor": template.nbformat_minor}
    )
    return Rebuilt(Notebook(template.name, tuple(cells), problem), whole, tuple(keys), tuple(written), notes)


def _our_node(ours: OurCell, theirs: StudentCell | None) -> Any:
    node = deepcopy(ours.node)
    if theirs and node.cell_type == "code" and ours.kind is CellKind.SKIP:
        node.outputs = nbformat.from_dict(clean_outputs(theirs.outputs))
    if theirs and ours.role in (Role.ANSWER, Role.PLAIN):
        node.source = theirs.source
        if node.cell_type != "code":
            _attach(node, theirs)
    return node


def _own_node(theirs: StudentCell | None, index: int) -> Any:
    assert theirs is not None
    node = nbformat.from_dict({"id": f"flatgrade-own-{index}", "metadata": {}, "source": theirs.source})
    node.cell_type = "code" if theirs.code else "markdown"
    if theirs.code:
        node.execution_count, node.outputs = None, []
    else:
        _attach(node, theirs)
    return node


def _attach(node: Any, theirs: StudentCell) -> None:
    node.pop("attachments", None)
    if pictures := clean_attachments(theirs.attachments):
        node.attachments = nbformat.from_dict(pictures)
