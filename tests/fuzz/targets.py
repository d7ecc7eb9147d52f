"""What is fuzzed: functions of bytes that a student's side can send. Each raises where a promise is broken.

A byte string is used as it is, or (where it begins with CHOICES) as a source of choices from which a value of the
right shape is drawn: bytes that are changed at random hardly ever stay JSON.
"""

import atexit
import functools
import json
import math
import os
import shutil
import struct
import tempfile
from contextlib import suppress
from pathlib import Path

import nbformat
import numpy as np
from support.course import a1_solutions
from support.layers import layers
from support.messy import ASSIGNMENT, EXERCISES, released_course, right_book
from support.worker import NearWorker

from flatgrade.core.finding import Verdict
from flatgrade.core.trace import Trace
from flatgrade.core.wire import DTYPES, Caps, WireError, decode, encode
from flatgrade.course.clean import clean_outputs
from flatgrade.course.collect import Collector
from flatgrade.course.reading import UnreadableError, parse_submitted
from flatgrade.course.rebuild import rebuild, rebuild_unread
from flatgrade.grader.cases import run_cases
from flatgrade.grader.judge import judge_exercise
from flatgrade.grader.passes import passes_findings
from flatgrade.grader.replies import (
    read_call,
    read_calls,
    read_error,
    read_files,
    read_outputs,
    read_status,
    read_trace,
)
from flatgrade.grader.submission import Submission

LOCKED = ("setup", "test_svm_loss", "test_softmax_loss")
CHOICES = b"\1"  # no frame and no notebook begins with it
CAPS = Caps(header_bytes=1 << 16, body_bytes=1 << 20, arrays=64)
_WORDS = (
    "cells", "cell_type", "code", "markdown", "source", "metadata", "nbgrader", "grade_id", "id", "outputs",
    "output_type", "stream", "error", "display_data", "execute_result", "data", "text", "text/plain", "text/html",
    "image/png", "traceback", "ename", "evalue", "attachments", "worksheets", "setup", "svm_loss", "test_svm_loss",
    "why", "title", "sizes", "training", 'check("svm_loss")', "def svm_loss(W, X, y, reg):", "\ud800", "\x00", "\r\n",
    "status", "ok", "values", "value", "type", "ellipsis", "NoneType", "versions", "reads", "changed",
    "call", "line", "what", "loss", "dW", "scores", "margins", "dscores", "files", "memory", "missing", "timeout",
    "__array__", "__float__", "nan", "-inf",
)  # fmt: skip


