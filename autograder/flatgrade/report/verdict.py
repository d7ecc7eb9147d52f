"""The verdict of one exercise: as the outputs of its test cell, and as text for a terminal."""

from __future__ import annotations

from html import escape
from typing import Any

from flatgrade.core.finding import Finding, Verdict
from flatgrade.grader.record import ExerciseRecord, StageRecord
from flatgrade.report.stages import stages_picture
from flatgrade.report.wording import outcome, plain, points, shown_stages, speed_words, stage_points, stage_words

_BOX = "background:#fff;color:#1f2328;border:1px solid #d0d7de;border-left:4px solid {accent};border-radius:4px;"
_FONT = "padding:8px 12px;margin:4px 0;max-width:60em;font:14px/1.45 system-ui,sans-serif;text-align:left;"
_CELL = "padding:1px 14px 1px 0;border:0;text-align:left;background:#fff;color:{ink};font:13px/1.5 monospace;"
# MathJax, which these pages load, must not see formulas in foreign texts: its \href can run a script.
_NO_MATHS = "tex2jax_ignore mathjax_ignore"
_GREEN, _RED, _GREY, _INK = "#1a7f37", "#b3261e", "#59636e", "#1f2328"
_COLOURS = {Verdict.PASS: _GREEN, Verdict.WRONG: _RED}


def verdict_outputs(record: ExerciseRecord) -> list[dict[str, Any]]:
    """The nbformat outputs that the trusted side writes into a graded test cell.

    First a display_data with the verdict (text/html and text/plain), then an execute_result whose text/plain is the
    points, written so that reading it gives the same float: nbgrader takes it for partial credit, and a re-score by
    nbgrader gives the same grade. Every text that a student may have written is escaped.
    """
    shown = {"text/html": verdict_html(record), "text/plain": verdict_text(record)}
    score = {"text/plain": _exact(float(min(max(record.earned, 0.0), record.points)))}
    return [
        {"output_type": "display_data", "metadata": {}, "data": shown},
        {"output_type": "execute_result", "metadata": {}, "data": score, "execution_count": None},
    ]


def verdict_text(record: ExerciseRecord) -> str:
    """The verdict in lines of text: points and outcome, a line a stage unless all are right, the findings."""
    lines = [f"{record.verdict.symbol} {plain(record.name)}: {points(record)}. {outcome(record)}"]
    width = max((len(stage.name) for stage in record.stages), default=0)
    for stage in shown_stages(record):
        score = stage_points(stage)
        lines.append(f"  {stage.verdict.symbol} {plain(stage.name):{width}}  {score:>9}  {stage_words(stage.verdict)}")
    if record.speed:
        lines.append(f"  {speed_words(record.speed)}")
    for finding in record.findings:
        lines.append(f"  {plain(finding.what)}")
        if finding.advice:
            lines.append(f"    {plain(finding.advice)}")
    return "\n".join(lines)


def verdict_html(record: ExerciseRecord) -> str:
    """The verdict as one HTML block with inline styles only, on a light ground whatever page it stands in."""
    colour = _colour(record.verdict)
    style = _BOX.format(accent=colour) + _FONT
    head = (
        f'<div><span style="color:{colour};font-weight:bold">{record.verdict.symbol} {_html(record.name)}</span>'
        f" &nbsp;<strong>{points(record)}</strong> &nbsp;{_html(outcome(record))}</div>"
    )
    speed = f'<p style="margin:6px 0;color:{_INK}">{_html(speed_words(record.speed))}</p>' if record.speed else ""
    return f'<div class="{_NO_MATHS}" style="{style}">{head}{_stages(record)}{speed}{_findings(record.findings)}</div>'


def _stages(record: ExerciseRecord) -> str:
    stages = shown_stages(record)
    if not stages:
        return ""
    rows = "".join(_stage_row(stage) for stage in stages)
    table = "border-collapse:collapse;margin:6px 0;width:auto;table-layout:auto;border:0;background:#fff"
    return f'{stages_picture(stages)}<table style="{table}"><tbody>{rows}</tbody></table>'


def _stage_row(stage: StageRecord) -> str:
    ink = _colour(stage.verdict)
    cells = (
        f'<td style="{_CELL.format(ink=ink)}">{stage.verdict.symbol}</td>'
        f'<th scope="row" style="{_CELL.format(ink=_INK)}font-weight:normal;">{_html(stage.name)}</th>'
        f'<td style="{_CELL.format(ink=_INK)}text-align:right;white-space:nowrap;">{stage_points(stage)}</td>'
        f'<td style="{_CELL.format(ink=ink)}font-family:inherit;">{stage_words(stage.verdict)}</td>'
    )
    return f'<tr style="background:#fff;border:0">{cells}</tr>'


def _findings(findings: tuple[Finding, ...]) -> str:
    return "".join(
        f'<p style="margin:6px 0;color:{_INK}"><strong>{_html(finding.what)}</strong> {_html(finding.advice)}</p>'
        for finding in findings
    )


def _colour(verdict: Verdict) -> str:
    return _COLOURS.get(verdict, _GREY)


def _exact(value: float) -> str:
    """The shortest text that reads back as the same float; a whole number without a point."""
    return str(int(value)) if value.is_integer() else repr(value)


def _html(text: str) -> str:
    """A foreign text: one line, escaped, and fenced so that right-to-left writing in it turns nothing else."""
    return f"<bdi>{escape(plain(text))}</bdi>" if text else ""
