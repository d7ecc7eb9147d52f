"""An IPython shell that keeps its outputs as nbformat dictionaries, and a cell runner of our own.

The runner keeps what students see in Jupyter (last expression shown, magics, inline figures) and leaves out what costs
time when grading: history, prompts, coloured tracebacks.
"""

from __future__ import annotations

import ast
import asyncio
import base64
import builtins
import contextlib
import errno
import inspect
import io
import linecache
import sys
import traceback
from collections.abc import Mapping
from functools import cache
from typing import Any

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.text import SList
from traitlets import Type
from traitlets.config import Config

from flatgrade.core.timeout import TimeUp, time_limit
from flatgrade.worker.magics import as_python, replace_magics, said_not_run

Output = dict[str, Any]

_MAX_FRAMES, _MAX_LINE, _MOST_NAME = 12, 4000, 200
_DEFINING_SECONDS = 0.5
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_PATIENCE = 16 << 20  # characters beyond the cap that are dropped before the cell is stopped


class OutputUp(BaseException):
    """Code printed so much beyond its cap that it is stopped. No Exception, so that `except Exception` lets it by."""


class Outputs:
    """The outputs of the running cell, with a cap on their bytes; `over` tells that something was cut off.

    `status` says how the cell ended: ok, error, timeout, memory, output, disk or forbidden. Who writes much more than
    the cap is stopped with OutputUp.
    """

    def __init__(self) -> None:
        self.start(0)

    def start(self, cap: int) -> None:
        """Forget what was kept, and allow `cap` bytes."""
        self.items: list[Output] = []
        self.cap, self.left, self.over, self.status = cap, cap, False, "ok"

    def text(self, name: str, text: str) -> None:
        """Keep text of a stream; consecutive writes become one output."""
        text = self._capped(text)
        if not text:
            return
        if self.items and self.items[-1].get("name") == name:
            self.items[-1]["text"].append(text)  # joined at the end: adding to a text copies it, at each print
        else:
            self.items.append({"output_type": "stream", "name": name, "text": [text]})

    def taken(self) -> list[Output]:
        """What was kept, as nbformat has it."""
        return [{**item, "text": "".join(item["text"])} if "text" in item else item for item in self.items]

    def add(self, output: Output) -> None:
        """Keep an output, or leave it out whole where it is over the cap."""
        size = sum(len(str(value)) for value in output.get("data", {}).values())
        if size > self.left:
            self.over = True
            return
        self.left -= size
        self.items.append(output)

    def error(self, name: str, value: str, lines: list[str]) -> None:
        """Keep an error output: it is always there, its texts are cut off where no room is left for them."""
        kept = []
        for text in (value, *lines):
            kept.append(text[: max(self.left, 0)])
            self.left -= len(kept[-1])
        self.items.append(_error(name[:_MOST_NAME], kept[0], kept[1:]))

    def _capped(self, text: str) -> str:
        kept = text[: max(self.left, 0)]
        self.over = self.over or len(kept) < len(text)
        self.left -= len(text)
        if self.left < -_PATIENCE:
            raise OutputUp
        return kept


OUTPUTS = Outputs()


class Stream(io.TextIOBase):
    """Standard output or error: text goes to `OUTPUTS`."""

    def __init__(self, name: str) -> None:
        self.name = name

    def writable(self) -> bool:
        """Always."""
        return True

    def write(self, text: str) -> int:
        """Keep the text, as far as the cap allows."""
        OUTPUTS.text(self.name, str(text))
        return len(text)


class _Publisher(DisplayPublisher):
    def publish(self, data: Mapping[str, Any], metadata: Mapping[str, Any] | None = None, **_: Any) -> None:
        OUTPUTS.add({"output_type": "display_data", "data": _plain(data), "metadata": dict(metadata or {})})

    def clear_output(self, wait: bool = False) -> None:  # noqa: ARG002 -- IPython's signature
        OUTPUTS.items.clear()


class Hook(DisplayHook):
    """Keeps the result that a cell shows at its end."""

    def start_displayhook(self) -> None:
        """Begin an output."""
        self.output: Output = {"output_type": "execute_result", "execution_count": self.prompt_count}

    def write_output_prompt(self) -> None:
        """No prompt: the notebook has its own."""

    def write_format_data(self, format_dict: Mapping[str, Any], md_dict: Mapping[str, Any] | None = None) -> None:
        """Put in the result in all its formats."""
        self.output |= {"data": _plain(format_dict), "metadata": dict(md_dict or {})}

    def finish_displayhook(self) -> None:
        """Keep the output."""
        OUTPUTS.add(self.output)


