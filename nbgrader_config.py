"""nbgrader's settings for this course. They hold for any folder that has this file at its root (a copy, a demo)."""

from nbgrader.converters import GenerateAssignment

c = get_config()  # noqa: F821 -- nbgrader runs this file with get_config defined

c.CourseDirectory.course_id = "flatgrade"
c.CourseDirectory.source_directory = "assignments"
c.CourseDirectory.release_directory = "release"

# Solutions become scaffolds (`scores = ...  # (N, C)`); every other step of the release is nbgrader's own.
c.GenerateAssignment.preprocessors = [
    "flatgrade.course.stub.ClearStages" if step.__name__ == "ClearSolutions" else step
    for step in GenerateAssignment.preprocessors.default()
]

# `nbgrader autograde` and formgrader's button are graded by flatgrade, too: nbgrader itself would give full points for
# check("..."), which raises no error.
c.Autograde.exporter_class = "flatgrade.autograde_plugin.GradedNotebooks"

# A written answer holds its mark scheme for the graders; nbgrader would refuse it in a cell that is graded by hand.
c.ClearMarkScheme.enforce_metadata = False
