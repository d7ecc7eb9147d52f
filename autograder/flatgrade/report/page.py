"""The class page: one HTML file, nothing loaded from anywhere, for whoever grades or teaches the class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from jinja2 import Environment, PackageLoader, StrictUndefined

from flatgrade.grader.record import Record
from flatgrade.report.table import class_rows
from flatgrade.report.wording import plain

Planted = Mapping[str, Sequence[tuple[str, str, str]]]


def class_page(records: Sequence[Record], title: str, planted: Planted | None = None) -> str:
    """The whole page as text. `planted` maps a student to the (exercise, stage, tag) that a demo planted."""
    environment = Environment(
        loader=PackageLoader("flatgrade.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: plain(value) if type(value) is str else value,
    )
    return environment.get_template("class.html.j2").render(
        title=title, rows=class_rows(records), planted=planted or {}
    )
