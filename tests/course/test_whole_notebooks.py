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
    verdicts = ", ".join(f"check({name!r}).verdict.name" for name in source.exercises)
    notebook.cells.append(nbformat.v4.new_code_cell(f"print('\\nfound:', *[{verdicts}])"))
    where = {"metadata": {"path": str(tmp_path)}}
    NotebookClient(notebook, kernel_name="python3", timeout=300, resources=where).execute()

    outputs = {cell.id: cell.get("outputs", []) for cell in notebook.cells}
    assert [output.text for found in outputs.values() for output in found if output.get("name") == "stderr"] == []
    for cell in source.code:
        shown = sum("image/png" in output.get("data", {}) for output in outputs[cell.id])
        assert shown >= cell.source.count("plt.show()") - cell.source.count("def show"), cell.id
    told = "".join(output.get("text", "") for output in notebook.cells[-1].outputs)
    assert re.findall(r"^found: ?(.*)$", told, re.MULTILINE) == [" ".join(["PASS"] * len(source.exercises))]
    broken = [
        (cell.id, promise, reached(notebook.cells, i))
        for i, cell in enumerate(notebook.cells)
        if cell.cell_type == "markdown"
        for promise in re.findall(r"\*\*at least (\d+) %\*\*", cell.source)
        if reached(notebook.cells, i) < float(promise)
    ]
    assert broken == []


def reached(cells, i):
    """The largest percentage that was printed by the last cell above cell `i` that printed one; 0 if none did."""
    for cell in reversed(cells[:i]):
        text = "".join(output.get("text", "") for output in cell.get("outputs", []))
        if found := re.findall(r"(\d+(?:\.\d+)?) ?%", text):
            return max(map(float, found))
    return 0.0
