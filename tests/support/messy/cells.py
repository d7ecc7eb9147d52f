"""Messes of cells and metadata: copied, deleted, split, retyped, moved, stripped, as saved by several editors."""

import json
import re

from support.messy import EXERCISES, WRITTEN, code, mess, refused, svm, text

BELOW = "What it needs stands below its test cell. Do the cells run from top to bottom in a fresh kernel?"
WRONG = "def svm_loss(W, X, y, reg):\n    return 0.0, W * 0.0"


def copy_of(cell, **fields):
    """A cell as copied and pasted: with all its metadata."""
    return json.loads(json.dumps({**cell, **fields}))


@mess(notes=["losses.ipynb: 2 cells have the id svm_loss: the first with an answer keeps it, others are own cells."])
def answer_right_then_stub(book):
    book.cells.insert(book.at("svm_loss") + 1, copy_of(book.cell("svm_loss"), source=book.stub))


@mess(notes=["losses.ipynb: 2 cells have the id svm_loss: the first with an answer keeps it, others are own cells."])
def answer_stub_then_right(book):
    book.cells.insert(book.at("svm_loss"), copy_of(book.cell("svm_loss"), source=book.stub))


@mess(notes=["losses.ipynb: 2 cells have the id svm_loss: the first with an answer keeps it, others are own cells."])
def answer_wrong_then_right(book):
    book.cells.insert(book.at("svm_loss"), copy_of(book.cell("svm_loss"), source=WRONG))


@mess(
    **svm("WRONG", 0.0, "loss does not follow from your lines above it."),
    notes=["losses.ipynb: 2 cells have the id svm_loss: the first with an answer keeps it, others are own cells."],
)
def answer_right_then_wrong(book):
    book.cells.insert(book.at("svm_loss") + 1, copy_of(book.cell("svm_loss"), source=WRONG))


@mess(notes=["losses.ipynb: 2 cells have the id svm_loss: the first with an answer keeps it, others are own cells."])
def answer_right_then_wrong_after_the_test(book):
    book.cells.insert(book.at("test_svm_loss") + 1, copy_of(book.cell("svm_loss"), source=WRONG))


@mess(
    notes=["losses.ipynb: 2 cells have the id svm_loss: the first with an answer keeps it, others are own cells."],
    found={"svm_loss": BELOW},
)
def answer_wrong_then_right_after_the_test(book):
    book.cells.insert(book.at("test_svm_loss") + 1, copy_of(book.cell("svm_loss")))
    book.cell("svm_loss")["source"] = WRONG


@mess(notes=["losses.ipynb: 2 cells have the id svm_loss: the first with an answer keeps it, others are own cells."])
def answer_copied_as_it_is(book):
    book.cells.insert(book.at("svm_loss"), copy_of(book.cell("svm_loss")))


@mess(notes=["losses.ipynb: 2 cells have the id why: the first with an answer keeps it, others are own cells."])
def written_answer_copied(book):
    book.cells.insert(book.at("why"), copy_of(book.cell("why"), source="Why?"))


@mess(notes=["losses.ipynb: 2 cells have the id test_svm_loss: the first keeps it, others are own cells."])
def test_copied(book):
    book.cells.insert(book.at("test_svm_loss"), copy_of(book.cell("test_svm_loss")))


@mess(
    notes=[
        "losses.ipynb: 2 cells have the id test_svm_loss: the first keeps it, others are own cells.",
        "losses.ipynb: the cell test_svm_loss stood before its answer; it was put after it.",
    ]
)
def test_copied_before_the_answer(book):
    book.cells.insert(book.at("svm_loss"), copy_of(book.cell("test_svm_loss")))


@mess(
    notes=[
        "losses.ipynb: 2 cells have the id title: the first keeps it, others are own cells.",
        "losses.ipynb: 2 cells have the id setup: the first keeps it, others are own cells.",
        "losses.ipynb: 2 cells have the id svm_loss: the first with an answer keeps it, others are own cells.",
        "losses.ipynb: 2 cells have the id test_svm_loss: the first keeps it, others are own cells.",
        "losses.ipynb: 2 cells have the id sizes: the first keeps it, others are own cells.",
        "losses.ipynb: 2 cells have the id softmax_loss: the first with an answer keeps it, others are own cells.",
        "losses.ipynb: 2 cells have the id test_softmax_loss: the first keeps it, others are own cells.",
        "losses.ipynb: 2 cells have the id why: the first with an answer keeps it, others are own cells.",
        "losses.ipynb: 2 cells have the id training: the first keeps it, others are own cells.",
    ]
)
def whole_notebook_twice(book):
    book.cells.extend(copy_of(cell) for cell in list(book.cells))


