"""What `check` found, as text and as HTML."""

from __future__ import annotations

import html
from dataclasses import dataclass
from enum import StrEnum

from flatgrade.core.finding import Finding, Verdict
from flatgrade.student.picture import Picture


class State(StrEnum):
    """How far a stage is known to be right. WRITTEN: it is there, and nothing public speaks for or against it."""

    FITS = "fits"
    DIFFERS = "does not fit"
    WRITTEN = "not compared"
    NOT_WRITTEN = "not written"
    UNSEEN = "not seen"

    @property
    def symbol(self) -> str:
        """A sign that tells the state without colour."""
        return {"fits": "✓", "does not fit": "✗", "not written": "…"}.get(self.value, "·")


@dataclass(frozen=True)
class Row:
    """A stage in the table: its name, its line (0: none), its shape in words, its state, and a note ("" for none)."""

    stage: str
    line: int
    shape: str
    state: State
    note: str = ""


@dataclass(frozen=True)
class CheckResult:
    """The outcome of one `check`.

    `summary` is one sentence; `findings` come in the order in which to look at them. `excerpt` holds the lines of the
    student's text (number, text) that the first finding is about, `rows` the table of stages (empty where all is
    right), `printed` the beginning of what the function printed, `picture` the circuit with the first wrong stage
    marked. `seconds` is the time of the whole check.
    """

    exercise: str
    verdict: Verdict
    summary: str
    findings: tuple[Finding, ...] = ()
    excerpt: tuple[tuple[int, str], ...] = ()
    rows: tuple[Row, ...] = ()
    printed: str = ""
    seconds: float = 0.0
    shown: int | None = None  # the number of the IPython cell in which `check` has shown this result
    picture: Picture | None = None

    def __str__(self) -> str:
        lines = [f"{self.verdict.symbol} {self.exercise}: {self.summary} ({self.seconds * 1000:.0f} ms)"]
        for i, finding in enumerate(self.findings):
            lines += ["", f"  {finding.what}"]
            lines += [f"  → {finding.advice}"] if finding.advice else []
            if i == 0 and self.excerpt:
                lines += ["", *(f"  {line:>4} | {text}" for line, text in self.excerpt)]
        if self.rows:
            lines += ["", *(f"  {line}" for line in self._table())]
        if self.printed:
            lines += ["", "  The function printed:", *(f"  | {line}" for line in self.printed.splitlines())]
        return "\n".join(lines)

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        return _html(self)

    def _ipython_display_(self) -> None:
        """Show the result; once only where `check` has shown it in this very cell."""
        from IPython import get_ipython
        from IPython.display import display

        shell = get_ipython()
        if shell is None or self.shown is None or shell.execution_count != self.shown:
            display({"text/html": _html(self), "text/plain": str(self)}, raw=True)

    def _table(self) -> list[str]:
        cells = [("stage", "line", "shape", "state")]
        cells += [(row.stage, str(row.line or ""), row.shape, _state(row)) for row in self.rows]
        width = [max(len(row[i]) for row in cells) for i in range(3)]
        return [f"{a:<{width[0]}}  {b:>{width[1]}}  {c:<{width[2]}}  {d}".rstrip() for a, b, c, d in cells]


def _state(row: Row) -> str:
    return f"{row.state.symbol} {row.state}{f': {row.note}' if row.note else ''}"