class Draw:
    """Choices drawn from bytes; zeros where they are used up."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def byte(self):
        """A number below 256."""
        self.at += 1
        return self.data[self.at - 1] if self.at <= len(self.data) else 0

    def take(self, count):
        """The next bytes, fewer at the end."""
        self.at += count
        return self.data[self.at - count : self.at]

    def text(self):
        """A word that means something, or any text."""
        kind = self.byte()
        return (
            _WORDS[kind % len(_WORDS)] if kind < 192 else self.take(self.byte() % 32).decode("utf-8", "surrogateescape")
        )

    def number(self):
        """A whole number or a float, of any size."""
        match self.byte() % 4:
            case 0:
                return self.byte()
            case 1:
                return int.from_bytes(self.take(9), "little", signed=True)
            case 2:
                return struct.unpack("<d", self.take(8).ljust(8, b"\0"))[0]
        return (0.0, math.nan, math.inf, -math.inf, 1e308, 5e-324, True, -0.0)[self.byte() % 8]

    def array(self):
        """An array of any dtype and a small shape."""
        dtype = np.dtype(sorted(DTYPES)[self.byte() % len(DTYPES)])
        shape = tuple(self.byte() % 6 for _ in range(self.byte() % 4))
        count = math.prod(shape) * dtype.itemsize
        return np.frombuffer(self.take(count).ljust(count, b"\1"), dtype).reshape(shape)

    def value(self, depth=0, *, arrays=False):
        """A value as JSON has them, with arrays among them for the wire."""
        kind = self.byte() % 8
        if kind >= 6 and depth < 5:
            inner = [self.value(depth + 1, arrays=arrays) for _ in range(self.byte() % 5)]
            return inner if kind == 6 else {self.text(): item for item in inner}
        if kind == 5 and arrays:
            return self.array()
        return (None, self.text(), self.number(), self.text(), False, self.text(), "", [])[kind]


def wire(data):
    """A frame decodes to a message that can be sent again, or raises WireError."""
    if data[:1] == CHOICES:
        draw = Draw(data[1:])
        header = json.dumps({"message": draw.value(), "arrays": draw.value()}).encode()
        body = draw.take(len(data))
        data = struct.pack("<4sIQ", b"FG01", len(header), len(body)) + header + body
    try:
        message = decode(data, CAPS)
    except WireError:
        return
    again = encode(message)  # not the same bytes as data: JSON can write a value in many ways
    assert encode(decode(again)) == again


def replies(data):
    """Whatever a worker replies, the readers raise nothing and give what they say."""
    reply = Draw(data).value(arrays=True)
    if not isinstance(reply, dict):
        reply = {"status": "ok", "values": reply, "versions": reply, "outputs": reply, "files": reply, "reads": reply}
    call = read_call(reply)
    assert all(isinstance(name, str) for name in (*call.values, *call.changed))
    assert isinstance(call.what, str)
    assert 0 <= call.line < 1 << 31
    assert 0 <= call.call < 1 << 31
    rows = read_calls(reply, 1)
    assert rows is None or all(isinstance(name, str) for row in rows for name in row)
    trace = read_trace(reply)
    assert trace is None or all(isinstance(item.value, np.ndarray) for row in trace.versions.values() for item in row)
    assert trace is None or isinstance(trace, Trace)
    assert "\n" not in read_status(reply)
    assert isinstance(read_error(reply), str)
    for name, content in read_files(reply, 1).items():
        assert len(content) <= 1024
        assert not Path(name).is_absolute()
        assert ".." not in name.split("/")
    json.dumps(read_outputs(reply))
    cleaned = clean_outputs(read_outputs(reply))
    nbformat.validate(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(outputs=nbformat.from_dict(cleaned))]))


class _Forger:
    """A worker whose replies are drawn: often of the form that the judge reads, with wrong numbers in them."""

    def __init__(self, draw):
        self.draw = draw

    def ask(self, request, seconds):
        """A reply to a call or a trace, as it comes over the wire."""
        try:
            return decode(encode(self._reply(request)))
        except WireError:
            return {"status": "malformed"}

    def _reply(self, request):
        draw = self.draw
        if draw.byte() % 8 == 0:
            drawn = draw.value(arrays=True)
            return drawn if isinstance(drawn, dict) else {"status": drawn}
        status = ("ok", "ok", "ok", "error", "missing", "timeout", "memory", "untraced")[draw.byte() % 8]
        if request["do"] == "calls":
            own = request["inputs"]["x"] @ request["inputs"]["w"]
            rows = [
                {"out": self._value(own)} if draw.byte() % 4 == 0 else {"out": {"value": own}}
                for _ in request["changes"]
            ]
            return {"status": status, "values": rows}
        values = {name: self._value(request["inputs"].get("W")) for name in request["returns"]}
        if request["do"] == "call":
            return {"status": status, "values": values, "what": draw.text(), "line": draw.number(), "call": draw.byte()}
        names = ("scores", "margins", "data_loss", "reg_loss", "loss", "dmargins", "dscores", "dW")
        rows = [[names[draw.byte() % 8], draw.byte() % 20, self._number(None)] for _ in range(draw.byte() % 12)]
        reads = {name: [draw.byte()] for name in names[: draw.byte() % 8]}
        return {"status": "ok", "versions": rows, "reads": reads, "values": values, "error": "", "line": 0}

    def _value(self, like):
        return {"type": self.draw.text()} if self.draw.byte() % 8 == 0 else {"value": self._number(like)}

    def _number(self, like):
        if like is not None and self.draw.byte() % 2:
            return np.full(like.shape, self.draw.number(), dtype=np.float64)
        return self.draw.array() if self.draw.byte() % 2 else self.draw.number()


def judge(data):
    """Whatever a worker sends, the judge gives a Record: points within bounds, and none of it right."""
    solution, cases = _solution()
    with np.errstate(over="raise", divide="raise", invalid="raise"):  # a warning would not be for a student
        record = judge_exercise(solution, cases, _Forger(Draw(data)), 1.0)
    assert 0 <= record.earned < record.points
    assert record.verdict not in (Verdict.PASS, Verdict.GRADER_FAULT)
    assert all(str(finding).encode() for finding in record.findings)


def passes(data):
    """Whatever comes back for many inputs, the diagnosis of a wrong pair is one sentence, or none."""
    exercise, results = _wrong_pair()
    with np.errstate(over="raise", divide="raise", invalid="raise"):
        told = passes_findings(exercise, results, _Forger(Draw(data)))
    assert len(told) < 2
    assert all(str(finding).encode() and not finding.stage for finding in told)


@functools.cache
def _wrong_pair():
    """The layer of two calls without its bias, on its cases."""
    with tempfile.TemporaryDirectory(prefix="flatgrade-fuzz-") as folder:
        solution = layers(Path(folder))[1]["affine"]
    worker = NearWorker("", "")
    exec(solution.given + solution.answer.replace("x @ w + b", "x @ w"), worker.namespace)
    return solution.exercise, run_cases(solution, solution.cases("fuzz"), worker, 1.0)


@functools.cache
def _solution():
    solution = a1_solutions()["svm_loss"]
    return solution, solution.cases("fuzz")


def notebook(data):
    """A file is cells that can be rebuilt on our own, or one sentence; ours are whole, each once, and valid."""
    if data[:1] == CHOICES:
        draw = Draw(data[1:])
        cells = [_cell(draw) for _ in range(draw.byte() % 12)]
        whole = {"cells": cells, "metadata": draw.value()} if draw.byte() % 8 else draw.value()
        data = json.dumps(whole).encode()
    [template] = _collector().templates
    try:
        cells = parse_submitted(data, "losses.ipynb")
    except UnreadableError as error:
        told = str(error)
        assert told.startswith("losses.ipynb ")
        assert told.isprintable()
        rebuilt = rebuild_unread(template, told)
    else:
        rebuilt = rebuild(template, cells) or rebuild_unread(template, "losses.ipynb is another one.")
    nbformat.validate(rebuilt.node)
    keys = [cell.grade_id for cell in template.cells if cell.grade_id]
    assert sorted(key for key in rebuilt.keys if not key.startswith("cell:")) == sorted(keys)
    assert len(set(rebuilt.keys)) == len(rebuilt.keys) == len(rebuilt.node.cells)
    for key, cell in zip(rebuilt.keys, rebuilt.node.cells, strict=True):
        ours = next((ours for ours in template.cells if ours.grade_id == key), None)
        assert ours is None or cell.metadata == ours.node.metadata
        assert key not in LOCKED or cell.source == ours.node.source
    submission = Submission("ana", ASSIGNMENT, (rebuilt.notebook,), rebuilt.notes)
    assert Submission.from_json(submission.to_json()) == submission
    for cell in rebuilt.notebook.cells:
        encode({"do": "cell", "key": cell.label, "source": cell.source})


def _cell(draw):
    """A cell that is like one of ours, or like nothing."""
    if draw.byte() % 8 == 0:
        return draw.value()
    ids = (*LOCKED, *EXERCISES, "title", "sizes", "why", "training", "", draw.text(), draw.value())
    cell = {"cell_type": ("code", "markdown", "raw")[draw.byte() % 3], "source": draw.text(), "outputs": draw.value()}
    if draw.byte() % 2:
        cell["id"] = ids[draw.byte() % len(ids)]
    if draw.byte() % 2:
        cell["metadata"] = {"nbgrader": {"grade_id": ids[draw.byte() % len(ids)]}}
    if draw.byte() % 4 == 0:
        cell[draw.text()] = draw.value()
    if draw.byte() % 4 == 0:
        cell["source"] = [draw.text() for _ in range(draw.byte() % 4)]
    return cell


_NAMES = (
    "losses.ipynb", "losses (1).ipynb", "LOSSES.IPYNB", "data.txt", "exercises.toml", "timestamp.txt", "__pycache__",
    ".ipynb_checkpoints", "a", "b", "a.py", "caf\udce9", "-rf", "a\nb", "*", "~", ".hidden", "\u202e.ipynb",
)  # fmt: skip
_NO_SEPARATOR = bytes.maketrans(b"/\0", b"__")


def files(data):
    """Whatever lies in a submission's folder, it is collected: plain files below it, no links, names that can be sent."""
    draw, collector = Draw(data), _collector()
    folder = collector.course.submitted("ana", ASSIGNMENT)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    places = [folder]
    for _ in range(draw.byte() % 12):
        place = places[draw.byte() % len(places)]
        kind, name = draw.byte(), draw.byte()
        name = _NAMES[name % len(_NAMES)] if name < 200 else os.fsdecode(draw.take(12).translate(_NO_SEPARATOR)) or "c"
        path = place / name
        if not os.path.lexists(path):
            with suppress(OSError):  # a name that the system refuses is none that can be handed in
                _make(draw, kind, path, places)
    collected = collector.collect("ana")
    base = folder.resolve()
    for name, path in collected.files.items():
        assert not path.is_symlink()
        assert path.is_file()
        assert not name.startswith("/")
        assert ".." not in name.split("/")
        assert path.resolve().is_relative_to(base) or path.resolve().is_relative_to(
            collector.course.root / "assignments"
        )
    assert "exercises.toml" in set(collected.files)
    assert all(note.isprintable() for note in collected.submission.notes)
    assert collected.timestamp is None or collected.timestamp.tzinfo is None
    for name, content in collected.submission.files.items():
        encode({"do": "put", "name": name, "data": np.frombuffer(content, np.uint8)})
    assert Submission.from_json(collected.submission.to_json()) == collected.submission


def _make(draw, kind, path, places):
    match kind % 8:
        case 0 | 1 | 2:
            path.write_bytes(draw.take(draw.byte()))
        case 3:
            path.mkdir()
            places.append(path)
        case 4:
            path.symlink_to(("/etc/passwd", "..", "losses.ipynb", "nowhere", path)[draw.byte() % 5])
        case 5:
            os.mkfifo(path)
        case 6:
            path.write_bytes(_answered())
        case 7:
            path.write_bytes(b"x")
            path.chmod(draw.byte() % 512)


@functools.cache
def _answered():
    return right_book(_collector().course).bytes()


@functools.cache
def _collector():
    """The course of the messy notebooks, released once a process, in a folder that goes with it."""
    folder = tempfile.TemporaryDirectory(prefix="flatgrade-fuzz-")
    atexit.register(folder.cleanup)
    return Collector(released_course(Path(folder.name).resolve()), ASSIGNMENT)


TARGETS = {target.__name__: target for target in (wire, replies, judge, passes, notebook, files)}
