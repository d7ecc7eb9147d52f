"""The wire between judge and worker: frames of a JSON header and raw array bytes (docs/protocol.md).

A frame is `FG01`, the header's length (u32), the body's length (u64), both little-endian, the header (UTF-8 JSON),
and the body (the bytes of the arrays, one after another, C order, little-endian). In the header `message` is a JSON
value in which an array stands as `{"__array__": i}`, a number that JSON cannot hold as `{"__float__": "nan"}`, and
`arrays` lists dtype and shape. No code, no objects, no pickle: a frame can only ever decode to the types of `Value`.
Half a surrogate pair, which JSON can write and UTF-8 cannot, arrives as U+FFFD, so that every text can be stored.

Each side reads with caps of its own, and a frame that breaks a rule raises WireError, whatever its sender meant by it.
"""

from __future__ import annotations

import json
import math
import re
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

MAGIC = b"FG01"
_HEAD = struct.Struct("<4sIQ")
DTYPES = frozenset(
    ["|b1", "|i1", "|u1", "<i2", "<u2", "<i4", "<u4", "<i8", "<u8", "<f2", "<f4", "<f8"]
)  # numbers and truth values; no objects, no text, no complex
_ESCAPES = ("__array__", "__float__")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_FLOATS = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


class WireError(ValueError):
    """A frame that is malformed, or larger than its reader allows."""


@dataclass(frozen=True)
class Caps:
    """What one frame may hold: bytes of header and body, number of arrays, dimensions of one, depth of nesting."""

    header_bytes: int = 4 << 20
    body_bytes: int = 256 << 20
    arrays: int = 4096
    dimensions: int = 16
    depth: int = 32


def encode(message: Any) -> bytes:
    """One frame. `message`: None, bool, int, float, str, lists, tuples (sent as lists), dicts with text keys, arrays.

    Raises WireError for any other type, and for an array whose dtype is not one of numbers or truth values.
    """
    arrays: list[np.ndarray[Any, Any]] = []
    header = {"message": _pack(message, arrays, 0), "arrays": [[a.dtype.str, list(a.shape)] for a in arrays]}
    text = json.dumps(header, separators=(",", ":"), allow_nan=False).encode()
    body = b"".join(a.tobytes() for a in arrays)
    return _HEAD.pack(MAGIC, len(text), len(body)) + text + body


def read_frame(read: Callable[[int], bytes], caps: Caps | None = None) -> Any:
    """Read and decode one frame; `read(n)` returns exactly n bytes, or fewer at the end of the stream.

    Arrays come back as fresh, writable arrays. Raises EOFError at a clean end before a frame, WireError otherwise.
    """
    caps = caps or Caps()
    head = read(_HEAD.size)
    if not head:
        raise EOFError("the stream ended")
    if len(head) < _HEAD.size:
        raise WireError("the stream ended inside a frame")
    magic, header_size, body_size = _HEAD.unpack(head)
    if magic != MAGIC:
        raise WireError(f"a frame begins with {magic!r}, not {MAGIC!r}")
    if header_size > caps.header_bytes or body_size > caps.body_bytes:
        raise WireError(f"a frame of {header_size} + {body_size} bytes is over the cap")
    text, body = read(header_size), read(body_size)
    if len(text) < header_size or len(body) < body_size:
        raise WireError("the stream ended inside a frame")
    return _decode(text, body, caps)


def decode(frame: bytes, caps: Caps | None = None) -> Any:
    """The message of one whole frame. Raises WireError, also for bytes after its end."""
    view, at = memoryview(frame), 0

    def read(count: int) -> bytes:
        nonlocal at
        at += count
        return bytes(view[at - count : at])

    try:
        message = read_frame(read, caps)
    except EOFError:
        raise WireError("an empty frame") from None
    if at != len(frame):
        raise WireError("bytes after the end of the frame")
    return message


def _pack(value: Any, arrays: list[np.ndarray[Any, Any]], depth: int) -> Any:
    if depth > Caps.depth:
        raise WireError("a message nested too deeply")
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, (int, float)) and not isinstance(value, np.generic):
        return value if math.isfinite(value) else {"__float__": str(float(value))}
    if isinstance(value, (np.ndarray, np.generic)):
        array = np.ascontiguousarray(value).reshape(np.shape(value))
        array = array.astype(array.dtype.newbyteorder("<"), copy=False)
        if array.dtype.str not in DTYPES:
            raise WireError(f"an array of {array.dtype} cannot be sent")
        arrays.append(array)
        return {"__array__": len(arrays) - 1}
    if isinstance(value, (list, tuple)):
        return [_pack(item, arrays, depth + 1) for item in value]
    if isinstance(value, dict) and all(isinstance(key, str) and key not in _ESCAPES for key in value):
        return {key: _pack(item, arrays, depth + 1) for key, item in value.items()}
    raise WireError(f"a value of type {type(value).__name__} cannot be sent")


def _decode(text: bytes, body: bytes, caps: Caps) -> Any:
    try:
        header = json.loads(text.decode("utf-8"), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise WireError(f"a header that is not JSON: {error}") from None
    if not isinstance(header, dict) or set(header) != {"message", "arrays"} or not isinstance(header["arrays"], list):
        raise WireError("a header needs message and arrays")
    if len(header["arrays"]) > caps.arrays:
        raise WireError(f"{len(header['arrays'])} arrays are over the cap")
    arrays, at = [], 0
    for entry in header["arrays"]:
        dtype, shape = _array_entry(entry, caps)
        size = math.prod(shape) * dtype.itemsize
        if at + size > len(body):
            raise WireError("an array reaches past the end of the body")
        try:
            arrays.append(np.frombuffer(body, dtype, math.prod(shape), at).reshape(shape).copy())
        except ValueError as error:  # sizes that NumPy cannot hold, such as (0, 2**40, 2**40)
            raise WireError(f"an array that cannot be made: {error}") from None
        at += size
    if at != len(body):
        raise WireError("bytes that belong to no array")
    return _unpack(header["message"], arrays, 0, caps)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _array_entry(entry: Any, caps: Caps) -> tuple[np.dtype[Any], tuple[int, ...]]:
    match entry:
        case [str(dtype), list(shape)] if dtype in DTYPES:
            pass
        case _:
            raise WireError("an array needs a dtype of numbers and a shape")
    if len(shape) > caps.dimensions or not all(type(n) is int and 0 <= n <= caps.body_bytes for n in shape):
        raise WireError("a shape needs sizes >= 0, and not too many")
    return np.dtype(dtype), tuple(shape)


def _unpack(value: Any, arrays: list[np.ndarray[Any, Any]], depth: int, caps: Caps) -> Any:
    if depth > caps.depth:
        raise WireError("a message nested too deeply")
    if isinstance(value, str):
        return _storable(value)
    if isinstance(value, list):
        return [_unpack(item, arrays, depth + 1, caps) for item in value]
    if not isinstance(value, dict):
        return value
    if "__array__" in value:
        index = value["__array__"]
        if len(value) > 1 or type(index) is not int or not 0 <= index < len(arrays):
            raise WireError("a reference to an array that is not there")
        return arrays[index]
    if "__float__" in value:
        name = value["__float__"]
        if len(value) > 1 or not isinstance(name, str) or name not in _FLOATS:
            raise WireError("a float that is neither nan nor infinite")
        return _FLOATS[name]
    return {_storable(key): _unpack(item, arrays, depth + 1, caps) for key, item in value.items()}


def _storable(text: str) -> str:
    return text if text.isascii() else _LONE_SURROGATE.sub("\ufffd", text)
