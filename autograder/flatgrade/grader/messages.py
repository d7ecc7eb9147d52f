"""The judge's words: what a student reads, fact and advice. Nothing hidden is in them but prepared texts."""

from __future__ import annotations

from collections.abc import Sequence

from flatgrade.core.exercise import Exercise
from flatgrade.core.finding import Finding
from flatgrade.core.judgement import Charge, Judgement
from flatgrade.core.mistake import Mistake
from flatgrade.core.trace import told_line
from flatgrade.grader.replies import CallReply

_RELATIONS = {
    "N": "is N times what follows from your lines above it.",
    "1/N": "is 1/N of what follows from your lines above it.",
    "2": "is twice what follows from your lines above it.",
    "1/2": "is half of what follows from your lines above it.",
    "-1": "has the opposite sign of what follows from your lines above it.",
    "transpose": "is the transpose of what follows from your lines above it.",
    "same": "is off by the same factor: is a size, such as N, not what it should be?",
    "cause": "is wrong too, perhaps by the same mistake.",
    "alone": "is where one mistake gives all that your function returns.",
    "": "does not follow from your lines above it.",
}


FENCE = "When graded there is no network, no other process, and no file but those handed in."


def status_finding(exercise: Exercise, reply: CallReply, seconds: float) -> Finding:
    """What a reply without values says; `seconds` was the limit of the call."""
    function = exercise.plan[min(reply.call, len(exercise.plan) - 1)].function
    match reply.status:
        case "missing":
            return Finding(reply.what, "Was the cell that defines it deleted, or the name changed?")
        case "timeout":
            advice = "Look for a loop that never ends, or for one that could be a matrix product."
            return Finding(f"{function} was stopped after {seconds:g} seconds.", advice)
        case "memory":
            return Finding(f"{function} needed more memory than there is.", "How large is the largest array?")
        case "output":
            return Finding(f"{function} printed without end.", "Print less, or only every hundredth time.")
        case "disk":
            return Finding(f"{function} wrote more to disk than it may.", "Nothing needs to be written here.")
        case "forbidden":
            where = f" at line {reply.line}" if reply.line else ""
            return Finding(f"{function} was stopped{where}: {reply.what.rstrip('.')}.", FENCE, line=reply.line)
        case "error":
            return _error_finding(function, reply.what, reply.line)
    return Finding(f"{function} returned something that cannot be read.", "Return NumPy arrays and numbers.")


def is_stub_error(reply: CallReply) -> bool:
    """True if the call stopped because something is not written: at a `...`, or at nbgrader's NotImplementedError."""
    return reply.status == "error" and ("ellipsis" in reply.what.lower() or _not_implemented(reply.what))


def wrong_values_finding(output: str, working: str) -> Finding:
    """An output that keeps its contract, and has the wrong numbers; `working` tells how it is worked out, if at all."""
    return Finding(f"{output} has wrong values.", working, output)


def named_output_finding(output: str, mistake: Mistake) -> Finding:
    """An output of an answer without stages, and the mistake that gives its values."""
    return Finding(f"{output} has wrong values.", mistake.hint, output, 0, mistake.tag)


def _error_finding(function: str, what: str, line: int) -> Finding:
    if _not_implemented(what):
        advice = "Replace the line that raises NotImplementedError by your own."
        return Finding("It is not written yet.", advice, line=line)
    if "ellipsis" in what.lower():
        return Finding("A stage is not written yet.", "Replace the ... by your own line.", line=line)
    where = f" at line {line}" if line else ""
    return Finding(f"{function} stopped{where}: {what.rstrip('.')}.", "", line=line)


def _not_implemented(what: str) -> bool:
    return what.startswith("NotImplementedError")


def charge_finding(exercise: Exercise, charge: Charge, judgement: Judgement, working: str) -> Finding:
    """A charged stage: its line, how its value relates to the right one, and its mistake's hint or else `working`."""
    line, place = told_line(exercise.plan, judgement.explanation.where.get(charge.stage, ("", 0))[1])
    where = f" ({place})" if line else ""
    relation = _RELATIONS[charge.ratio]
    hint = charge.mistake.hint if charge.mistake else working
    tag = charge.mistake.tag if charge.mistake else ""
    return Finding(f"{charge.stage}{where} {relation}", hint, charge.stage, line, tag)


def not_written_finding(stage: str) -> Finding:
    """The first stage that nothing is seen of; the later ones are the student's next steps, not faults."""
    return Finding(f"{stage} is not written yet.", "Replace the ... by your own line.", stage)


def changed_finding(changed: Sequence[str]) -> Finding:
    """Inputs that the function changed."""
    names = " and ".join(changed)
    return Finding(f"Your function changed its input {names}.", f"Work on a copy: {changed[0]} = {changed[0]}.copy().")
