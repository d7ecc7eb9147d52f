"""A timer that tells the truth: warm-up, many runs, their median and spread, never a time below what the clock sees."""

from __future__ import annotations

import functools
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

RUNS = 15
_MOST_SECONDS = 2.0
_TICKS = 1000  # a run lasts at least so many steps of the clock, so that the clock's share of it is a thousandth
_LEAST_RUNS = 3


@dataclass(frozen=True)
class Timing:
    """Seconds of one call: the median of `runs` runs, and the quartiles around it. A run is `calls` calls in a row."""

    median: float
    low: float
    high: float
    runs: int
    calls: int

    @property
    def spread(self) -> float:
        """The distance between the quartiles, as a share of the median."""
        return (self.high - self.low) / self.median


def measure(
    action: Callable[[], object],
    *,
    runs: int = RUNS,
    seconds: float = _MOST_SECONDS,
    clock: Callable[[Callable[[], object], int], float] | None = None,
    resolution: float | None = None,
) -> Timing:
    """Time an action after one call to warm up: `runs` runs, fewer (3 at least) where they would take over `seconds`.

    `clock` runs the action a number of times and returns the seconds that took; the wall clock by default. A run
    repeats the action until it lasts a thousand times the clock's `resolution` in seconds.
    """
    clock = clock or wall_seconds
    least = _TICKS * (clock_resolution() if resolution is None else resolution)
    clock(action, 1)
    once = clock(action, 1)
    calls = 1
    while once * calls < least:  # a call shorter than the clock's step may read 0: double until it is seen
        calls *= 2
        once = max(clock(action, calls) / calls, least / 2**30)
    affordable = int(seconds / (once * calls)) if once else runs
    taken = [clock(action, calls) / calls for _ in range(max(_LEAST_RUNS, min(runs, affordable)))]
    return summary(taken, calls)


def summary(taken: Sequence[float], calls: int = 1) -> Timing:
    """The median and the quartiles of seconds a call, of two runs at least."""
    low, median, high = statistics.quantiles(taken, n=4, method="inclusive")
    return Timing(median, low, high, len(taken), calls)


def wall_seconds(action: Callable[[], object], calls: int) -> float:
    """The wall time of so many calls in a row."""
    began = time.perf_counter()
    for _ in range(calls):
        action()
    return time.perf_counter() - began


@functools.cache
def clock_resolution() -> float:
    """The smallest step in seconds that the wall clock is seen to make."""
    steps = []
    for _ in range(50):
        began = now = time.perf_counter()
        while now == began:
            now = time.perf_counter()
        steps.append(now - began)
    return min(steps)
