"""The closing table of a3: its lower rungs are those of a1, its convnets those of the notebook that trains them."""

import json
import re
from itertools import pairwise

import pytest
from convnets import CELLS, CLOSING, NOTEBOOK, earlier


def cells(path):
    return {cell["id"]: "".join(cell["source"]) for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]}


@pytest.fixture(scope="module")
def ladder():
    """What the picture draws: name -> per cent on shapes10 and on digits."""
    namespace = {}
    exec(cells(CLOSING)["numbers"], namespace)
    return namespace["measured"]


def test_the_lower_rungs_are_those_of_a1(ladder):
    """The two closing notebooks agree, and the convnets come last."""
    rows = [(name, *numbers) for name, numbers in ladder.items()]
    assert rows[:-2] == earlier()
    assert [name for name, _, _ in rows[-2:]] == ["convnet, three layers", "convnet, three blocks"]


def test_table_and_picture_have_the_same_numbers(ladder):
    """What is read is what is drawn."""
    told = [line.strip("| ").split(" | ") for line in cells(CLOSING)["table"].split("\n")[3:]]
    assert told == [[name, f"{shapes:.1f} %", f"{digits:.1f} %"] for name, (shapes, digits) in ladder.items()]


def test_each_rung_is_clearly_above_the_one_before(ladder):
    """Neighbours < linear < two layers < three layers < three blocks on shapes10, and the convnet by twenty points."""
    names = ("nearest neighbours", "linear SVM", "two layers", "convnet, three layers", "convnet, three blocks")
    shares = [ladder[name][0] for name in names]
    assert all(above - below > 5 for below, above in pairwise(shares))
    assert ladder["convnet, three layers"][0] - ladder["two layers"][0] > 20


def test_the_notebook_tells_what_was_measured(ladder):
    """The accuracies that its text claims for our own run are those of the table."""
    claimed = re.findall(r"our own run reaches ([\d.]+) %", "\n".join(cells(NOTEBOOK).values()))
    assert claimed == [f"{ladder[name][0]}" for name in ("convnet, three layers", "convnet, three blocks")]


def test_the_cells_that_are_run_are_there_in_order():
    """The benchmark runs the notebook's own cells, from the imports to the deeper net, and none that checks."""
    order = list(cells(NOTEBOOK))
    places = [order.index(cell) for cell in CELLS]
    assert places == sorted(places)
    assert not any("check(" in cells(NOTEBOOK)[cell] for cell in CELLS)
