"""What `flatgrade bench layers` shows: lines for a table on the terminal or a page, and a picture."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from flatgrade.bench.layer_times import LOOPS, NUMPY, PLAIN, TORCH, TRANSFER, LayerBench, Row

COLUMNS = ("", "ms", "spread", "x loops", "rate", "of ceiling")
_MARKS = {LOOPS: "s", NUMPY: "o", TORCH: "^", PLAIN: "v", TRANSFER: "x"}
_MORE_MARKS = "DPX*hd"
_INK, _GRID = "#1f2933", "#d0d5db"


def groups(bench: LayerBench) -> Iterator[tuple[str, list[Row]]]:
    """The rows of each layer at each size, under a heading such as "SVM, course size: N=64 D=3072 C=10"."""
    for (layer, size), rows in groupby(bench.rows, key=lambda row: (row.layer, row.size)):
        found = list(rows)
        yield f"{layer}, {size} size: {_sizes(found[0])}", found


def cells(bench: LayerBench, row: Row) -> tuple[str, ...]:
    """One row as texts for COLUMNS; "" where there is no such figure."""
    share = bench.share(row)
    if row.median is None or row.low is None or row.high is None:
        return (_what(row), "", "", "", "", row.note)
    return (
        _what(row),
        _digits(1e3 * row.median),
        f"{100 * (row.high - row.low) / row.median:.0f} %",
        _digits(row.ratio) if row.ratio else "",
        f"{_digits(row.rate)} {row.unit}" if row.rate else "",
        f"{100 * share:.0f} %" if share else "",
    )


def ceilings_sentence(bench: LayerBench) -> str:
    """The measured ceilings, in one line."""
    each = "{} {:.0f} GFLOP/s in a large matrix product and {:.0f} GB/s in a large copy"
    found = sorted(bench.ceilings.items())
    told = [each.format(device.upper(), item["GFLOP/s"], item["GB/s"]) for device, item in found]
    return f"Ceilings, {bench.dtype}: {'; '.join(told)}." if told else ""


def remarks(bench: LayerBench) -> list[str]:
    """All that is odd, in sentences: the notes of the bench, and those of its rows."""
    of_rows = [
        f"{row.layer}, {row.size} size, {_what(row)}: {row.note}." for row in bench.rows if row.note and row.median
    ]
    return [*bench.notes, *of_rows]


def page(bench: LayerBench) -> str:
    """The figures as a part of a Markdown page."""
    lines = [f"`{bench.command}` on {bench.hardware.sentence()}.", ceilings_sentence(bench), ""]
    for heading, rows in groups(bench):
        lines += [f"**{heading}**", "", f"| {' | '.join(COLUMNS)} |", f"|---|{'---:|' * (len(COLUMNS) - 1)}"]
        lines += [f"| {' | '.join(cells(bench, row))} |" for row in rows]
        lines.append("")
    lines += [f"- {remark}" for remark in remarks(bench)]
    return "\n".join(lines).rstrip() + "\n"


def picture(bench: LayerBench, path: Path) -> None:
    """Draw the times on a logarithmic axis, a panel a size: a mark for each way, a line between its quartiles."""
    from matplotlib.figure import Figure  # slow to import, and not every bench draws

    sizes = list(dict.fromkeys(row.size for row in bench.rows))
    timed = [row for row in bench.rows if row.median is not None]
    ways = list(dict.fromkeys(_what(row) for row in timed))
    layers = list(dict.fromkeys(row.layer for row in bench.rows))
    marks = {way: _mark(way, i) for i, way in enumerate(ways)}
    figure = Figure(figsize=(1.6 + 5.2 * len(sizes), 1.8 + 0.55 * len(layers)), layout="constrained")
    axes = figure.subplots(1, len(sizes), sharey=True, squeeze=False)[0]
    for axis, size in zip(axes, sizes, strict=True):
        for way in ways:
            rows = [row for row in timed if row.size == size and _what(row) == way]
            y = [layers.index(row.layer) + _shift(ways.index(way), len(ways)) for row in rows]
            middle = [1e3 * row.median for row in rows if row.median is not None]
            below = [1e3 * (row.median - row.low) for row in rows if row.median is not None and row.low is not None]
            above = [1e3 * (row.high - row.median) for row in rows if row.median is not None and row.high is not None]
            axis.errorbar(middle, y, xerr=[below, above], fmt=marks[way], label=way, ms=6, capsize=2, lw=1)
        axis.set_xscale("log")
        axis.xaxis.set_major_formatter("{x:g}")
        axis.set_xlabel("milliseconds, forward and backward (logarithmic)", color=_INK)
        axis.set_title(f"{size} size", color=_INK)
        axis.grid(axis="x", color=_GRID, lw=0.6)
        axis.set_axisbelow(True)
        for line in range(1, len(layers)):
            axis.axhline(line - 0.5, color=_GRID, lw=0.6)
    axes[0].set_yticks(range(len(layers)), layers)
    axes[0].set_ylim(len(layers) - 0.5, -0.5)
    figure.legend(
        *axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=min(len(ways), 4), frameon=False
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)


def _digits(value: float) -> str:
    """Three digits, or two behind the point: 0.01, 4.56, 78.9, 1234."""
    return f"{value:.2f}" if value < 1 else f"{value:.3g}" if value < 100 else f"{value:.0f}"


def _mark(way: str, i: int) -> str:
    return _MARKS.get(way, _MORE_MARKS[i % len(_MORE_MARKS)])


def _shift(i: int, count: int) -> float:
    return 0.7 * (i + 0.5) / count - 0.35


def _what(row: Row) -> str:
    return f"{row.what} (CUDA)" if row.device == "cuda" and row.what != TRANSFER else row.what


def _sizes(row: Row) -> str:
    return " ".join(f"{letter}={size}" for letter, size in row.sizes.items())
