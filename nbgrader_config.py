"""nbgrader's settings for this course. They hold for any folder that has this file at its root (a copy, a demo)."""

from nbgrader.converters import Autograde, GenerateAssignment

c = get_config()  # noqa: F821 -- nbgrader runs this file with get_config defined

c.CourseDirectory.course_id = "flatgrade"
c.CourseDirectory.source_directory = "assignments"
c.CourseDirectory.release_directory = "release"

# Solutions become scaffolds (`scores = ...  # (N, C)`); every other step of the release is nbgrader's own.
c.GenerateAssignment.preprocessors = [
    "flatgrade.course.stub.ClearStages" if step.__name__ == "ClearSolutions" else step
    for step in GenerateAssignment.preprocessors.default()
]

# nbgrader would give full points for check("..."), which raises no error: such notebooks are graded by flatgrade alone.
c.Autograde.sanitize_preprocessors = [
    "flatgrade.course.no_autograde.GradedByFlatgrade",
    *Autograde.sanitize_preprocessors.default(),
]

# A written answer holds its mark scheme for the graders; nbgrader would refuse it in a cell that is graded by hand.
c.ClearMarkScheme.enforce_metadata = False