@mess(notes=["losses.ipynb: 2 cells have the id setup: the first keeps it, others are own cells."])
def imports_copied(book):
    book.cells.insert(book.at("svm_loss"), copy_of(book.cell("setup")))


@mess(notes=["losses.ipynb: the cell test_svm_loss was missing; it was put back as it was released."])
def test_deleted(book):
    book.take("test_svm_loss")


@mess(
    notes=[
        "losses.ipynb: the cell test_svm_loss was missing; it was put back as it was released.",
        "losses.ipynb: the cell test_softmax_loss was missing; it was put back as it was released.",
    ]
)
def tests_deleted(book):
    for name in EXERCISES:
        book.take(f"test_{name}")


@mess(
    **svm("MISSING", 0.0, "svm_loss is not defined. Was the cell that defines it deleted, or the name changed?"),
    notes=["losses.ipynb: the cell svm_loss was missing; it was put back as it was released."],
)
def answer_deleted(book):
    book.take("svm_loss")


@mess(notes=["losses.ipynb: the cell svm_loss had lost its id; it is known by its text or place."])
def answer_deleted_and_written_in_a_new_cell(book):
    book.cells.insert(book.at("svm_loss"), code(book.cell("svm_loss")["source"]))
    book.take("svm_loss")


@mess(**svm("NOT_WRITTEN", 0.0, "scores is not written yet. Replace the ... by your own line."))
def answer_in_a_new_cell_above_the_stub(book):
    book.before("svm_loss", book.cell("svm_loss")["source"])
    book.cell("svm_loss")["source"] = book.stub


@mess(
    notes=[
        "losses.ipynb: the cell setup is locked and was changed; our text was put back; what stood there is kept before it."
    ]
)
def answer_emptied_and_written_in_the_imports_cell(book):
    book.cell("setup")["source"] += "\n" + book.cell("svm_loss")["source"]
    book.cell("svm_loss")["source"] = ""


@mess(notes=["losses.ipynb: the cell setup was missing; it was put back as it was released."])
def imports_deleted(book):
    book.take("setup")


@mess(
    notes=[
        "losses.ipynb: the cell setup is locked and was changed; our text was put back; what stood there is kept before it."
    ]
)
def imports_extended(book):
    book.cell("setup")["source"] += "\nimport math"
    book.inside("assert math.pi > 3")


@mess(
    notes=[
        "losses.ipynb: the cell setup is locked and was changed; our text was put back; what stood there is kept before it."
    ]
)
def imports_changed(book):
    book.cell("setup")["source"] = "import numpy"


@mess()
def text_of_ours_deleted(book):
    book.take("title")


@mess(
    notes=[
        "losses.ipynb: the cell setup was missing; it was put back as it was released.",
        "losses.ipynb: the cell why was missing; it was put back as it was released.",
        "losses.ipynb: the cell test_svm_loss was missing; it was put back as it was released.",
        "losses.ipynb: the cell test_softmax_loss was missing; it was put back as it was released.",
    ]
)
def all_but_the_answers_deleted(book):
    book.cells[:] = [book.cell(name) for name in EXERCISES]


@mess(notes=["losses.ipynb: the cell why had lost its id; it is known by its text or place."])
def written_answer_deleted_and_written_in_a_new_cell(book):
    book.cells.insert(book.at("why"), text(WRITTEN))
    book.take("why")


@mess(**svm("ERROR", 6.0, "svm_loss stopped: svm_loss returns nothing; expected 2 values: loss, dW."))
def answer_split_inside(book):
    head, tail = book.cell("svm_loss")["source"].split("    # backward\n")
    book.cell("svm_loss")["source"] = head
    book.after("svm_loss", "    # backward\n" + tail)


@mess()
def answer_split_before_the_function(book):
    book.before("svm_loss", "def half(x):\n    return x / 2")
    book.inside("assert half(2) == 1")


@mess()
def answer_split_and_the_first_part_has_the_metadata(book):
    source = book.cell("svm_loss")["source"]
    book.cell("svm_loss")["source"] = "def half(x):\n    return x / 2"
    book.after("svm_loss", source.replace("\n", "\n    assert half(2) == 1\n", 1))


@mess(notes=["losses.ipynb: the cell softmax_loss was missing; it was put back as it was released."])
def answers_merged_into_one_cell(book):
    book.cell("svm_loss")["source"] += "\n\n" + book.cell("softmax_loss")["source"]
    book.take("softmax_loss")


