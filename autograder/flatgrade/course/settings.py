"""Settings of ours in nbgrader_config.py: `c.Flatgrade.<name> = <value>`. docs/nbgrader.md tells what each is for."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from nbgrader.preprocessors import Execute
from traitlets import Bool, Enum, Float, Integer, TraitError, Unicode
from traitlets.config import Configurable

from flatgrade.core.exercise import Limits
from flatgrade.course.directory import CourseError
from flatgrade.grader.inprocess import BY_HAND, FULL, ZERO, CreditRule

if TYPE_CHECKING:
    from flatgrade.course.directory import Course

RUN = "run"


class Flatgrade(Configurable):
    """Where nbgrader's own autograde finds what it needs, and how assignments without exercises of ours are graded."""

    solutions = Unicode("solutions", help="The secret folder, for `nbgrader autograde`; relative to the course.").tag(
        config=True
    )
    allow_weak = Bool(
        False, help="Let `nbgrader autograde` grade where this machine cannot confine student code enough."
    ).tag(config=True)
    stderr_fails_tests = Bool(False, help="A test that writes to standard error earns nothing.").tag(config=True)
    odd_credit = Enum(
        [BY_HAND, ZERO, FULL],
        BY_HAND,
        help="What a test earns that gives a number which is no number of points: negative, nan, or above the points.",
    ).tag(config=True)
    numpy_credit = Bool(True, help="NumPy's numbers are partial credit as Python's are.").tag(config=True)
    deleted_tests = Enum(
        [RUN, BY_HAND], RUN, help="A test that is not in the submission is put back and run, or left to a person."
    ).tag(config=True)
    keep_html = Bool(False, help="HTML of students stays, in outputs and texts; formgrader runs its scripts.").tag(
        config=True
    )
    submission_seconds = Float(600.0, help="Seconds that all notebooks of a submission may take.").tag(config=True)
    memory_mib = Integer(2048, help="Mebibytes of memory that a notebook may use.").tag(config=True)
    output_kib = Integer(1024, help="Kibibytes of output that a cell may give.").tag(config=True)
    kept_kib = Integer(16 * 1024, help="Kibibytes of files made by the notebooks that are kept.").tag(config=True)


def read_settings(course: Course) -> Flatgrade:
    """Read the settings of a course. Raises CourseError for a name or a value that is none."""
    given, known = course.config.get("Flatgrade", {}), Flatgrade.class_trait_names(config=True)
    for name in given:
        if name not in known:
            names = ", ".join(sorted(known))
            raise CourseError(f"nbgrader_config.py: there is no setting c.Flatgrade.{name}; there are {names}.")
    try:
        return Flatgrade(config=course.config)
    except TraitError as error:
        raise CourseError(f"nbgrader_config.py: {error}") from None


def credit_rule(settings: Flatgrade) -> CreditRule:
    """Say how outputs of tests become points."""
    return CreditRule(settings.stderr_fails_tests, settings.odd_credit, settings.numpy_credit)


def limits(course: Course, settings: Flatgrade) -> Limits:
    """Say what a submission may use; the seconds of a cell are nbgrader's own setting, `c.Execute.timeout`."""
    timeout: Any = Execute(config=course.config).timeout
    return replace(
        Limits(),
        cell_seconds=float(timeout or settings.submission_seconds),
        submission_seconds=settings.submission_seconds,
        memory_mib=settings.memory_mib,
        output_kib=settings.output_kib,
        kept_kib=settings.kept_kib,
    )
