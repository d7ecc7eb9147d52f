"""nbgrader's own tests of autograde, run on our engine: a quick part of them here, all by `make nbgrader-suite`."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="workers confine themselves with Landlock, on Linux")

QUICK = (
    "test_side_effects",
    "test_missing_files",
    "test_grade_missing_notebook",
    "test_no_execute",
    "test_grade_timestamp",
)


def test_nbgraders_own_tests_pass_on_our_engine(tmp_path):
    """Files, missing notebooks and times as nbgrader wants them; what is meant to differ differs."""
    programs = Path(sys.executable).parent
    environment = {
        **os.environ,
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(Path(__file__).parents[1]),
    }
    options = ["-q", "-c", os.devnull, "-p", "no:cacheprovider", "-p", "support.nbgrader_suite", "-W", "ignore"]
    chosen = [f"nbgrader.tests.apps.test_nbgrader_autograde::TestNbGraderAutograde::{name}" for name in QUICK]
    command = [sys.executable, "-m", "pytest", *options, "--pyargs", *chosen]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[-1].startswith("4 passed, 1 xfailed"), done.stdout[-3000:]