@mess(notes=["losses.ipynb: the cell test_svm_loss was missing; it was put back as it was released."])
def answer_and_test_merged(book):
    book.cell("svm_loss")["source"] += '\n\ncheck("svm_loss")'
    book.take("test_svm_loss")


@mess(notes=["losses.ipynb: the cell svm_loss had another type; it is a code cell again."])
def answer_as_text(book):
    book.cell("svm_loss").update(cell_type="markdown")


@mess(notes=["losses.ipynb: the cell svm_loss had another type; it is a code cell again."])
def answer_as_raw(book):
    book.cell("svm_loss").update(cell_type="raw")


@mess(notes=["losses.ipynb: the cell test_svm_loss had another type; it is a code cell again."])
def test_as_text(book):
    book.cell("test_svm_loss").update(cell_type="markdown")


@mess(notes=["losses.ipynb: the cell why had another type; it is a markdown cell again."])
def written_answer_as_code(book):
    book.cell("why").update(cell_type="code", outputs=[], execution_count=None)


@mess()
def written_answer_as_raw(book):
    book.cell("why").update(cell_type="raw")


@mess()
def text_of_ours_as_code(book):
    book.cell("title").update(cell_type="code", outputs=[], execution_count=None)


@mess(**svm("ERROR", 0.0, "The cell svm_loss before it did not come to its end. SyntaxError: invalid syntax (line 1)."))
def answer_fenced_in_backticks(book):
    book.cell("svm_loss")["source"] = f"```python\n{book.cell('svm_loss')['source']}\n```"


@mess()
def unknown_cell_type(book):
    book.cells.insert(2, {"cell_type": "heading", "level": 1, "source": "A heading", "metadata": {}})


@mess(notes=["losses.ipynb: the cell test_svm_loss stood before its answer; it was put after it."])
def answers_swapped(book):
    one, two = book.at("svm_loss"), book.at("softmax_loss")
    book.cells[one], book.cells[two] = book.cells[two], book.cells[one]


@mess(
    notes=[
        "losses.ipynb: the cell test_svm_loss stood before its answer; it was put after it.",
        "losses.ipynb: the cell test_softmax_loss stood before its answer; it was put after it.",
    ],
    found={
        "softmax_loss": BELOW,
        "svm_loss": BELOW,
    },
)
def cells_backwards(book):
    book.cells.reverse()


@mess()
def tests_at_the_end(book):
    book.cells.extend([book.take("test_svm_loss"), book.take("test_softmax_loss")])


@mess(
    found={
        "svm_loss": BELOW,
        "softmax_loss": BELOW,
    }
)
def imports_at_the_end(book):
    book.cells.append(book.take("setup"))


@mess(notes=["losses.ipynb: the cell test_svm_loss stood before its answer; it was put after it."])
def answer_after_its_test(book):
    book.cells.insert(book.at("test_svm_loss"), book.take("svm_loss"))


@mess()
def helper_before(book):
    book.before("svm_loss", "def half(x):\n    return x / 2")
    book.inside("assert half(2) == 1")


@mess()
def helper_between_answer_and_test(book):
    book.after("svm_loss", "def half(x):\n    return x / 2")
    book.inside("assert half(2) == 1")


@mess(found={"svm_loss": BELOW})
def helper_after_the_test(book):
    book.after("test_svm_loss", "def half(x):\n    return x / 2")
    book.inside("assert half(2) == 1")


@mess(found={"svm_loss": BELOW})
def helper_at_the_end_run_first(book):
    book.cells.append(code("def half(x):\n    return x / 2", execution_count=1))
    book.inside("assert half(2) == 1")


@mess()
def constant_redefined_after_the_test(book):
    book.before("svm_loss", "two = 2")
    book.inside("assert two == 2")
    book.after("test_svm_loss", "two = 3")


@mess()
def own_cells_everywhere(book):
    book.cells[:] = [cell for ours in book.cells for cell in (code("print(1)"), text("note"), ours)]


@mess()
def all_metadata_cleared(book):
    book.json["metadata"] = {}
    for cell in book.cells:
        cell["metadata"] = {}


@mess()
def nbgrader_metadata_cleared(book):
    for cell in book.cells:
        cell["metadata"].pop("nbgrader", None)


@mess()
def cell_ids_lost(book):
    for cell in book.cells:
        cell.pop("id")
    book.json["nbformat_minor"] = 4


