"""The timer, with a clock of the test's own: what it warms up, repeats and reports."""

import itertools

import pytest

from flatgrade.core.timer import clock_resolution, measure, summary, wall_seconds


class Clock:
    """A clock by which each call takes the next of the given seconds; the last one repeats."""

    def __init__(self, *seconds):
        self.seconds = itertools.chain(seconds, itertools.repeat(seconds[-1]))
        self.asked = []

    def __call__(self, action, calls):
        self.asked.append(calls)
        for _ in range(calls):
            action()
        return sum(next(self.seconds) for _ in range(calls))


def test_the_first_call_is_not_counted():
    """What only a first call pays (a cache, a compilation) is in no figure."""
    timing = measure(lambda: None, clock=Clock(100.0, 2.0), resolution=1e-9, seconds=60)
    assert (timing.median, timing.low, timing.high) == (2.0, 2.0, 2.0)


def test_a_call_is_repeated_until_the_clock_sees_it():
    """A run lasts a thousand steps of the clock at least, and the figure is that of one call."""
    clock = Clock(0.001)
    timing = measure(lambda: None, clock=clock, resolution=1e-5, seconds=60)
    assert timing.calls == 16  # 16 ms are over a thousand steps of 10 us; 8 ms are not
    assert timing.median == pytest.approx(0.001)
    assert clock.asked[-timing.runs :] == [16] * timing.runs


def test_a_call_below_the_clock_step_is_no_endless_loop():
    """Where the clock reads 0 for a few calls, they are doubled until it does not."""
    timing = measure(lambda: None, clock=lambda _, calls: 0.0 if calls < 64 else calls * 1e-6, resolution=1e-7)
    assert timing.median == pytest.approx(1e-6)
    assert timing.calls >= 100


@pytest.mark.parametrize(("each", "runs"), [(0.001, 15), (0.25, 8), (60.0, 3)])
def test_slow_calls_are_run_less_often(each, runs):
    """As many runs as fit in two seconds: 15 at most, 3 at least."""
    assert measure(lambda: None, clock=Clock(each), resolution=1e-9).runs == runs


def test_the_median_and_the_quartiles_of_the_runs():
    """One disturbed run of five moves neither the median nor the quartiles far."""
    timing = summary([1.0, 1.1, 1.2, 1.3, 9.0], calls=4)
    assert (timing.low, timing.median, timing.high) == pytest.approx((1.1, 1.2, 1.3))
    assert timing.spread == pytest.approx(0.2 / 1.2)
    assert (timing.runs, timing.calls) == (5, 4)


def test_the_wall_clock_calls_as_often_as_it_is_told():
    """The action really runs; the resolution is a positive number of seconds far below a millisecond."""
    called = []
    assert wall_seconds(lambda: called.append(1), 7) > 0
    assert len(called) == 7
    assert 0 < clock_resolution() < 1e-3
