"""Which installed libraries student code may import: what the course is made of, and what an assignment adds.

Everything else that is installed beside the grader (nbgrader, torch in an exercise of NumPy, a teacher's own package)
is hidden from workers, file by file.
"""

from __future__ import annotations

import sysconfig
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement

_USEFUL = ("scipy", "pandas", "tqdm", "pillow", "ipywidgets")  # allowed where they are installed
_PROFILES = {"numpy": (), "torch": ("torch",)}


@dataclass(frozen=True)
class Libraries:
    """What workers may read of this Python: `read` whole, `list_only` the names in it; `absent` modules are hidden."""

    read: tuple[str, ...]
    list_only: tuple[str, ...]
    absent: tuple[str, ...]


@cache
def libraries(profile: str, more: tuple[str, ...] = ()) -> Libraries:
    """What a profile (core.profiles) allows; `more` are distributions that an assignment allows, too."""
    folders = [Path(path) for path in sorted({sysconfig.get_path(key) for key in ("stdlib", "platstdlib")})]
    sites = [Path(path) for path in sorted({sysconfig.get_path(key) for key in ("purelib", "platlib")})]
    if profile not in _PROFILES:
        return Libraries(tuple(str(path) for path in (*folders, *sites)), (), ())
    allowed = _names(("flatgrade", *_USEFUL, *_PROFILES[profile], *more))
    holes = [entry for site in sites for entry in site.iterdir() if entry.name not in allowed]
    read: list[str] = []
    list_only: list[str] = []
    for path in dict.fromkeys([*folders, *sites]):
        for part, whole in _around(path, set(holes)):
            (read if whole else list_only).append(str(part))
    modules = {entry.name.partition(".")[0] for entry in holes if "-" not in entry.name}
    kept = {name.partition(".")[0] for name in allowed}
    return Libraries(tuple(dict.fromkeys(read)), tuple(dict.fromkeys(list_only)), tuple(sorted(modules - kept)))


def _around(path: Path, holes: set[Path]) -> Iterator[tuple[Path, bool]]:
    """Cover a folder, less the holes: (path, True) is to be read whole, (path, False) to be listed."""
    if path in holes:
        return
    if not any(hole.is_relative_to(path) for hole in holes):
        yield path, True
        return
    yield path, False
    for child in sorted(path.iterdir()):
        yield from _around(child, holes)


def _names(roots: Iterable[str]) -> set[str]:
    """The names in site-packages of distributions and of all that they require."""
    names: set[str] = set()
    seen: set[Requirement] = set()
    waiting = [Requirement(name) for name in roots]
    while waiting:
        wanted = waiting.pop()
        if wanted in seen:
            continue
        seen.add(wanted)
        try:
            found = distribution(wanted.name)
        except PackageNotFoundError:
            continue
        names |= {path.parts[0] for path in found.files or () if path.parts[0] != ".."}
        waiting += _required(found, wanted.extras)
    return names


def _required(found: Distribution, extras: set[str]) -> Iterator[Requirement]:
    """What a distribution requires on this machine, with these extras."""
    for line in found.requires or ():
        try:
            requirement = Requirement(line)
        except InvalidRequirement:
            continue
        if requirement.marker is None or any(requirement.marker.evaluate({"extra": extra}) for extra in ("", *extras)):
            yield requirement
