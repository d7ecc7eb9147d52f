"""`check("svm_loss")`: the public part of an exercise, in the student's own notebook, in a fifth of a second.

First the contract, then the figures that anybody can check by hand, then the student's backward pass against the
student's own forward pass. There is no reference on this machine, and none is needed.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from flatgrade.core.finding import Finding, Verdict
from flatgrade.core.timeout import TimeUp
from flatgrade.student.limits import guarded
from flatgrade.student.lookup import GRADING, STAFF, VALIDATING, find_exercise, running_shell
from flatgrade.student.public import SUMMARY, PublicPart
from flatgrade.student.result import CheckResult
from flatgrade.student.subject import EndedError, Subject


class NotRightError(AssertionError):
    """Raised while nbgrader validates a notebook: only an error tells its Validate button of a wrong answer."""


def check(name: str) -> CheckResult | None:
    """Run the public part of the exercise `name` on the caller's function, show what was found, and return it.

    The function is looked up in IPython's namespace, or in the caller's globals; the contract is the nearest
    `exercises.toml` in the working directory or above it. Shown as HTML in Jupyter, as text elsewhere. It takes 0.2 s
    at most where one call takes a millisecond, and never longer than the contract's `call_seconds`. Raises nothing
    but KeyboardInterrupt, and NotRightError where nbgrader validates. Where FLATGRADE_GRADING is set it returns None at
    once: the judge does the rest.
    """
    if os.environ.get(GRADING):
        return None
    shell = running_shell()
    namespace = shell.user_ns if shell else sys._getframe(1).f_globals
    result = look(name, namespace, Path.cwd())
    if os.environ.get(VALIDATING) and result.verdict is not Verdict.PASS:
        raise NotRightError(str(result))
    if shell:
        result._ipython_display_()
        return replace(result, shown=shell.execution_count)
    if not hasattr(sys, "ps1"):  # an interactive prompt shows what is returned
        sys.stdout.write(f"{result}\n")
    return result


def look(name: str, namespace: Mapping[str, Any], folder: Path) -> CheckResult:
    """What `check` finds, without showing it: the exercise `name` of the contract in or above `folder`.

    `namespace` holds the student's functions. Raises nothing but KeyboardInterrupt.
    """
    began = time.perf_counter()
    try:
        result = _look(name, namespace, folder, began)
    except EndedError as end:
        result = CheckResult(str(name), end.verdict, SUMMARY[end.verdict], end.findings)
    except Exception as error:  # noqa: BLE001 -- a fault of ours must not look like one of the student's
        said = " ".join(f"{type(error).__name__}: {error}".split())[:300]
        finding = Finding(f"check itself stopped: {said}.", STAFF)
        result = CheckResult(str(name), Verdict.GRADER_FAULT, SUMMARY[Verdict.GRADER_FAULT], (finding,))
    return replace(result, seconds=time.perf_counter() - began)


def _look(name: str, namespace: Mapping[str, Any], folder: Path, began: float) -> CheckResult:
    exercise, limits = find_exercise(name, folder, "check")
    subject = Subject(exercise, namespace)
    part = PublicPart(subject, limits.call_seconds, began)
    try:
        with guarded(limits.call_seconds) as printed:
            try:
                result = CheckResult(name, Verdict.PASS, part.run(printed))
            except EndedError as end:
                printed.closed_book = True
                result = part.ended(end)
        return replace(result, printed=printed.text)
    except TimeUp:
        said = f"{subject.title} was stopped after {limits.call_seconds:g} seconds."
        advice = "Look for a loop that never ends, or for one that could be a matrix product."
        return CheckResult(name, Verdict.TIMEOUT, "stopped.", (Finding(said, advice),))
