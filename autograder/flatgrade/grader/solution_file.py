"""The files of `solutions/`: loaded by path, with what one takes from another one of its assignment.

A file may say `from .batchnorm import batchnorm_forward`, where several exercises call one function of the student's:
its text is then that of the other file. No folder is put on `sys.path`, and no module stays in `sys.modules`.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import ModuleType

from flatgrade.core.flatcode import definition_of

_PACKAGE = "flatgrade_solutions"


class SolutionError(Exception):
    """A solution file that is missing or does not keep the form of docs/exercises.md: one sentence."""


@dataclass(frozen=True)
class SolutionFile:
    """One file, by its path."""

    path: Path

    def __str__(self) -> str:
        return f"solutions/{self.path.parent.name}/{self.path.name}"

    @cached_property
    def text(self) -> str:
        """The whole text."""
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def taken(self) -> dict[str, SolutionFile]:
        """The names that the file takes from others beside it, each with its file."""
        found: dict[str, SolutionFile] = {}
        for node in ast.parse(self.text).body:
            if isinstance(node, ast.ImportFrom) and node.level == 1:
                file = SolutionFile(self.path.with_name(f"{node.module}.py"))
                found |= {alias.name: file for alias in node.names}
        return found

    @property
    def taken_texts(self) -> dict[str, str]:
        """The functions and classes that the file takes, by name; what they take themselves stands before them."""
        found: dict[str, str] = {}
        for name, file in self.taken.items():
            found |= file.taken_texts
            if text := file.definition(name):
                found[name] = text
        return found

    @property
    def digest(self) -> str:
        """Changes with the file, and with those that it takes from."""
        parts = [self.text, *(file.digest for file in self.taken.values())]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()

    def definition(self, name: str) -> str | None:
        """The text of a function or class of this file or of the one that it is taken from; None without one."""
        found = definition_of(self.text, name)
        return found or (self.taken[name].definition(name) if name in self.taken else None)

    def load(self) -> ModuleType:
        """Run the file. Raises SolutionError."""
        if not self.path.is_file():
            raise SolutionError(f"{self} is missing: {self.path.stem} has no reference")
        package = ModuleType(_PACKAGE)
        package.__path__ = [str(self.path.parent)]
        sys.modules[_PACKAGE] = package
        spec = importlib.util.spec_from_file_location(f"{_PACKAGE}.{self.path.stem}", self.path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        try:
            spec.loader.exec_module(module)
        except Exception as error:
            raise SolutionError(f"{self} cannot be loaded: {error}") from error
        finally:
            for name in [name for name in sys.modules if name.partition(".")[0] == _PACKAGE]:
                del sys.modules[name]
        return module
