"""A worker's replies, read as what they are: data from the student's side, of any shape a student can send.

Nothing here raises: what does not keep the form of docs/protocol.md is left out, or makes the reply "malformed".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from flatgrade.core.compare import Foreign
from flatgrade.core.trace import MAX_VERSIONS, Trace, Version

_STATUSES = frozenset({"ok", "missing", "error", "timeout", "memory", "output", "disk", "forbidden"})
_MAX_TEXT = 500
_MAX_PART, _MAX_PATH = 128, 512  # characters of a file's name and of its whole path
_MAX_NAMES = 100


@dataclass(frozen=True)
class CallReply:
    """What the plan gave on one case.

    `what` and `line` tell of an error, `call` of the place in the plan where it was; `changed` lists inputs that were
    changed.
    """

    status: str
    values: Mapping[str, Any] = field(default_factory=dict)
    changed: tuple[str, ...] = ()
    what: str = ""
    line: int = 0
    call: int = 0


def read_call(reply: Mapping[str, Any]) -> CallReply:
    """The reply to a call; its status is "malformed" where it is none."""
    status = reply.get("status")
    if not isinstance(status, str) or status not in _STATUSES:
        return CallReply("malformed")
    if status == "ok" and not isinstance(reply.get("values"), dict):
        return CallReply("malformed")
    changed = reply.get("changed")
    return CallReply(
        status=status,
        values=_values(reply),
        changed=tuple(name for name in changed if isinstance(name, str)) if isinstance(changed, list) else (),
        what=_text(reply.get("what")),
        line=_line(reply.get("line")),
        call=_line(reply.get("call")),
    )


def read_calls(reply: Mapping[str, Any], count: int) -> list[dict[str, Any]] | None:
    """The reply to `count` calls at once, the values of each by name; None where they did not all come."""
    rows = reply.get("values")
    if read_status(reply) != "ok" or not isinstance(rows, list) or len(rows) != count:
        return None
    if not all(isinstance(row, dict) for row in rows):
        return None
    return [{name: read_value(item) for name, item in row.items()} for row in rows]


def read_value(item: Any) -> Any:
    """A value: a number, an array, None, `...`, or Foreign for any other type."""
    if isinstance(item, dict) and _is_number(item.get("value")):
        return item["value"]
    if isinstance(item, dict) and isinstance(item.get("type"), str):
        return {"NoneType": None, "ellipsis": Ellipsis}.get(item["type"], Foreign(item["type"][:80]))
    return Foreign("value that the grader cannot read")


def read_trace(reply: Mapping[str, Any]) -> Trace | None:
    """The reply to a trace, with the outputs in `returned`; None where there is no trace."""
    if _text(reply.get("status")) != "ok":
        return None
    trace = Trace(returned=_values(reply))
    for row in _list(reply.get("versions")):
        match row:
            case [str(name), line, value] if _line(line) and _is_number(value):
                versions = trace.versions.setdefault(name, []) if len(trace.versions) < _MAX_NAMES else None
                if versions is not None and len(versions) < MAX_VERSIONS:
                    versions.append(Version(line, np.asarray(value)))
    reads = reply.get("reads")
    for name, lines in (reads if isinstance(reads, dict) else {}).items():
        trace.reads[name] = [line for line in _list(lines) if _line(line)]
    return trace


def read_error(reply: Mapping[str, Any]) -> str:
    """The error that ended a cell, in a line; "" where it came to its end."""
    errors = [item for item in read_outputs(reply) if item.get("output_type") == "error"]
    return f"{_text(errors[-1].get('ename'))}: {_text(errors[-1].get('evalue'))}." if errors else ""


def read_outputs(reply: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The outputs of a cell, JSON; `course` cleans what is in them before anybody sees it."""
    return [item for item in _list(reply.get("outputs")) if isinstance(item, dict) and not _holds_array(item)]


def read_status(reply: Mapping[str, Any]) -> str:
    """How a cell ended: ok, error, timeout, memory, output, disk, forbidden, or malformed where it does not say."""
    status = reply.get("status")
    return status if isinstance(status, str) and status in _STATUSES else "malformed"


def read_files(reply: Mapping[str, Any], kib: int) -> dict[str, bytes]:
    """The files that a notebook made, at most `kib` kibibytes: plain relative names, no notebook, nothing hidden."""
    files: dict[str, bytes] = {}
    left = kib << 10
    for row in _list(reply.get("files")):
        match row:
            case [str(name), np.ndarray() as data] if _is_plain_path(name) and data.nbytes <= left:
                left -= data.nbytes
                files[name] = data.tobytes()
    return files


def _values(reply: Mapping[str, Any]) -> dict[str, Any]:
    values = reply.get("values")
    return {name: read_value(item) for name, item in values.items()} if isinstance(values, dict) else {}


def _is_plain_path(name: str) -> bool:
    parts = name.split("/")
    plain = all(part and part.isprintable() and part[0] != "." and len(part) <= _MAX_PART for part in parts)
    return plain and "\\" not in name and len(name) <= _MAX_PATH and not name.lower().endswith(".ipynb")


def _holds_array(value: Any) -> bool:
    if isinstance(value, (list, dict)):
        return any(map(_holds_array, value.values() if isinstance(value, dict) else value))
    return isinstance(value, np.ndarray)


def _is_number(value: Any) -> bool:
    if isinstance(value, int):
        return not isinstance(value, bool) and abs(value) < 2**63
    return isinstance(value, (float, np.ndarray))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: Any) -> str:
    return value[:_MAX_TEXT] if isinstance(value, str) else ""


def _line(value: Any) -> int:
    return value if isinstance(value, int) and 0 < value < 1 << 31 else 0