# Middle tones for signs and rules, to be told on white and on black; text has the colour of the theme.
# The class stands twice: JupyterLab styles what a cell shows by rules of two classes, which must not win over these.
_STYLE = """
.flatgrade.flatgrade { --ok: #2f9e44; --bad: #e5484d; --rest: #868e96; --rule: rgba(128, 128, 128, 0.35);
  --code: var(--jp-code-font-family, ui-monospace, Menlo, Consolas, monospace);
  border-left: 4px solid var(--rest); padding: 2px 0 2px 10px; margin: 2px 0; max-width: 860px;
  color: var(--jp-content-font-color1, inherit); font-size: 13px; line-height: 1.5;
  font-family: var(--jp-content-font-family, system-ui, sans-serif); }
.flatgrade.flatgrade.pass { border-color: var(--ok); } .flatgrade.flatgrade.stop { border-color: var(--bad); }
.flatgrade.flatgrade p { margin: 0 0 4px; } .flatgrade.flatgrade .time, .flatgrade.flatgrade .note { opacity: 0.75; }
.flatgrade.flatgrade .sign { display: inline-block; width: 1.5em; font-weight: 700; color: var(--rest); }
.flatgrade.flatgrade .pass .sign, .flatgrade.flatgrade.pass p .sign { color: var(--ok); }
.flatgrade.flatgrade .stop .sign, .flatgrade.flatgrade.stop p .sign { color: var(--bad); }
.flatgrade.flatgrade ol { margin: 4px 0 6px; padding-left: 1.5em; } .flatgrade.flatgrade li { margin: 0 0 4px; }
.flatgrade.flatgrade ol.one { list-style: none; }
.flatgrade.flatgrade pre { margin: 4px 0 8px; padding: 5px 9px; overflow-x: auto; border-radius: 3px; line-height: 1.45;
  background: rgba(128, 128, 128, 0.13); color: inherit; font: 12px/1.45 var(--code); }
.flatgrade.flatgrade pre i { font-style: normal; opacity: 0.65; user-select: none; }
.flatgrade.flatgrade table { border-collapse: collapse; margin: 4px 0 4px 1.6em; font-size: 12px; color: inherit; }
.flatgrade.flatgrade table th, .flatgrade.flatgrade table td { text-align: left; padding: 2px 16px 2px 0;
  background: none;
  border: 0; border-bottom: 1px solid var(--rule); vertical-align: baseline; white-space: nowrap; color: inherit; }
.flatgrade.flatgrade table td.note { white-space: normal; } .flatgrade.flatgrade table .number { text-align: right; }
.flatgrade.flatgrade thead th { font-weight: 600; } .flatgrade.flatgrade tbody th { font-weight: 400; }
.flatgrade.flatgrade tbody th, .flatgrade.flatgrade td.shape, .flatgrade.flatgrade td.number {
  font-family: var(--code); }
.flatgrade.flatgrade details { margin: 6px 0 4px; }
.flatgrade.flatgrade summary { margin-left: 1.6em; cursor: pointer; }
"""
_NUMBER = ' class="number"'
_CLASSES = {State.FITS: "pass", State.DIFFERS: "stop"}


def _html(result: CheckResult) -> str:
    kind = {Verdict.PASS: "pass", Verdict.NOT_WRITTEN: "rest"}.get(result.verdict, "stop")
    parts = [
        f"<style>{_STYLE}</style>",
        f'<div class="flatgrade {kind}" role="group" aria-label="check of {_text(result.exercise)}">',
        f'<p><span class="sign" aria-hidden="true">{result.verdict.symbol}</span> <b>{_text(result.exercise)}</b>: '
        f'{_text(result.summary)} <span class="time">({result.seconds * 1000:.0f} ms)</span></p>',
    ]
    if result.findings:
        parts.append(f'<ol class="{"one" if len(result.findings) == 1 else "more"}">')
        for i, finding in enumerate(result.findings):
            advice = f"<br>→ {_text(finding.advice)}" if finding.advice else ""
            parts.append(f"<li>{_text(finding.what)}{advice}{_excerpt(result) if i == 0 else ''}</li>")
        parts.append("</ol>")
    if result.rows:
        parts.append(_rows(result))
    if result.picture:
        shown = f"<summary>{_text(result.picture.title)}: {_text(result.picture.mark)} is marked</summary>"
        parts.append(f"<details>{shown}{result.picture._repr_html_()}</details>")
    if result.printed:
        parts.append(f"<p>The function printed:</p><pre>{_text(result.printed)}</pre>")
    return "\n".join([*parts, "</div>"])


def _excerpt(result: CheckResult) -> str:
    if not result.excerpt:
        return ""
    lines = "\n".join(f"<i>{number:>3} </i>{_text(text)}" for number, text in result.excerpt)
    return f'<pre aria-label="lines of your code">{lines}</pre>'


def _rows(result: CheckResult) -> str:
    columns = ["stage", "line", "shape", "state", *(["note"] if any(row.note for row in result.rows) else [])]
    head = "".join(f'<th scope="col"{_NUMBER if name == "line" else ""}>{name}</th>' for name in columns)
    body = "\n".join(
        f'<tr><th scope="row">{_text(row.stage)}</th><td{_NUMBER}>{row.line or ""}</td>'
        f'<td class="shape">{_text(row.shape)}</td><td class="{_CLASSES.get(row.state, "rest")}">'
        f'<span class="sign" aria-hidden="true">{row.state.symbol}</span> {row.state}</td>'
        + (f'<td class="note">{_text(row.note)}</td></tr>' if "note" in columns else "</tr>")
        for row in result.rows
    )
    return (
        f'<table aria-label="stages of {_text(result.exercise)}"><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table>"
    )


def _text(text: str) -> str:
    return html.escape(text)
