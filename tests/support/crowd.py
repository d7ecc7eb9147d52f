"""A gradebook of a large class, without grading one."""

import sqlite3
from contextlib import closing

NUMBERS = "WITH RECURSIVE numbers(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbers WHERE i < :count)"
NOTEBOOKS = "(SELECT id FROM submitted_notebook WHERE assignment_id = :one)"
ROWS = (
    "student (id) SELECT 'crowd ' || i FROM numbers",
    "submitted_assignment SELECT i || id, assignment_id, 'crowd ' || i, timestamp, extension"
    " FROM numbers, submitted_assignment WHERE id = :one",
    "submitted_notebook SELECT i || id, i || assignment_id, notebook_id, flagged, late_submission_penalty"
    " FROM numbers, submitted_notebook WHERE assignment_id = :one",
    "grade SELECT i || id, i || notebook_id, cell_id, auto_score, manual_score, extra_credit, needs_manual_grade"
    f" FROM numbers, grade WHERE notebook_id IN {NOTEBOOKS}",
    "comment SELECT i || id, i || notebook_id, cell_id, auto_comment, manual_comment"
    f" FROM numbers, comment WHERE notebook_id IN {NOTEBOOKS}",
)


def crowd(gradebook, count):
    """Copy the rows of one submission in the file `gradebook` for `count` more students."""
    with closing(sqlite3.connect(gradebook)) as database, database:
        [one] = database.execute("SELECT id FROM submitted_assignment LIMIT 1").fetchone()
        for rows in ROWS:
            database.execute(f"{NUMBERS} INSERT INTO {rows}", {"count": count, "one": one})
