"""HTML pages from templates: nothing loaded from anywhere, and no foreign text that could be more than text."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from flatgrade.core.finding import Verdict
from flatgrade.report.wording import (
    counted,
    milliseconds,
    number,
    outcome,
    plain,
    points,
    shown_stages,
    speed_words,
    stage_points,
    stage_words,
)

TEMPLATES = Path(__file__).parent / "templates"


def environment() -> Environment:
    """Jinja with our words, signs and style sheet; every foreign text is made plain and then escaped."""
    found = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: plain(value) if type(value) is str else value,
    )
    shared = (number, counted, points, stage_points, outcome, shown_stages, stage_words, speed_words, milliseconds)
    found.filters |= {word.__name__: word for word in shared}
    found.globals["Verdict"] = Verdict
    found.globals["style"] = Markup((TEMPLATES / "class.css").read_text(encoding="utf-8"))  # noqa: S704 -- our own file
    return found