@mess(
    notes=[
        "losses.ipynb: the cell setup had lost its id; it is known by its text or place.",
        "losses.ipynb: the cell svm_loss had lost its id; it is known by its text or place.",
        "losses.ipynb: the cell test_svm_loss had lost its id; it is known by its text or place.",
        "losses.ipynb: the cell softmax_loss had lost its id; it is known by its text or place.",
        "losses.ipynb: the cell test_softmax_loss had lost its id; it is known by its text or place.",
        "losses.ipynb: the cell why had lost its id; it is known by its text or place.",
    ]
)
def metadata_and_ids_lost(book):
    book.json.update(metadata={}, nbformat_minor=2)
    for cell in book.cells:
        cell.pop("id")
        cell["metadata"] = {}


@mess(
    notes=[
        "losses.ipynb: the cell setup had lost its id; it is known by its text or place.",
        "losses.ipynb: the cell svm_loss had lost its id; it is known by its text or place.",
        "losses.ipynb: the cell test_svm_loss had lost its id; it is known by its text or place.",
        "losses.ipynb: the cell softmax_loss had lost its id; it is known by its text or place.",
        "losses.ipynb: the cell test_softmax_loss had lost its id; it is known by its text or place.",
        "losses.ipynb: the cell why was missing; it was put back as it was released.",
    ]
)
def cells_pasted_into_a_new_notebook(book):
    book.json["metadata"] = {}
    for number, cell in enumerate(book.cells):
        cell.update(id=f"new-{number}", metadata={})
    book.cells[:] = [cell for cell in book.cells if cell["cell_type"] == "code"]


@mess(
    notes=[
        "losses.ipynb: the cell svm_loss had lost its id; it is known by its text or place.",
        "losses.ipynb: the cell softmax_loss had lost its id; it is known by its text or place.",
        "losses.ipynb: the cell setup was missing; it was put back as it was released.",
        "losses.ipynb: the cell why was missing; it was put back as it was released.",
        "losses.ipynb: the cell test_svm_loss was missing; it was put back as it was released.",
        "losses.ipynb: the cell test_softmax_loss was missing; it was put back as it was released.",
    ]
)
def only_the_answers_in_a_new_notebook(book):
    book.json["metadata"] = {}
    book.cells[:] = [code(book.cell(name)["source"], id=f"new-{name}") for name in EXERCISES]


@mess(
    notes=[
        "losses.ipynb: the cell svm_loss had lost its id; it is known by its text or place.",
        "losses.ipynb: the cell setup was missing; it was put back as it was released.",
        "losses.ipynb: the cell softmax_loss was missing; it was put back as it was released.",
        "losses.ipynb: the cell why was missing; it was put back as it was released.",
        "losses.ipynb: the cell test_svm_loss was missing; it was put back as it was released.",
        "losses.ipynb: the cell test_softmax_loss was missing; it was put back as it was released.",
    ]
)
def all_in_one_new_cell(book):
    sources = [book.cell(name)["source"] for name in ("setup", "svm_loss", "test_svm_loss", "softmax_loss")]
    book.cells[:] = [code("\n\n".join(sources))]


@mess()
def newer_nbgrader_schema(book):
    for cell in book.cells:
        if "nbgrader" in cell["metadata"]:
            cell["metadata"]["nbgrader"].update(schema_version=4, cell_type=cell["cell_type"], new_field=[1])


@mess()
def nbgrader_metadata_forged(book):
    for cell in book.cells:
        if "nbgrader" in cell["metadata"]:
            cell["metadata"]["nbgrader"].update(points=99, locked=False, grade=True, solution=True, checksum="0")


@mess()
def nbgrader_metadata_of_other_types(book):
    for cell in book.cells:
        if "nbgrader" in cell["metadata"]:
            cell["metadata"]["nbgrader"].update(points=[], schema_version="x", checksum=None, locked="no")


@mess()
def nbgrader_metadata_is_a_list(book):
    for cell in book.cells:
        if "nbgrader" in cell["metadata"]:
            cell["metadata"]["nbgrader"] = ["svm_loss"]


@mess()
def newer_minor_format(book):
    book.json["nbformat_minor"] = 99
    for cell in book.cells:
        cell["new_field"] = {"a": 1}


@mess()
def format_5(book):
    book.json.update(nbformat=5, nbformat_minor=0)


@mess()
def format_is_text(book):
    book.json.update(nbformat="four", nbformat_minor=None)


