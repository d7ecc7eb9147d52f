"""The program `flatgrade`: starts the command line, or says which extra it needs."""

from __future__ import annotations

import importlib.util
import sys


def main() -> None:
    """Run the command line. A student's installation has only the notebook side, and is told so."""
    lacking = [name for name in ("typer", "rich", "nbgrader") if importlib.util.find_spec(name) is None]
    if lacking:
        sys.stderr.write(
            f"flatgrade's command line is for instructors and needs {', '.join(lacking)}: "
            "run pip install 'flatgrade[grading]'. "
            "In a notebook, from flatgrade.student import check works without it.\n"
        )
        sys.exit(2)
    # jsonschema, which reads notebooks, would load a checker of internationalized addresses if it is there: no notebook
    # has one, and it takes half of the time in which a command starts.
    sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]
    if sys.argv[1:2] in (["grade"], ["demo"]) and "--help" not in sys.argv:
        from flatgrade.grader.zygote import begin

        begin()  # student code's libraries are imported while ours are
    from flatgrade.cli import run

    run()


if __name__ == "__main__":
    main()
