"""A submitted notebook, read as data: JSON in, plain cells out. Nothing in it is run, compiled or believed."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

MOST_BYTES = 100_000_000
MOST_CELLS = 2_000
MOST_CONTAINERS = 1_000_000  # lists and tables: 100 MB of "{}," would take gigabytes of memory
_STRING = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)  # possessive: a string of 100 MB needs no stack
_CONFLICT = re.compile(r"(<<<<<<<|=======|>>>>>>>)( |$)")
_CLEAR = "Clear its outputs, save it, and hand it in again."
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
    if path.is_symlink():
        raise UnreadableError(f"{path.name} is a link, and links are not followed: hand in the notebook itself.")
    if not path.is_file():
        raise UnreadableError(f"{path.name} is {'a folder' if path.is_dir() else 'not a plain file'}.")
    size = path.stat().st_size
    if size > MOST_BYTES:
        most = f"{MOST_BYTES / 1e6:g} MB is the most that is read"
        raise UnreadableError(f"{path.name} is too large: it has {size / 1e6:.1f} MB, and {most}. {_CLEAR}")
    try:
        return parse_submitted(path.read_bytes(), path.name)
    except OSError as error:
        raise UnreadableError(f"{path.name} cannot be opened: {error.strerror}.") from None


def parse_submitted(data: bytes, name: str) -> tuple[StudentCell, ...]:
    """Read the cells of a notebook from its bytes; `name` is shown in messages. Raises UnreadableError only.

    UTF-8, -16 and -32 are read; what is not valid in them becomes U+FFFD, which harms no cell but the one it stands in.
    """
    text = data.decode(json.detect_encoding(data), errors="replace")
    if (containers := _containers(text)) > MOST_CONTAINERS:
        most = f"{MOST_CONTAINERS:,} is the most that is read"
        raise UnreadableError(f"{name} is too large: it holds {containers:,} lists and tables, and {most}. {_CLEAR}")
    notebook = _json(text, name)
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(cells, list):
        if isinstance(notebook, dict) and isinstance(notebook.get("worksheets"), list):
            raise UnreadableError(f"{name} is in an old notebook format: open it in Jupyter and save it again.")
        raise UnreadableError(f"{name} is not a notebook: it has no list of cells.")
    if len(cells) > MOST_CELLS:
        raise UnreadableError(f"{name} has {len(cells):,} cells, and {MOST_CELLS:,} is the most that is read.")
    return tuple(_cell(cell, number, name) for number, cell in enumerate(cells, 1))


def _containers(text: str) -> int:
    """Count lists and tables; brackets in strings, such as printed arrays, are none."""
    count = text.count("{") + text.count("[")
    if count > MOST_CONTAINERS:
        text = _STRING.sub("", text)
        count = text.count("{") + text.count("[")
    return count


def _json(text: str, name: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise UnreadableError(f"{name} {_no_json(text, error)}") from None
    except RecursionError:
        raise UnreadableError(f"{name} is not valid JSON: it is nested too deeply.") from None
    except ValueError:
        raise UnreadableError(f"{name} is not valid JSON: a number in it has too many digits.") from None


def _no_json(text: str, error: json.JSONDecodeError) -> str:
    """Say what is wrong with a text that is no JSON, in the words of what has most likely happened to it."""
    begin = text[:200].strip()
    if not begin and not text.strip():
        return "is empty: save the notebook, and hand it in again."
    if begin[:1] not in ("{", ""):
        return f"is not a notebook: it begins with {json.dumps(begin[:10])}, where a notebook begins with {{."
    if error.msg.startswith("Unterminated string") or error.pos >= len(text.rstrip()):
        return f"is cut off: it ends in line {len(text.splitlines())}, in the middle. Was it uploaded to its end?"
    if _CONFLICT.match(text, text.rfind("\n", 0, error.pos) + 1):
        return f"holds a merge conflict in line {error.lineno}: resolve it, open the notebook, and save it again."
    return f"is not valid JSON: line {error.lineno}, column {error.colno}: {error.msg.removesuffix(' starting at')}."


def _cell(cell: Any, number: int, name: str) -> StudentCell:
    source = joined_text(cell.get("source") or "") if isinstance(cell, dict) else None
    if source is None:
        raise UnreadableError(f"{name} is not a notebook: cell {number} has no text.")
    metadata = cell.get("metadata")
    claims = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    return StudentCell(
        code=cell.get("cell_type") == "code",
        source=source.replace("\r\n", "\n").replace("\r", "\n"),
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
