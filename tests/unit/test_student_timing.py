"""`time_layers` in a notebook: a table and a picture of what was measured, and nothing that was not."""

import matplotlib.pyplot as plt
import pytest

from flatgrade.core.timer import Timing
from flatgrade.student import LayerTimes, time_layers


def times(**medians):
    return LayerTimes({name: Timing(m, 0.9 * m, 1.1 * m, 15, 1) for name, m in medians.items()})


def test_every_way_is_run_and_timed():
    """The functions themselves are called, each several times; the order is the caller's."""
    called = {"a": 0, "b": 0}

    def way(name):
        def run():
            called[name] += 1

        return run

    found = time_layers({"a": way("a"), "b": way("b")}, seconds=0.01)
    assert list(found.times) == ["a", "b"]
    assert all(timing.median > 0 for timing in found.times.values())
    assert min(called.values()) > 3


def test_the_table_says_how_many_times_as_fast():
    """As text: times with a unit that fits, ratios to the first way, faster or slower in words."""
    assert str(times(loops=1.5, matrices=0.005, torch=0.0006, slow=3.0)) == (
        "loops         1.5 s  \n"
        "matrices       5 ms  300 times as fast\n"
        "torch        600 µs  2500 times as fast\n"
        "slow            3 s  2 times as slow"
    )


def test_names_are_text_in_the_notebook():
    """A name with a tag in it is shown, not obeyed."""
    assert "&lt;b&gt;" in times(**{"<b>": 1.0})._repr_html_()
    assert "<b>" not in times(**{"<b>": 1.0})._repr_html_()


def test_runs_that_differ_much_are_told():
    """A figure from a busy machine does not look like a good one."""
    wide = LayerTimes({"mine": Timing(1.0, 0.8, 1.6, 15, 1), "torch": Timing(1.0, 0.99, 1.01, 15, 1)})
    remark = "The runs of mine differ much: something else is at work on this machine. Try again."
    assert str(wide).splitlines()[-1] == remark
    assert remark in wide._repr_html_()


def test_the_picture_has_a_bar_a_way_and_a_logarithmic_axis():
    """Each bar carries its figure in words, since a logarithmic axis is read badly."""
    axes = times(loops=1.5, matrices=0.005).plot()
    assert len(axes.patches) == 2
    assert axes.get_xscale() == "log"
    assert [text.get_text() for text in axes.texts] == ["1.5 s", "5 ms, 300 times as fast"]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["loops", "matrices"]
    plt.close("all")


def test_nothing_to_time_is_told():
    """One sentence, with an example."""
    with pytest.raises(ValueError, match=r"^time_layers needs something to time, such as .'my loops'"):
        time_layers({})
