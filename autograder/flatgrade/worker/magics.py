"""IPython's magics when graded: what needs a shell, a network or a clock does nothing, or says that it is not run."""

from __future__ import annotations

import re
from typing import Any

from IPython.core.interactiveshell import InteractiveShell

_SILENT = ("matplotlib", "config", "load_ext", "reload_ext", "unload_ext", "autoreload")
_NOT_RUN = ("pip", "conda", "mamba", "micromamba", "uv", "sc", "reset", "reset_selective", "edit", "notebook")
_NO_PROGRAMS = ("bash", "sh", "script", "perl", "ruby", "python", "python2", "python3", "pypy", "system", "sx", "!")
_WRAPPERS = ("time", "timeit", "prun", "capture")  # what they wrap is run like any other Python
_TIMEIT_OPTIONS = "n:r:tcp:qov:"


def replace_magics(shell: InteractiveShell) -> None:
    """Put our own in place of those magics of `shell` that cannot do their work when graded."""
    line, cell = shell.magics_manager.magics["line"], shell.magics_manager.magics["cell"]
    for name in list(line):
        shell.find_line_magic(name)  # loads it where it is loaded late, which would undo what follows
    for name in list(cell):
        shell.find_cell_magic(name)
    line.update({name: lambda _line: None for name in _SILENT})
    line.update({name: lambda _line, name=name: said_not_run(f"%{name}") for name in _NOT_RUN})
    line.update({name: lambda line: said_not_run(f"!{line}") for name in ("system", "sx")})
    cell.update({name: lambda _line, _cell, name=name: said_not_run(f"%%{name}") for name in _NO_PROGRAMS})
    timeit, parse = line["timeit"], shell.magics_manager.registry["ExecutionMagics"].parse_options

    def once(text: str) -> Any:
        """Time a statement by one run: how fast this machine is, is not asked."""
        options, statement = parse(text, _TIMEIT_OPTIONS, posix=False, strict=False)
        wanted = "".join(f" -{option}" for option in "oq" if option in options)
        return timeit(f"-n1 -r1{wanted} {statement}")

    line["timeit"] = once


def said_not_run(what: str) -> None:
    """Print that a magic or a program (its first word) is not run."""
    print(f"{what.split()[0]} is not run when graded")  # noqa: T201 -- an output of the student's cell


def as_python(shell: InteractiveShell, source: str) -> str:
    """Turn the text of a cell that uses IPython's own syntax into Python, every line in its place.

    Prints what is left out. What is not Python then is not Python in Jupyter either.
    """
    lines = source.split("\n")
    first = next((i for i, line in enumerate(lines) if line.strip() and not line.lstrip().startswith("#")), 0)
    magic = re.match(r"%%(\S+)", lines[first])
    known = magic and shell.find_cell_magic(magic[1])
    if magic and known and magic[1] not in _WRAPPERS:
        return str(shell.transform_cell("\n".join(lines[first:])))
    if magic:
        lines[first] = ""
    text = str(shell.transform_cell("\n".join(lines)))
    if magic and not known:  # of an extension: it may wrap Python, or another language
        said_not_run(magic[0])
        return text if _is_python(text) else ""
    return text


def _is_python(text: str) -> bool:
    try:
        compile(text, "<cell>", "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return False
    return True
