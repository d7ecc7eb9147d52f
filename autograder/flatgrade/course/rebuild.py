"""A submitted notebook, rebuilt on our own: our cells with our text and metadata, the student's answers between them.

Cells stay in the student's order, so that a helper in an extra cell still comes before what needs it. What is missing
comes back at its place, what a student wrote into a locked cell stands before ours, and whatever was repaired is told
in a note.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import nbformat

from flatgrade.course.clean import clean_attachments, clean_outputs
from flatgrade.course.matching import match
from flatgrade.course.reading import StudentCell
from flatgrade.course.template import Role
from flatgrade.grader.submission import UNNAMED, Cell, CellKind, Notebook

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from flatgrade.course.matching import Owners
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
    owners, found = match(template, submitted)
    marked = any(ours.grade_id for ours in template.cells)
    if marked and not any(owner is not None for owner in owners):
        return None
    notes = [f"the cell {_name(template.cells[i])} had lost its id; it is known by its text or place." for i in found]
    slots = _settle_copies(template, owners, submitted, notes)
    _insert_missing(template, slots, (Role.LOCKED, Role.ANSWER), notes)
    slots, moved = _without_early_tests(template, slots)
    _insert_missing(template, slots, (Role.TEST,), notes, moved)
    _note_changes(template, slots, notes)
    slots = _with_changed_text(template, slots)
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


def _settle_copies(
    template: Template, owners: Owners, submitted: Sequence[StudentCell], notes: list[str]
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
            which = "first with an answer" if ours.role is Role.ANSWER else "first"
            notes.append(f"{len(copies)} cells have the id {_name(ours)}: the {which} keeps it, others are own cells.")
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
        if _is_changed(ours, slot.theirs):
            where = "; what stood there is kept before it" if ours.role is Role.LOCKED else ""
            notes.append(f"the cell {_name(ours)} is locked and was changed; our text was put back{where}.")
        if slot.theirs.code != (ours.node.cell_type == "code"):
            notes.append(f"the cell {_name(ours)} had another type; it is a {ours.node.cell_type} cell again.")


def _with_changed_text(template: Template, slots: list[_Slot]) -> list[_Slot]:
    """Keep what stands in a locked cell as an own cell before it: an import that was added there may be needed.

    Our text runs last, so that nothing of it can be replaced that way.
    """
    kept = []
    for slot in slots:
        ours = template.cells[slot.ours] if slot.ours is not None else None
        if ours and slot.theirs and ours.role is Role.LOCKED and _is_changed(ours, slot.theirs):
            kept.append(_Slot(None, slot.theirs))
        kept.append(slot)
    return kept


def _is_changed(ours: OurCell, theirs: StudentCell) -> bool:
    locked = ours.role in (Role.LOCKED, Role.TEST)
    return locked and theirs.source.split() != ours.released.split()


def _name(ours: OurCell) -> str:
    return ours.grade_id or str(ours.node.get("id", ""))


def _assemble(template: Template, slots: list[_Slot], problem: str, notes: tuple[str, ...]) -> Rebuilt:
    nodes, keys, written, cells = [], [], [], []
    for index, slot in enumerate(slots):
        ours = template.cells[slot.ours] if slot.ours is not None else None
        node = _own_node(slot.theirs, index) if ours is None else _our_node(ours, slot.theirs)
        own = ours is None or (ours.role is Role.PLAIN and node.source != ours.released)
        nodes.append(node)
        keys.append((ours.grade_id if ours else "") or f"{UNNAMED}{index}")
        written.append(own or (ours is not None and ours.role is Role.ANSWER))
        if node.cell_type == "code":
            kind, exercise, points = (ours.kind, ours.exercise, ours.points) if ours else (CellKind.RUN, "", 0.0)
            if ours and ours.role is Role.ANSWER and not slot.theirs:
                kind = CellKind.SKIP  # a stub that nobody handed in must not undo what stands in another cell
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
