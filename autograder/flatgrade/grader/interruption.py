"""Ctrl-C, `kill`, and a closed terminal: one KeyboardInterrupt each run, and never in the middle of a write."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
_OURS_TO_TAKE = (signal.SIG_DFL, signal.default_int_handler)  # what the caller ignores (nohup) stays ignored


@contextmanager
def interruptible() -> Iterator[None]:
    """Turn the first signal that asks for the end into a KeyboardInterrupt; later ones do not disturb the clean-up."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    taken = [number for number, handler in before.items() if handler in _OURS_TO_TAKE]

    def interrupt(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 -- a handler's signature
        for item in taken:
            signal.signal(item, signal.SIG_IGN)
        raise KeyboardInterrupt

    for number in taken:
        signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number in taken:
            signal.signal(number, before[number])


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Let a signal that asks for the end wait until the body is done. For bodies of milliseconds."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    held = [number for number, handler in before.items() if callable(handler)]
    for number in held:
        signal.signal(number, lambda number, _: came.append(number))
    try:
        yield
    finally:
        for number in held:
            signal.signal(number, before[number])
        if came:
            signal.raise_signal(came[0])
