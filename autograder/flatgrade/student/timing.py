"""`time_layers({"my loops": f, "NumPy": g})`: how long a student's own functions take, beside one another."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from flatgrade.core.timer import Timing, measure

_SPREAD = 0.5  # of the median: more than that between the quartiles, and something else is at work here
_INK, _GRID = "#1f2933", "#d0d5db"
_CELL = "padding:2px 16px 2px 0;text-align:right;border:0"


@dataclass(frozen=True)
class LayerTimes:
    """Times by name, in the order given; a notebook shows them as a table. `plot` draws them."""

    times: Mapping[str, Timing]

    def ratio(self, name: str) -> float:
        """How many times faster than the first one `name` is."""
        return next(iter(self.times.values())).median / self.times[name].median

    def plot(self, ax: Any = None) -> Any:
        """Draw a bar each on a logarithmic axis, with its time and ratio; returns the matplotlib axes."""
        import matplotlib.pyplot as plt  # slow to import, and a table needs none

        if ax is None:
            _, ax = plt.subplots(figsize=(6.6, 1.2 + 0.45 * len(self.times)), layout="constrained")
        middle = [1e3 * item.median for item in self.times.values()]
        below = [1e3 * (item.median - item.low) for item in self.times.values()]
        above = [1e3 * (item.high - item.median) for item in self.times.values()]
        ax.barh(list(self.times), middle, xerr=[below, above], color="#9db8d9", ecolor=_INK, height=0.6, capsize=3)
        for i, (time, high) in enumerate(zip(middle, above, strict=True)):
            ax.text(1.08 * (time + high), i, self._label(i), va="center", color=_INK)
        ax.set(xscale="log", xlim=(min(middle) / 4, max(middle) * 60), xlabel="milliseconds (logarithmic)")
        ax.grid(axis="x", color=_GRID, lw=0.6)
        ax.set_axisbelow(True)
        ax.invert_yaxis()
        return ax

    def __str__(self) -> str:
        width = max(len(name) for name in self.times)
        lines = [f"{name:{width}}  {time:>9}  {ratio}" for name, time, ratio in self._rows()]
        return "\n".join([*lines, *self._remarks()])

    def _repr_html_(self) -> str:
        rows = "".join(
            f'<tr><th scope="row" style="{_CELL};text-align:left">{escape(name)}</th>'
            f'<td style="{_CELL}">{time}</td><td style="{_CELL}">{ratio}</td></tr>'
            for name, time, ratio in self._rows()
        )
        remarks = "".join(f"<p>{escape(remark)}</p>" for remark in self._remarks())
        return f'<table class="flatgrade-times" style="margin:0"><tbody>{rows}</tbody></table>{remarks}'

    def _rows(self) -> Iterator[tuple[str, str, str]]:
        for i, (name, timing) in enumerate(self.times.items()):
            ratio = self.ratio(name)
            faster = f"{_digits(ratio)} times as fast" if ratio >= 1 else f"{_digits(1 / ratio)} times as slow"
            yield name, _shown(timing.median), faster if i else ""

    def _label(self, i: int) -> str:
        _, time, faster = list(self._rows())[i]
        return f"{time}, {faster}" if faster else time

    def _remarks(self) -> list[str]:
        wide = [name for name, timing in self.times.items() if timing.spread > _SPREAD]
        if not wide:
            return []
        return [f"The runs of {', '.join(wide)} differ much: something else is at work on this machine. Try again."]


def time_layers(ways: Mapping[str, Callable[[], object]], seconds: float = 2.0) -> LayerTimes:
    """Time functions without arguments, one after the other: the median of up to 15 runs each, after one to warm up.

    A way that takes long is run less often, three times at least; `seconds` is about what each may take. What a
    function raises is passed on. Raises ValueError where there is nothing to time.
    """
    if not ways:
        raise ValueError("time_layers needs something to time, such as {'my loops': lambda: conv_forward_naive(x, w)}")
    return LayerTimes({name: measure(way, seconds=seconds) for name, way in ways.items()})


def _shown(seconds: float) -> str:
    """A time for a reader, with three digits: 1.23 s, 45.6 ms, 789 µs."""
    unit, scale = next(
        ((unit, scale) for unit, scale in (("s", 1.0), ("ms", 1e3)) if seconds * scale >= 1), ("µs", 1e6)
    )
    return f"{_digits(seconds * scale)} {unit}"


def _digits(value: float) -> str:
    """Three digits, without an exponent: 0.0123, 4.56, 2500."""
    return f"{float(f'{value:.3g}'):.10g}"
