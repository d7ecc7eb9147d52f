"""A library that an assignment does not allow is absent, as if it were not installed."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType


class Absent(MetaPathFinder):
    """Finds none of the named modules.

    Landlock keeps their files closed; without this, importing one would fail with PermissionError, which
    `try: import torch / except ImportError` does not catch.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self.names = frozenset(names)

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: ModuleType | None = None,  # noqa: ARG002 -- the protocol's signature
    ) -> ModuleSpec | None:
        """Raise ModuleNotFoundError for an absent module; leave every other one to the finders behind."""
        if path is None and fullname in self.names:
            raise ModuleNotFoundError(f"No module named {fullname!r}", name=fullname)
        return None


def hide_libraries(names: Iterable[str]) -> None:
    """Make the named modules absent from here on; what was imported already stays."""
    sys.meta_path.insert(0, Absent(names))
