"""A known mistake: an edit of the reference, with the hint that it earns."""

from __future__ import annotations

from dataclasses import dataclass

from flatgrade.core.staged import Edit


@dataclass(frozen=True)
class Mistake:
    """A known mistake: an edit of the reference's statements of one stage, and the hint that it earns.

    `old` occurs exactly once in the statements of `stage`; `new` takes its place. `tag` names the mistake in tables.
    """

    stage: str
    old: str
    new: str
    hint: str
    tag: str

    @property
    def edit(self) -> Edit:
        """Old and new text."""
        return (self.old, self.new)