class Shell(InteractiveShell):
    """The shell that student code finds under `get_ipython()`."""

    displayhook_class = Type(Hook)
    display_pub_class = Type(_Publisher)

    def _format_exception_for_storage(self, *_: object, **__: object) -> None:
        """Nothing: the history's copy of a traceback takes as long as showing it, and nobody reads it."""

    def _showtraceback(self, etype: type[BaseException], evalue: BaseException, stb: list[str]) -> None:
        OUTPUTS.error(etype.__name__, str(evalue), stb)

    def enable_gui(self, gui: Any = None) -> None:
        """Nothing to enable: figures come as pictures."""

    def ask_exit(self) -> None:
        """`exit` ends nothing when graded."""

    def system(self, cmd: str) -> None:
        """`!ls`: there is no shell when graded."""
        said_not_run(f"!{cmd}")

    def getoutput(self, cmd: str, split: bool = True, depth: int = 0) -> Any:  # noqa: ARG002 -- IPython's signature
        """`files = !ls`: no lines."""
        said_not_run(f"!{cmd}")
        return SList()

    def magic(self, text: str) -> Any:
        """`get_ipython().magic("time f()")`, as IPython had it until version 8."""
        name, _, line = text.partition(" ")
        return self.run_line_magic(name.lstrip("%"), line, _stack_depth=2)

    def run_line_magic(self, magic_name: str, line: str, _stack_depth: int = 1) -> Any:
        """Run `%name line`; a name that only an extension could know ends no cell."""
        if self.find_line_magic(magic_name) is None:
            return said_not_run(f"%{magic_name}")
        return super().run_line_magic(magic_name, line, _stack_depth + 1)


def make_shell() -> Shell:
    """The one shell of this process, with standard output and error going to `OUTPUTS`."""
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    config.InteractiveShell.cache_size = 0
    # Cutting off the margins draws every figure twice, and a third of the rest is spent on compressing it well.
    config.InlineBackend.print_figure_kwargs = {"bbox_inches": None, "pil_kwargs": {"compress_level": 1}}
    shell: Shell = Shell.instance(config=config)
    shell.db = {}  # what magics remember is forgotten with the process; on disk it would be shared
    replace_magics(shell)
    sys.stdout, sys.stderr = Stream("stdout"), Stream("stderr")
    sys.breakpointhook = lambda *_, **__: None
    shell.user_ns["__name__"] = "__main__"
    shell.builtin_trap.activate()
    builtins.input = _no_input
    return shell


def forget(shell: Shell) -> None:
    """Make the shell as if no cell had been run in it; modules stay imported."""
    shell.reset(new_session=False)
    shell.user_ns["__name__"] = "__main__"
    shell.execution_count = 1
    linecache.clearcache()
    _event_loop.cache_clear()
    OUTPUTS.start(0)


def _no_input(prompt: object = "") -> str:  # noqa: ARG001 -- the signature of input
    raise EOFError("input() has no keyboard when graded")


def run_cell(shell: Shell, key: str, source: str, seconds: float, cap: int) -> list[Output]:
    """Run one cell in the shell's namespace; returns its outputs, the error output included, at most `cap` bytes.

    `key` names the cell in tracebacks. After `seconds` the cell is stopped with TimeUp, kept as an error output.
    """
    OUTPUTS.start(cap)
    shell.execution_count += 1
    name = f"<cell {key}>"
    try:
        with time_limit(seconds):
            _execute(shell, name, source)
    except TimeUp:
        OUTPUTS.status = "timeout"
        OUTPUTS.items.append(_error("TimeUp", f"the cell was stopped after {seconds:g} seconds", []))
    except OutputUp:
        OUTPUTS.over = True
    except BaseException as error:  # noqa: BLE001 -- whatever a cell raises becomes its output
        OUTPUTS.status = status_of(error)
        OUTPUTS.items.append(error_output(error))
    try:
        with time_limit(seconds):
            shell.events.trigger("post_execute")
    except BaseException as error:  # noqa: BLE001 -- drawing a figure may raise, too
        OUTPUTS.items.append(error_output(error))
    if OUTPUTS.over:
        OUTPUTS.status = "output"
        OUTPUTS.items.append(_error("OutputLimit", f"the output was cut off after {cap // 1024} KiB", []))
    return OUTPUTS.taken()


