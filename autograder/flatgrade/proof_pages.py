"""The pages that `flatgrade prove` writes: what holds of each exercise, and which case shows which mistake."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from flatgrade.grader.prove import Kill, Proof

PROOF_COLUMNS = ("exercise", "reference", "stub", "equivalents", "charged", "at its stage", "named", "torch")


def proof_row(proof: Proof) -> tuple[str, ...]:
    """A row of the table of proofs, a text for each of PROOF_COLUMNS."""
    return (
        proof.exercise,
        "✓ 100 %" if proof.reference else "✗",
        "✓ 0 %" if proof.stub else "✗",
        f"{proof.equivalents_full}/{proof.equivalents}",
        f"{proof.charged}/{proof.mistakes}",
        f"{proof.at_stage}/{proof.mistakes}",
        f"{proof.named}/{proof.mistakes}",
        _torch_sign(proof),
    )


def _torch_sign(proof: Proof) -> str:
    if proof.torch is not None:
        return "✓ agrees" if proof.torch_agrees else "✗"
    return "not installed" if proof.has_torch_path else "none"


def proofs_page(proofs: Iterable[Proof]) -> str:
    """The page docs/proofs.md: what holds of each exercise."""
    lines = [
        "# Every exercise proves itself",
        "",
        "Written by `make docs` (`flatgrade prove --markdown docs/proofs.md`). Each exercise is graded for real: the",
        "reference earns everything, the stub nothing, every equivalent everything; every known mistake, planted in a",
        "right answer, loses points, at its own stage, and is named; torch autograd agrees in float64 (none: there is",
        "no gradient). [kills.md](kills.md) says which hidden case shows which mistake.",
        "",
        *_table(PROOF_COLUMNS, map(proof_row, proofs)),
    ]
    return "\n".join(lines) + "\n"


KILL_COLUMNS = ("mistake", "at", "first shown by", "shown by")
_INDEX_COLUMNS = ("exercise", "hidden cases", "mistakes", "shown by one case alone")
_SECRET = (
    "**For instructors.** This page names the mistakes that the grader knows. It belongs to the repository, as",
    "`solutions/` does: no release holds it and no package that students install.",
)


def write_kills(path: Path, proofs: Mapping[str, Sequence[Proof]]) -> None:
    """Write the kill tables of the assignments: a page each in the folder `path` without its ending, and at `path` an
    index.
    """
    folder = path.with_suffix("")
    folder.mkdir(exist_ok=True)
    for name, found in proofs.items():
        (folder / f"{name}.md").write_text(_kills_page(name, found, path.name), encoding="utf-8")
    path.write_text(_kills_index(proofs, folder.name), encoding="utf-8")


def _kills_index(proofs: Mapping[str, Sequence[Proof]], folder: str) -> str:
    lines = [
        "# Which case shows which mistake",
        "",
        *_SECRET,
        "",
        "Written by `make docs` (`flatgrade prove --kills docs/kills.md`). A mistake is planted in a right answer, and",
        "that runs on the hidden cases of the exercise: a case shows it if an output is wrong there. One that a single",
        "case shows is why that case is there. The figures stand below; the tables have a page an assignment.",
    ]
    for name, found in proofs.items():
        lines += ["", f"## [{name}]({folder}/{name}.md)", "", *_table(_INDEX_COLUMNS, map(_index_row, found))]
    return "\n".join(lines) + "\n"


def _index_row(proof: Proof) -> tuple[str, ...]:
    alone = sum(len(kill.cases) == 1 and len(proof.hidden) > 1 for kill in proof.kills)
    return proof.exercise, str(len(proof.hidden)), str(len(proof.kills)), str(alone)


def _kills_page(assignment: str, proofs: Sequence[Proof], index: str) -> str:
    lines = [f"# {assignment}: which case shows which mistake", "", *_SECRET, f"[How it is found](../{index})."]
    for proof in proofs:
        if proof.kills:
            cases = "; ".join(proof.hidden)
            rows = [_kill_row(kill, len(proof.hidden)) for kill in proof.kills]
            lines += ["", f"## {proof.exercise}", "", f"Hidden cases: {cases}.", "", *_table(KILL_COLUMNS, rows)]
    return "\n".join(lines) + "\n"


def _kill_row(kill: Kill, hidden: int) -> tuple[str, ...]:
    count = f"{len(kill.cases)} of {hidden}"
    if len(kill.cases) == 1 and hidden > 1:
        count = f"**this case alone**, of {hidden}"
    return kill.tag, kill.stage, kill.cases[0] if kill.cases else "no hidden case", count


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A table in Markdown."""
    head = [f"| {' | '.join(columns)} |", f"|{'---|' * len(columns)}"]
    return head + [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows]
