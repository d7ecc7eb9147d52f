"""Restart and Run All, training and pictures too: minutes, so only `make notebooks` does it."""

from __future__ import annotations

import re
import shutil

import nbformat
import pytest
from nbclient import NotebookClient
from support.notebooks import sources

pytestmark = pytest.mark.whole

OFFLINE = """
import socket

def refuse(*args, **kwargs):
    raise OSError("a notebook asked for the network")

socket.getaddrinfo = socket.create_connection = socket.socket.connect = refuse
"""


@pytest.mark.parametrize("source", sources(), ids=lambda source: source.name)
def test_runs_from_top_to_bottom_offline(source, tmp_path, monkeypatch):
    """Each `check` passes, each picture is there, nothing asks for the network or warns, and promises are kept."""
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "2")  # two cores, as the time that the text promises is meant
    shutil.copy(source.path.parent / "exercises.toml", tmp_path)
    notebook = nbformat.read(source.path, as_version=4)
    notebook.cells.insert(0, nbformat.v4.new_code_cell(OFFLINE))
    verdicts = "[" + ", ".join(f"check({name!r}).verdict.name" for name in source.exercises) + "]"
    promised = [int(words) for words in re.findall(r"\*\*at least (\d+) %\*\* of the test", "".join(source.markdown))]
    accuracy = "float(test_accuracy)" if promised else "1.0"
    notebook.cells.append(nbformat.v4.new_code_cell(f"print('\\nfound:', *{verdicts}, {accuracy})"))
    where = {"metadata": {"path": str(tmp_path)}}
    NotebookClient(notebook, kernel_name="python3", timeout=300, resources=where).execute()

    outputs = {cell.id: cell.get("outputs", []) for cell in notebook.cells}
    assert [output.text for found in outputs.values() for output in found if output.get("name") == "stderr"] == []
    for cell in source.code:
        shown = sum("image/png" in output.get("data", {}) for output in outputs[cell.id])
        assert shown >= cell.source.count("plt.show()") - cell.source.count("def show"), cell.id
    [found] = re.findall(
        r"^found: (.*)$", "".join(output.get("text", "") for output in notebook.cells[-1].outputs), re.MULTILINE
    )
    *verdicts, accuracy = found.split()
    assert set(verdicts) <= {"PASS"}
    assert float(accuracy) >= max(promised, default=0) / 100
