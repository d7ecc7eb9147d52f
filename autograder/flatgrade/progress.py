"""What is shown while a class is graded: a bar on a terminal, now and then a line elsewhere."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from flatgrade.grader.record import Record

_EVERY_SECONDS, _EVERY_RECORDS = 10.0, 100


def shown(records: Iterable[Record], total: int, console: Console) -> Iterator[Record]:
    """Pass Records through, and show how far they are: count, rate, time left, verdicts of their exercises."""
    began = time.monotonic()
    counts: Counter[str] = Counter()
    told_count, told_at = 0, began
    bar = Progress(BarColumn(), TextColumn("{task.description}"), console=console, transient=True)
    bar.disable = not console.is_terminal
    with bar:
        task = bar.add_task(f"0 of {total}", total=total)
        for done, record in enumerate(records, 1):
            counts.update([exercise.verdict.value for exercise in record.exercises] or ["not taken in"])
            now = time.monotonic()
            line = progress_line(done, total, now - began, counts)
            bar.update(task, completed=done, description=line)
            if bar.disable and (done - told_count >= _EVERY_RECORDS or now - told_at >= _EVERY_SECONDS):
                told_count, told_at = done, now
                console.print(line, markup=False, soft_wrap=True)
            yield record


def progress_line(done: int, total: int, seconds: float, verdicts: Counter[str]) -> str:
    """One line: "50 of 200, 12.5 a second, 12 s left: PASS 80, WRONG 20"."""
    rate = done / max(seconds, 1e-3)
    left = round((total - done) / rate)
    time_left = f"{left} s" if left < 120 else f"{left // 60} min" if left < 7200 else f"{left / 3600:.1f} h"
    pace = f"{rate:.1f} a second" if rate >= 1 else f"{60 * rate:.1f} a minute"
    counted = ", ".join(f"{verdict} {count}" for verdict, count in verdicts.most_common())
    return f"{done} of {total}, {pace}, {time_left} left: {counted}"
