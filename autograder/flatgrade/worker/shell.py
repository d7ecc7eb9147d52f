"""An IPython shell that keeps its outputs as nbformat dictionaries, and a cell runner of our own.

The runner keeps what students see in Jupyter (last expression shown, magics, inline figures) and leaves out what costs
time when grading: history, prompts, coloured tracebacks.
"""

from __future__ import annotations

import ast
import base64
import builtins
import errno
import io
import linecache
import sys
import traceback
from collections.abc import Mapping
from typing import Any

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets import Type
from traitlets.config import Config

from flatgrade.core.timeout import TimeUp, time_limit

Output = dict[str, Any]

_MAX_FRAMES, _MAX_LINE, _MOST_NAME = 12, 4000, 200
_PATIENCE = 16 << 20  # characters beyond the cap that are dropped before the cell is stopped
_NOT_WHEN_GRADED = ("%pip", "%conda", "!", "%load_ext", "%autoreload", "%matplotlib", "%config")


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
            self.items[-1]["text"] += text
        else:
            self.items.append({"output_type": "stream", "name": name, "text": text})

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


def make_shell() -> Shell:
    """The one shell of this process, with standard output and error going to `OUTPUTS`."""
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    config.InteractiveShell.cache_size = 0
    # Cutting off the margins draws every figure twice, and a third of the rest is spent on compressing it well.
    config.InlineBackend.print_figure_kwargs = {"bbox_inches": None, "pil_kwargs": {"compress_level": 1}}
    shell: Shell = Shell.instance(config=config)
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
    return OUTPUTS.items


def _execute(shell: Shell, name: str, source: str) -> None:
    text = _without_refused_magics(source)
    if any(sign in text for sign in "%!?"):
        text = shell.transform_cell(text)
    # Line numbers of findings count in the student's own text, so that is what the line cache must hold.
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    tree = ast.parse(text, name)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) and not _silenced(text) else None
    exec(compile(tree, name, "exec"), shell.user_ns)  # noqa: S102 -- running cells is what the worker is for
    if isinstance(last, ast.Expr):
        value = eval(compile(ast.Expression(last.value), name, "eval"), shell.user_ns)  # noqa: S307 -- see above
        shell.displayhook(value)


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


def _without_refused_magics(source: str) -> str:
    """Magics that need a shell, a network or a display become a line that prints why they were not run."""
    lines = source.split("\n")
    for i, line in enumerate(lines):
        bare = line.lstrip()
        if bare.startswith(_NOT_WHEN_GRADED) and not bare.startswith("%%"):
            quiet = bare.startswith(("%matplotlib", "%config", "%load_ext", "%autoreload"))
            said = "pass" if quiet else f"print({bare.split()[0] + ' is not run when graded'!r})"
            lines[i] = line[: len(line) - len(bare)] + said
    return "\n".join(lines)


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
    return _error(type(error).__name__, str(error)[:2000], lines)


def _context(filename: str, line: int) -> list[str]:
    rows = range(max(1, line - 1), line + 2)
    texts = {row: linecache.getline(filename, row).rstrip() for row in rows}
    return [f"{'----> ' if row == line else '      '}{row} {text}" for row, text in texts.items() if text]


def _error(name: str, value: str, lines: list[str]) -> Output:
    return {"output_type": "error", "ename": name, "evalue": value, "traceback": lines or [f"{name}: {value}"]}


def _plain(data: Mapping[str, Any]) -> dict[str, Any]:
    return {key: base64.b64encode(v).decode() if isinstance(v, bytes) else v for key, v in data.items()}
