"""A worker's replies are data of any shape: what does not keep the form is left out."""

import numpy as np
import pytest

from flatgrade.grader.replies import read_error, read_outputs

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
