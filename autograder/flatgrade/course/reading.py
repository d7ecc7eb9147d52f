"""A submitted notebook, read as data: JSON in, plain cells out. Nothing in it is run, compiled or believed."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

MOST_BYTES = 50_000_000
MOST_CELLS = 2_000
MOST_CONTAINERS = 1_000_000  # lists and tables: 50 MB of "{}," would take more than a gigabyte of memory
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")  # JSON can write them, UTF-8 cannot


class UnreadableError(ValueError):
    """A submitted file that is no readable notebook: one sentence, with the file's name first."""


@dataclass(frozen=True)
class StudentCell:
    """One submitted cell. `grade_id` and `cell_id` are claims ("" if absent); outputs and attachments are raw JSON."""

    code: bool
    source: str
    grade_id: str = ""
    cell_id: str = ""
    outputs: Any = None
    attachments: Any = None


def read_submitted(path: Path) -> tuple[StudentCell, ...]:
    """Read the cells of a submitted notebook, which is there. Raises UnreadableError, and nothing else."""
    if path.is_symlink() or not path.is_file():
        raise UnreadableError(f"{path.name} is not a plain file.")
    size = path.stat().st_size
    if size > MOST_BYTES:
        most = f"{MOST_BYTES / 1e6:g} MB is the most that is read"
        raise UnreadableError(f"{path.name} is too large: it has {size / 1e6:.1f} MB, and {most}.")
    try:
        return parse_submitted(path.read_bytes(), path.name)
    except OSError as error:
        raise UnreadableError(f"{path.name} cannot be opened: {error.strerror}.") from None


def parse_submitted(data: bytes, name: str) -> tuple[StudentCell, ...]:
    """Read the cells of a notebook from its bytes; `name` is shown in messages. Raises UnreadableError only."""
    containers = data.count(b"{") + data.count(b"[")
    if containers > MOST_CONTAINERS:
        most = f"{MOST_CONTAINERS:,} is the most that is read"
        raise UnreadableError(f"{name} is too large: it holds {containers:,} lists and tables, and {most}.")
    notebook = _json(data, name)
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(cells, list):
        if isinstance(notebook, dict) and isinstance(notebook.get("worksheets"), list):
            raise UnreadableError(f"{name} is in an old notebook format: open it in Jupyter and save it again.")
        raise UnreadableError(f"{name} is not a notebook: it has no list of cells.")
    if len(cells) > MOST_CELLS:
        raise UnreadableError(f"{name} has {len(cells):,} cells, and {MOST_CELLS:,} is the most that is read.")
    return tuple(_cell(cell, number, name) for number, cell in enumerate(cells, 1))


def _json(data: bytes, name: str) -> Any:
    try:
        return json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise UnreadableError(f"{name} is not valid UTF-8: byte {error.start + 1} cannot be read.") from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        reason = error.msg.removesuffix(" starting at")
        raise UnreadableError(f"{name} is not valid JSON: {where}: {reason}.") from None
    except RecursionError:
        raise UnreadableError(f"{name} is not valid JSON: it is nested too deeply.") from None
    except ValueError:
        raise UnreadableError(f"{name} is not valid JSON: a number in it has too many digits.") from None


def _cell(cell: Any, number: int, name: str) -> StudentCell:
    source = joined_text(cell.get("source")) if isinstance(cell, dict) else None
    if source is None:
        raise UnreadableError(f"{name} is not a notebook: cell {number} has no text.")
    metadata = cell.get("metadata")
    claims = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    return StudentCell(
        code=cell.get("cell_type") == "code",
        source=source,
        grade_id=_claim(claims, "grade_id"),
        cell_id=_claim(cell, "id"),
        outputs=cell.get("outputs"),
        attachments=cell.get("attachments"),
    )


def _claim(table: Any, key: str) -> str:
    value = table.get(key) if isinstance(table, dict) else None
    return value if isinstance(value, str) else ""


def joined_text(value: Any) -> str | None:
    """Join a text that may be written as a list of lines, as JSON notebooks do; None where it is neither."""
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        value = "".join(value)
    return _LONE_SURROGATE.sub("\ufffd", value) if isinstance(value, str) else None
