"""Files beside a notebook: cells read what was handed in, and what they make is taken, within limits."""

import sys

import numpy as np
import pytest
from support.worker import outputs_of as run

from flatgrade.core.exercise import Limits
from flatgrade.grader.replies import read_files
from flatgrade.grader.sandbox import Sandbox

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="workers confine themselves on Linux")


def put(worker, name, content):
    return worker.ask({"do": "put", "name": name, "data": np.frombuffer(content, np.uint8)}, 5.0)


def test_a_file_beside_the_notebook_is_read_and_a_made_one_is_taken():
    """Unchanged files stay where they are; new and changed ones come back, the caches of Python do not."""
    with Sandbox() as sandbox, sandbox.worker(Limits(memory_mib=256)) as worker:
        assert put(worker, "data/x.csv", b"1,2") == {"status": "ok"}
        assert put(worker, "kept.txt", b"as it was") == {"status": "ok"}
        source = (
            "import os\nos.chdir('data')\nprint(open('x.csv').read())\nopen('x.csv', 'a').write(',3')\n"
            "os.makedirs('../__pycache__')\nopen('../__pycache__/a.pyc', 'w').write('x')\nopen('../plot.txt', 'w').write('y')"
        )
        [printed, _] = run(worker, source)
        assert printed["text"] == "1,2\n"
        reply = worker.ask({"do": "take", "kib": 1, "most": 9}, 5.0)
    assert reply["left_out"] == 0
    assert read_files(reply, 1) == {"plot.txt": b"y", "data/x.csv": b"1,2,3"}


def test_what_is_over_the_limits_is_left_out():
    """The smallest files come first; the rest is counted."""
    with Sandbox() as sandbox, sandbox.worker(Limits(memory_mib=256)) as worker:
        run(worker, "for n in (1, 900, 2000, 5):\n    _ = open(f'f{n}', 'w').write('x' * n)")
        by_size = worker.ask({"do": "take", "kib": 1, "most": 9}, 5.0)
        by_count = worker.ask({"do": "take", "kib": 9, "most": 1}, 5.0)
    assert (list(read_files(by_size, 1)), by_size["left_out"]) == (["f1", "f5", "f900"], 1)
    assert (list(read_files(by_count, 9)), by_count["left_out"]) == (["f1"], 3)


def test_a_forged_reply_names_no_other_place():
    """Paths that leave the folder, notebooks, hidden files, odd characters and too many bytes are dropped."""
    data = np.zeros(600, np.uint8)
    names = [
        "ok.txt",
        "../up",
        "/root",
        "a//b",
        "a/../b",
        ".hidden",
        "a/.b",
        "x.ipynb",
        "X.IPYNB",
        "a\\b",
        "a\nb",
        "",
        7,
    ]
    names += ["n" * 129, "/".join(["d" * 100] * 6)]
    assert list(read_files({"files": [[name, data] for name in names]}, 1)) == ["ok.txt"]
    assert list(read_files({"files": [["a", data], ["b", data], ["c", data[:9]]]}, 1)) == ["a", "c"]
    assert read_files({"files": [["a", "text"], ["b"], 3]}, 1) == {}
    assert read_files({"files": "no list"}, 1) == {}
