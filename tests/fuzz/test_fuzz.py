"""The fuzzed functions keep their promises for bytes that hypothesis draws, and for every input that was ever kept.

`make fuzz` runs the same targets for longer, led by coverage.
"""

import json
from pathlib import Path

import pytest
from fuzz.targets import CHOICES, EXERCISES, LOCKED, TARGETS
from hypothesis import given, settings
from hypothesis import strategies as st

HERE = Path(__file__).parent
KEPT = [path for folder in ("seeds", "crashes") for path in sorted((HERE / folder).glob("*/*"))]
TEXTS = st.text(st.characters(), max_size=9) | st.sampled_from(
    ["a\r\nb", "\r", 'check("svm_loss")', "def svm_loss(W, X, y, reg):"]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=5,
)
IDS = st.sampled_from([*LOCKED, *EXERCISES, "title", "sizes", "why", "training"]) | TEXTS | JSON
SOURCES = TEXTS | st.lists(TEXTS, max_size=3)
CELLS = st.fixed_dictionaries(
    {"cell_type": st.sampled_from(["code", "markdown", "raw"]), "source": SOURCES},
    optional={
        "id": IDS,
        "metadata": st.fixed_dictionaries({"nbgrader": st.fixed_dictionaries({"grade_id": IDS}) | JSON}) | JSON,
        "outputs": JSON | st.lists(st.fixed_dictionaries({"output_type": st.just("stream"), "text": JSON})),
        "attachments": JSON,
    },
)


@pytest.mark.parametrize("name", TARGETS)
@settings(max_examples=200)
@given(data=st.binary(max_size=600))
def test_any_bytes_keep_the_promise(name, data):
    """Whatever bytes a student's side sends, they are read or refused as each target says."""
    TARGETS[name](data)


@pytest.mark.parametrize("name", TARGETS)
@settings(max_examples=200)
@given(data=st.binary(min_size=100, max_size=600))
def test_any_choices_keep_the_promise(name, data):
    """So it is where the bytes are choices from which a message, notebook or folder of the right shape is drawn."""
    TARGETS[name](CHOICES + data)


@given(cells=st.lists(CELLS, max_size=6), metadata=JSON)
def test_any_notebook_keeps_the_promise(cells, metadata):
    """Cells whose ids are ours, copied, or of any type, with anything in them, are rebuilt or refused in a sentence."""
    TARGETS["notebook"](json.dumps({"cells": cells, "metadata": metadata}).encode())


@pytest.mark.parametrize("path", KEPT, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_what_was_found_stays_mended(path):
    """What once broke a promise, and what each run begins with, keeps it."""
    TARGETS[path.parent.name](path.read_bytes())


def test_each_target_has_seeds():
    """A run has something to begin with for each target, and no folder is left that nothing reads."""
    assert {path.parent.name for path in KEPT} == set(TARGETS)
    assert all((HERE / "seeds" / name / "0").is_file() for name in TARGETS)