def _execute(shell: Shell, name: str, source: str) -> None:
    # Line numbers of findings count in the student's own text, so that is what the line cache must hold.
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    try:
        tree = ast.parse(source, name)
    except SyntaxError:
        tree = ast.parse(as_python(shell, source), name)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) and not _silenced(source) else None
    try:
        _run(tree, name, "exec", shell.user_ns)
    except BaseException as error:
        _define_what_follows(tree, name, error, shell.user_ns)
        raise
    if isinstance(last, ast.Expr):
        shell.displayhook(_run(ast.Expression(last.value), name, "eval", shell.user_ns))


def _run(tree: ast.Module | ast.Expression, name: str, mode: str, namespace: dict[str, Any]) -> Any:
    """Run parsed code; `await` may stand at the top of a cell."""
    # What this very file imports from __future__ is none of the student's business.
    code = compile(tree, name, mode, flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    value = eval(code, namespace)  # noqa: S307 -- running cells is what the worker is for
    return _event_loop().run_until_complete(value) if code.co_flags & inspect.CO_COROUTINE else value


@cache
def _event_loop() -> asyncio.AbstractEventLoop:
    return asyncio.new_event_loop()


def _define_what_follows(tree: ast.Module, name: str, error: BaseException, namespace: dict[str, Any]) -> None:
    """Define the functions and classes that stand below the line which stopped the cell.

    A cell may stop when graded for what is only missing here: a keyboard, a drive, a library. The answer below that
    line is no worse for it.
    """
    frames = [line for frame, line in traceback.walk_tb(error.__traceback__) if frame.f_code.co_filename == name]
    below = [node for node in tree.body if isinstance(node, _DEFINITIONS) and frames and node.lineno > frames[0]]
    kept = []
    for node in below:
        with contextlib.suppress(Exception, TimeUp), time_limit(_DEFINING_SECONDS):
            _run(ast.Module([node], []), name, "exec", namespace)
            kept.append(node.name)
    if kept:
        said = "The cell stops with the error below; what it defines after that was kept"
        OUTPUTS.text("stderr", f"{said}: {', '.join(kept)}\n")


def status_of(error: BaseException) -> str:
    """How code ended that raised: output, memory, disk, forbidden (the sandbox refused something), or error."""
    if isinstance(error, OutputUp):
        return "output"
    if isinstance(error, MemoryError):
        return "memory"
    code = error.errno if isinstance(error, OSError) else None
    if code in (errno.ENOSPC, errno.EFBIG, errno.EDQUOT):
        return "disk"
    if code in (errno.EPERM, errno.EACCES) or _is_thread_refused(error):
        return "forbidden"
    return "error"


def _is_thread_refused(error: BaseException) -> bool:
    return isinstance(error, RuntimeError) and str(error) == "can't start new thread"


def is_cell(filename: str) -> bool:
    """True if code with this file name is a cell that `run_cell` ran."""
    return filename.startswith("<cell ")


def _silenced(text: str) -> bool:
    return text.rstrip().endswith(";")


def error_output(error: BaseException) -> Output:
    """The error output of an exception: frames of cells with their lines, one library frame, the message; no paths."""
    trace = traceback.TracebackException(type(error), error, error.__traceback__, limit=-200, compact=True)
    frames = list(trace.stack)
    lines = []
    for frame in [item for item in frames if is_cell(item.filename)][-_MAX_FRAMES:]:
        lines.append(f"{frame.filename[1:-1]}, line {frame.lineno}, in {frame.name}")
        lines += _context(frame.filename, frame.lineno or 0)
    if frames and not is_cell(frames[-1].filename) and not isinstance(error, SyntaxError):
        lines.append(f"(raised in {frames[-1].name} of a library)")
    lines += [line.rstrip()[:_MAX_LINE] for line in trace.format_exception_only()]
    text = str(error)
    if isinstance(error, SyntaxError) and error.lineno:
        text = f"{error.msg} (line {error.lineno})"
    return _error(type(error).__name__, text[:2000], lines)


def _context(filename: str, line: int) -> list[str]:
    rows = range(max(1, line - 1), line + 2)
    texts = {row: linecache.getline(filename, row).rstrip() for row in rows}
    return [f"{'----> ' if row == line else '      '}{row} {text}" for row, text in texts.items() if text]


def _error(name: str, value: str, lines: list[str]) -> Output:
    return {"output_type": "error", "ename": name, "evalue": value, "traceback": lines or [f"{name}: {value}"]}


def _plain(data: Mapping[str, Any]) -> dict[str, Any]:
    return {key: base64.b64encode(v).decode() if isinstance(v, bytes) else v for key, v in data.items()}
