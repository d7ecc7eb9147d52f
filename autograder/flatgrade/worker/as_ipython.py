"""Cells run as a notebook kernel runs them: IPython's own counters, tracebacks and history of results.

For courses that are not written for Flatgrade, whose graded notebooks should look as nbgrader leaves them. The tests
of such a course run in the student's process, so before each of them what student code may have turned against it is
put back as it was before any student code ran. That makes tampering harder; it cannot exclude it (docs/nbgrader.md).
"""

from __future__ import annotations

import ast
import builtins
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from types import FunctionType, MappingProxyType
from typing import Any

import stack_data.core
from IPython.core.compilerop import CachingCompiler
from IPython.core.displayhook import DisplayHook
from IPython.core.error import StdinNotImplementedError
from IPython.core.events import EventManager
from IPython.core.formatters import BaseFormatter, DisplayFormatter, PlainTextFormatter
from IPython.core.inputtransformer2 import TransformerManager
from IPython.core.interactiveshell import ExecutionResult, InteractiveShell
from IPython.core.ultratb import VerboseTB
from matplotlib_inline.config import InlineBackend

from flatgrade.core.timeout import TimeUp, time_limit
from flatgrade.worker.shell import OUTPUTS, Hook, Output, Outputs, Shell, Stream, status_of

# Replacing these is how a course's own cells test programs that read, print and open files.
_LEFT = frozenset({"input", "print", "open"})
_BUILTINS = {name: value for name, value in vars(builtins).items() if name not in _LEFT}
_COLOUR = "_pygmented_with_ranges"  # the function of stack_data that takes most of the time of a traceback
_NOT_YET = "nocolor"  # the colours of our own style
_ATTRIBUTES: list[tuple[Any, Mapping[str, Any]]] = []  # filled in by warm_up
_PARTS = ("displayhook", "display_trap", "display_pub", "compile", "events", "InteractiveTB", "SyntaxTB")


class _Compiler(CachingCompiler):
    """Names cells as files of Python, as kernels do: tracebacks are coloured by the name's ending."""

    def get_code_name(self, raw_code: str, code: str, number: int) -> str:  # noqa: ARG002 -- IPython's signature
        return f"<cell {number}>.py"


_OWNERS: tuple[Any, ...] = (
    ast, Shell, InteractiveShell, ExecutionResult, EventManager, Hook, DisplayHook, Outputs, Stream, DisplayFormatter,
    BaseFormatter, PlainTextFormatter, TransformerManager, CachingCompiler, _Compiler, VerboseTB,
)  # fmt: skip


def remember(shell: Shell) -> None:
    """Make the shell ready and remember how it is; once, before workers are forked.

    Tracebacks are formatted, since that imports a lot, and reads the whole text of NumPy's asserts.
    """
    shell.compile = _Compiler()
    inner = vars(stack_data.core)
    inner[_COLOUR] = _coloured_once(inner[_COLOUR])
    _ATTRIBUTES.extend((owner, MappingProxyType(dict(vars(owner)))) for owner in _OWNERS)
    OUTPUTS.start(1 << 16)
    _run(shell, "import numpy as np\nnp.testing.assert_allclose(0.0, 1.0)")
    _run(shell, "np.testing.assert_array_equal(np.zeros(2), np.ones(2))")
    shell.colors = _NOT_YET


def _coloured_once(colour: Callable[..., list[str]]) -> Callable[..., list[str]]:
    """Colour the lines of a function once for the zygote: those of NumPy's asserts take 10 ms."""
    known: dict[Any, list[str]] = {}

    def coloured(formatter: Any, code: str, ranges: list[tuple[int, int]]) -> list[str]:
        what = (type(formatter), tuple(formatter.style_string.items()), code, tuple(ranges))
        if what not in known:
            known[what] = colour(formatter, code, ranges)
        return list(known[what])

    return coloured


