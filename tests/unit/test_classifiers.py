"""The yardstick: its gradients are right, its order holds in small, and its table and the guide's examples are true."""

import re
from pathlib import Path

import classifiers
import matplotlib.pyplot as plt
import numpy as np
import pytest
from classifiers import BEGIN, END, PLAN, README, Convolution, Dense, Pool, Relu, with_table

from flatgrade_data import shapes10

GUIDE = Path(__file__).parents[2] / "docs" / "data.md"


def test_slopes_are_those_of_the_loss():
    """Through every kind of layer: the slopes agree with central differences of the mean softmax loss, in float64."""
    rng = np.random.default_rng(0)
    layers = [Convolution(3, 4), Relu(), Pool(), Convolution(4, 5), Relu(), Pool(), Dense(20, 6), Relu(), Dense(6, 3)]
    dense = [layer for layer in layers if isinstance(layer, Dense)]
    for layer in dense:
        layer.weights, layer.bias = 2 * layer.weights.astype(float), layer.bias.astype(float) + 0.1
    x, y = rng.normal(size=(7, 8, 8, 3)), rng.integers(0, 3, 7)

    def loss():
        scores = x
        for layer in layers:
            scores = layer.forward(scores)
        return np.mean(np.log(np.exp(scores).sum(axis=1)) - scores[np.arange(7), y])

    classifiers._descend(layers, x, y)
    checked = 0
    for parameter, slope in [(p, s) for d in dense for p, s in zip((d.weights, d.bias), d.slopes, strict=True)]:
        for place in list(np.ndindex(parameter.shape))[::3]:
            here = parameter[place]
            parameter[place] = here + 1e-6
            above = loss()
            parameter[place] = here - 1e-6
            below = loss()
            parameter[place] = here
            assert slope[place] == pytest.approx((above - below) / 2e-6, abs=1e-7)
            checked += 1
    assert checked == sum(-(-p.size // 3) for d in dense for p in (d.weights, d.bias)) == 149


def test_nearest_neighbours_vote():
    """One neighbour: the label of the nearest row; three: the most frequent, of equals the smallest."""
    X, y = np.array([[0.0], [1.0], [2.0], [10.0], [11.0]]), np.array([2, 1, 1, 0, 2])
    queries = np.array([[0.1], [10.4]])
    assert classifiers._vote(X, y, queries, 1).tolist() == [2, 0]
    assert classifiers._vote(X, y, queries, 3).tolist() == [1, 0]


def test_every_picture_is_used_once_before_one_comes_again():
    """Batches cover all rows in each round, in another order, and the share that is left falls from 1 towards 0."""
    batches = list(classifiers._batches(120, 6))
    rounds = [np.concatenate([rows for _, rows in batches[i : i + 3]]) for i in (0, 3)]
    assert [sorted(order.tolist()) for order in rounds] == [list(range(120))] * 2
    assert not np.array_equal(*rounds)
    assert [left for left, _ in batches] == pytest.approx([1, 5 / 6, 4 / 6, 3 / 6, 2 / 6, 1 / 6])


def test_nearest_neighbours_are_weaker_than_a_linear_classifier():
    """The order that shapes10 is made for, on a fifth of it and a fifth of the steps; both are better than guessing."""
    data = shapes10(train=1000, test=500)
    linear = classifiers._fitted(data, [Dense(3072, 10)], steps=600, pace=1 / 3072)
    assert 0.15 < classifiers.nearest_neighbours(data) < linear - 0.03


def test_the_table_takes_its_place_in_a_text():
    """What stood between the marks goes, all else stays, and a second time changes nothing."""
    text = f"above\n{BEGIN}\nold\n{END}\nbelow\n"
    assert with_table(text, "| new |") == f"above\n{BEGIN}\n| new |\n{END}\nbelow\n"
    assert with_table(with_table(text, "| new |"), "| new |") == with_table(text, "| new |")
    message = f"the text has no {BEGIN} followed by {END}, so there is no place for the table."
    for lacking in ("", BEGIN, END, END + BEGIN):
        with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
            with_table(lacking, "| new |")


def test_the_program_prints_and_writes_what_it_measured(tmp_path, monkeypatch, capsys):
    """One line for each model; the README changes with --write and only then."""
    readme = tmp_path / "README.md"
    readme.write_text(f"{BEGIN}\n{END}\n")
    monkeypatch.setattr(classifiers, "README", readme)
    monkeypatch.setattr(classifiers, "PLAN", (("fair", lambda _: 0.5, lambda: shapes10(10, 10)),))
    lines = r"\| data \| classifier \| test accuracy \| CPU seconds \|\n\|---\|---\|---:\|---:\|\n\| shapes10 \| fair \| 50\.0 % \| 0\.0 \|\n"
    classifiers.main([])
    assert re.fullmatch(lines, capsys.readouterr().out)
    assert readme.read_text() == f"{BEGIN}\n{END}\n"
    classifiers.main(["--write"])
    assert re.fullmatch(f"{BEGIN}\n{lines}{END}\n", readme.read_text())


def test_the_readme_holds_the_whole_table_and_the_order_with_clear_gaps():
    """Every model of the plan has its row, and on shapes10 each is at least five points above the one before."""
    rows = re.findall(r"\| (\w+) \| ([^|]+) \| ([\d.]+) % \| [\d.]+ \|", README.read_text(encoding="utf-8"))
    assert [(data, name) for data, name, _ in rows] == [(load.__name__, name) for name, _, load in PLAN]
    reached = [float(accuracy) for data, _, accuracy in rows if data == "shapes10"]
    assert len(reached) == 4
    assert min(np.diff(reached)) > 5


def test_the_examples_of_the_guide_run(monkeypatch, capsys):
    """Every block of Python in docs/data.md runs in order, but the one that downloads."""
    blocks = re.findall(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    downloads = [block for block in blocks if "cifar10(" in block or "mnist(" in block]
    assert (len(blocks), len(downloads)) == (6, 1)
    plt.switch_backend("agg")
    names = {}
    for block in blocks:
        if block not in downloads:
            exec(block, names)
    plt.close("all")
    printed = capsys.readouterr().out
    assert printed.startswith("shapes10: 5,000 training and 1,000 test pictures")
    assert "(5000, 32, 32, 3) float32 [5 1 0 9 9]\n['ring', 'square', 'disc', 'tee', 'tee']" in printed
    assert names["maps"].shape == (5000, 3, 32, 32)
    assert np.shares_memory(names["maps"], names["data"].X_train)
    assert np.array_equal(names["few"].X_train, names["data"].X_train[:500])
