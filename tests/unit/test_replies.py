"""A worker's replies are data of any shape: what does not keep the form is left out."""

import numpy as np
import pytest

from flatgrade.grader.replies import read_calls, read_error, read_outputs

ERROR = {"output_type": "error", "ename": "ValueError", "evalue": "no", "traceback": []}


@pytest.mark.parametrize(
    "forged",
    [
        {"output_type": np.zeros(2)},
        {"output_type": "stream", "text": np.zeros(2)},
        {"output_type": "display_data", "data": {"text/plain": ["a", {"b": np.zeros(2)}]}},
    ],
)
def test_an_output_with_an_array_in_it_is_none(forged):
    """Outputs are kept as JSON, and compared; the wire can put arrays where no kernel does."""
    reply = {"status": "error", "outputs": [forged, ERROR]}
    assert read_outputs(reply) == [ERROR]
    assert read_error(reply) == "ValueError: no."


def test_many_calls_have_their_values_in_order():
    """Each row holds what one call gave, by name, read as the values of a call are."""
    rows = [{"out": {"value": 1.5}}, {"out": {"type": "ellipsis"}, "more": {"value": np.arange(2)}}]
    first, second = read_calls({"status": "ok", "values": rows}, 2)
    assert first == {"out": 1.5}
    assert second["out"] is Ellipsis
    assert second["more"].tolist() == [0, 1]


@pytest.mark.parametrize(
    "reply",
    [
        {},
        {"status": "ok"},
        {"status": "ok", "values": {"0": {}, "1": {}}},
        {"status": "ok", "values": [{}]},
        {"status": "ok", "values": [{}, {}, {}]},
        {"status": "ok", "values": [{}, []]},
        {"status": "timeout", "values": [{}, {}]},
        {"status": ["ok"], "values": [{}, {}]},
        {"status": np.ones(2), "values": [{}, {}]},
    ],
)
def test_many_calls_that_did_not_all_come_are_none(reply):
    """Fewer, more, of another form or ended by a limit: there is nothing to measure with."""
    assert read_calls(reply, 2) is None