@refused("losses.ipynb is in an old notebook format: open it in Jupyter and save it again.")
def format_3(book):
    for cell in book.cells:
        cell["input"] = cell.pop("source")
        cell.update(language="python", prompt_number=1)
    book.json.update(worksheets=[{"cells": book.cells, "metadata": {}}], nbformat=3, nbformat_minor=0)
    book.json.pop("cells")


@mess()
def metadata_missing(book):
    book.json.pop("metadata")
    for cell in book.cells:
        if "nbgrader" not in cell["metadata"]:
            cell.pop("metadata")


@mess()
def another_kernel(book):
    book.json["metadata"] = {
        "kernelspec": {"name": "conda-env-cs231n-py", "display_name": "cs231n", "language": "python"},
        "language_info": {"name": "R"},
    }


@mess()
def sources_as_lines(book):
    for cell in book.cells:
        cell["source"] = cell["source"].splitlines(keepends=True)


@mess()
def source_missing(book):
    book.cells.insert(0, {"cell_type": "code", "metadata": {}, "outputs": []})


@mess()
def source_null(book):
    book.cells.insert(0, {"cell_type": "code", "metadata": {}, "outputs": [], "source": None})


@mess()
def outputs_of_any_shape(book):
    for cell, outputs in zip(book.cells, ({}, None, "x", [[1]], [{"output_type": 7}], 3), strict=False):
        cell["outputs"] = outputs


@mess()
def saved_by_colab(book):
    """Colab drops the cells' own ids, adds metadata of its own, and students mount a drive."""
    book.json.update(nbformat_minor=0)
    book.json["metadata"] = {
        "colab": {"provenance": [], "toc_visible": True, "gpuType": "T4"},
        "kernelspec": {"name": "python3", "display_name": "Python 3"},
        "language_info": {"name": "python"},
        "accelerator": "GPU",
    }
    for number, cell in enumerate(book.cells):
        cell.pop("id")
        cell["metadata"].update(id=f"Xy{number}", colab={"base_uri": "https://localhost:8080/"}, cellView="form")
        if cell["cell_type"] == "code":
            cell["outputs"] = [
                {
                    "output_type": "display_data",
                    "metadata": {},
                    "data": {
                        "application/vnd.google.colaboratory.intrinsic+json": {"type": "string"},
                        "application/javascript": "google.colab.output.clear()",
                        "text/plain": ["<IPython.core.display.Javascript object>"],
                    },
                }
            ]
    book.before(
        "setup",
        "#@title Set up {display-mode: 'form'}\nfrom google.colab import drive\ndrive.mount('/content/drive')\n"
        "FOLDERNAME = 'cs231n'\nassert FOLDERNAME is not None\nimport sys\n"
        "sys.path.append('/content/drive/My Drive/{}'.format(FOLDERNAME))\n"
        "%cd /content/drive/My\\ Drive/$FOLDERNAME\n!bash get_datasets.sh\n%pip install tqdm\n!pip install numpy==1.19",
    )


@mess()
def saved_by_vs_code(book):
    book.json["metadata"] = {
        "kernelspec": {"display_name": ".venv (3.11.7)", "language": "python", "name": "python3"},
        "language_info": {"name": "python", "file_extension": ".py", "pygments_lexer": "ipython3"},
        "vscode": {"interpreter": {"hash": "31f2"}},
        "orig_nbformat": 4,
    }
    book.json["nbformat_minor"] = 2
    for cell in book.cells:
        cell.pop("id")
        cell["metadata"]["vscode"] = {"languageId": "python"}
        cell["source"] = cell["source"].splitlines(keepends=True)


@mess()
def saved_by_pycharm(book):
    for cell in book.cells:
        cell["metadata"].update(
            {
                "collapsed": False,
                "pycharm": {"name": "#%%\n"},
                "jupyter": {"outputs_hidden": False},
                "ExecuteTime": {"end_time": "2026-02-03"},
            }
        )
        cell["source"] = cell["source"].splitlines(keepends=True)
        if cell["cell_type"] == "code":
            cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": ["a\n"]}]


@mess()
def saved_by_jupyterlab_4(book):
    for cell in book.cells:
        cell["metadata"].update(
            {
                "editable": True,
                "slideshow": {"slide_type": ""},
                "tags": ["skip-grading"],
                "execution": {"iopub.status.busy": "x"},
            }
        )
    book.json["metadata"]["widgets"] = {"application/vnd.jupyter.widget-state+json": {"state": {}, "version_major": 2}}


@mess()
def formatted_by_black(book):
    source = book.cell("svm_loss")["source"]
    book.cell("svm_loss")["source"] = re.sub(r"  # \(.*\)", "", source).replace("    N =", "\n    N =")
