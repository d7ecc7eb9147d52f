"""The histogram of points as inline SVG: numbers only, drawn by hand, coloured by the page's style sheet."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from flatgrade.report.statistics import Bin
from flatgrade.report.wording import counted, number

_WIDTH, _HEIGHT = 560, 250
_LEFT, _TOP, _FLOOR = 8, 46, 224  # x of the first bar, y of the tallest bar's top, y of the axis
_MOST_LABELS = 11


def histogram_svg(bins: Sequence[Bin], median: float) -> Markup:
    """One bar a Bin with its count above it, points on the axis, the median as a dashed line; "" without bins."""
    if not bins:
        return Markup("")
    step = (_WIDTH - 2 * _LEFT) / len(bins)
    tallest = max(1, *(bar.count for bar in bins))
    parts = [_bar(bar, _LEFT + i * step, step, (_FLOOR - _TOP) * bar.count / tallest) for i, bar in enumerate(bins)]
    parts.append(f'<line class="axis" x1="{_LEFT}" y1="{_FLOOR}" x2="{_WIDTH - _LEFT}" y2="{_FLOOR}"/>')
    every = -(-(len(bins) - 1) // _MOST_LABELS)
    parts += [
        _text(_LEFT + i * step, _FLOOR + 16, number(bar.low)) for i, bar in enumerate(bins[:-1]) if i % every == 0
    ]
    parts.append(_text(_WIDTH - _LEFT - step / 2, _FLOOR + 16, f"all {number(bins[-1].low)}"))
    parts.append(_median_line(median, bins, step))
    label = "".join(f"{_range(bar)}: {counted(bar.count, 'student')}. " for bar in bins if bar.count)
    return Markup(  # noqa: S704 -- numbers and words of this module alone
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-labelledby="chart-title chart-desc">'
        f'<title id="chart-title">Students by points</title><desc id="chart-desc">{label}'
        f"The median is {number(median)}.</desc>{''.join(parts)}</svg>"
    )


def _bar(bar: Bin, x: float, step: float, height: float) -> str:
    if not bar.count:
        return ""
    kind = "full" if bar.low == bar.high else "bar"
    return (
        f'<g><title>{_range(bar)}: {counted(bar.count, "student")}</title><rect class="{kind}" x="{x + 1.5:.1f}" '
        f'y="{_FLOOR - height:.1f}" width="{step - 3:.1f}" height="{height:.1f}" rx="2"/>'
        f"{_text(x + step / 2, _FLOOR - height - 4, str(bar.count), 'count')}</g>"
    )


def _median_line(median: float, bins: Sequence[Bin], step: float) -> str:
    """Where the median is on the axis of points; in the middle of the last bar if it is full points."""
    top = bins[-1].low
    x = _LEFT + (len(bins) - 1) * step * median / top + (step / 2 if median >= top else 0)
    anchor = "end" if median > top / 2 else "start"
    return (
        f'<line class="median" x1="{x:.1f}" y1="{_TOP - 40}" x2="{x:.1f}" y2="{_FLOOR}"/>'
        f'<text class="count" x="{x + (-5 if anchor == "end" else 5):.1f}" y="{_TOP - 30}" '
        f'text-anchor="{anchor}">median {number(median)}</text>'
    )


def _text(x: float, y: float, text: str, kind: str = "tick") -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="middle">{text}</text>'


def _range(bar: Bin) -> str:
    return (
        f"{number(bar.low)} points" if bar.low == bar.high else f"{number(bar.low)} to under {number(bar.high)} points"
    )