def run_as_ipython(shell: Shell, request: dict[str, Any], cap: int) -> list[Output]:
    """Run one cell; returns its outputs, the error output included, at most `cap` bytes of them.

    How it ended stands in `OUTPUTS.status`. `request` has `source`, `number` (the execution count), `seconds`, and
    `test`: whether the cell is a test of ours.
    """
    OUTPUTS.start(cap)
    builtins.input = _no_input
    shell.execution_count = request["number"]
    try:
        with time_limit(request["seconds"]), _put_back(shell) if request["test"] else nullcontext():
            _run(shell, request["source"])
    except BaseException as error:  # noqa: BLE001 -- IPython shows errors itself; this one came past it
        _note(error)
    if OUTPUTS.over:
        OUTPUTS.status = "output" if OUTPUTS.status == "ok" else OUTPUTS.status
        note = f"\n[the output was cut off after {cap // 1024} KiB]\n"
        OUTPUTS.items.append({"output_type": "stream", "name": "stdout", "text": [note]})
    return OUTPUTS.taken()


def _run(shell: Shell, source: str) -> None:
    """Run a cell by IPython."""
    if shell.colors == _NOT_YET:
        _be_a_kernel(shell)
    result = InteractiveShell.run_cell(shell, source, store_history=True)
    if (error := result.error_before_exec or result.error_in_exec) is not None:
        _note(error)


def _be_a_kernel(shell: Shell) -> None:
    """Take on the settings of a kernel, in place of those of our own style."""
    shell.colors, hook = "neutral", shell.displayhook
    hook.cache_size, hook.do_full_cache = 1000, True
    InlineBackend.instance(parent=shell).print_figure_kwargs = {"bbox_inches": "tight"}


def _note(error: BaseException) -> None:
    """Keep how a cell ended; an error that IPython has not shown is shown here, as nbgrader does it."""
    OUTPUTS.status = "timeout" if isinstance(error, TimeUp) else status_of(error)
    if not any(output["output_type"] == "error" for output in OUTPUTS.items):
        OUTPUTS.error(type(error).__name__, str(error), ["ERROR: An error occurred while showtraceback was disabled"])


def _no_input(prompt: object = "") -> str:  # noqa: ARG001 -- the signature of input
    raise StdinNotImplementedError("raw_input was called, but this frontend does not support input requests.")


@contextmanager
def _put_back(shell: Shell) -> Iterator[None]:
    """Let a test find Python's and IPython's own machinery; a student's own settings of IPython come back after it."""
    vars(builtins).update(_BUILTINS)
    for owner, kept in _ATTRIBUTES:
        now = dict(vars(owner))
        for name in now.keys() - kept.keys():
            delattr(owner, name)
        for name, value in kept.items():
            if now.get(name) is not value:
                setattr(owner, name, value)
    sys.stdout, sys.stderr = Stream("stdout"), Stream("stderr")
    for part in (shell, *(getattr(shell, name) for name in _PARTS)):
        _unshadow(part)
    formatter = DisplayFormatter(parent=shell)
    plain = formatter.formatters["text/plain"]
    formatter.formatters = {**shell.display_formatter.formatters, "text/plain": plain}
    own = {
        "ast_transformers": [],
        "custom_exceptions": (),
        "ast_node_interactivity": "last_expr",
        "display_formatter": formatter,
        "input_transformer_manager": TransformerManager(),
    }
    theirs, callbacks = {name: getattr(shell, name) for name in own}, shell.events.callbacks
    shell.events.callbacks = {name: [call for call in calls if _draws(call)] for name, calls in callbacks.items()}
    _assign(shell, own)
    try:
        yield
    finally:
        _assign(shell, theirs)
        shell.events.callbacks = callbacks


def _draws(listener: Any) -> bool:
    """Tell whether it is what shows the pictures of a cell."""
    return str(getattr(listener, "__module__", "")).startswith("matplotlib_inline.")


def _assign(target: Any, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        setattr(target, name, value)


def _unshadow(part: Any) -> None:
    """Take away what stands on an object in place of a method of its class."""
    for name in list(vars(part)):
        if isinstance(getattr(type(part), name, None), FunctionType):
            del vars(part)[name]
