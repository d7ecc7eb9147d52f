"""The graded notebook, and the files beside it: what stands in `autograded/` afterwards."""

from __future__ import annotations

import shutil
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import nbformat

from flatgrade.course.clean import clean_markdown, clean_outputs
from flatgrade.course.collect import SECRET, TIMESTAMP
from flatgrade.grader.submission import CellKind

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from flatgrade.course.collect import Collected
    from flatgrade.course.rebuild import Rebuilt
    from flatgrade.grader.record import Record

_LANGUAGE = {
    "codemirror_mode": {"name": "ipython", "version": 3},
    "file_extension": ".py",
    "mimetype": "text/x-python",
    "name": "python",
    "nbconvert_exporter": "python",
    "pygments_lexer": "ipython3",
}


def graded_notebook(rebuilt: Rebuilt, record: Record, *, keep_html: bool = False) -> Any:
    """Put into a rebuilt notebook what its cells gave: outputs, execution counts, the Python that ran them.

    The judge's outputs are ours; all others are a student's and are cleaned. `keep_html` leaves in what scripts can
    hide in, as nbgrader does.
    """
    node, outputs = deepcopy(rebuilt.node), record.outputs.get(rebuilt.notebook.name, {})
    judged = {cell.key for cell in rebuilt.notebook.cells if cell.kind is CellKind.JUDGE}
    counts = rebuilt.notebook.counts
    for key, written, cell in zip(rebuilt.keys, rebuilt.written, node.cells, strict=True):
        if cell.cell_type != "code":
            cell.source = clean_markdown(cell.source) if written and not keep_html else cell.source
        elif key in outputs:
            shown = outputs[key] if key in judged else clean_outputs(outputs[key], keep_html=keep_html)
            cell.execution_count = counts.get(key)
            for output in shown:
                if output["output_type"] == "execute_result":
                    output["execution_count"] = cell.execution_count
            cell.outputs = nbformat.from_dict(shown)
    if "python" in record.versions:
        node.metadata.language_info = nbformat.from_dict({**_LANGUAGE, "version": record.versions["python"]})
    return node


def graded_text(rebuilt: Rebuilt, record: Record, *, keep_html: bool = False) -> str:
    """The text of the graded notebook's file."""
    text: str = nbformat.writes(graded_notebook(rebuilt, record, keep_html=keep_html), version=4)
    return text.rstrip("\n") + "\n"


def write_handed_in(folder: Path, collected: Collected) -> None:
    """Write the files that were beside the notebooks before they were run."""
    for name, path in collected.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, folder / name)


def write_made(folder: Path, made: Mapping[str, bytes]) -> None:
    """Write the files that the notebooks made.

    What nbgrader keeps there, the time of handing in and its secret, no notebook can replace.
    """
    for name, content in made.items():
        path = folder / name
        if name not in (TIMESTAMP, SECRET) and not path.is_dir() and _can_be_made(path.parent, folder):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True)
            path.write_bytes(content)


def _can_be_made(folder: Path, root: Path) -> bool:
    """Tell whether no file stands where `folder`, or one that it is in, would be."""
    return not any(parent.is_file() for parent in (folder, *folder.parents) if parent.is_relative_to(root))
