"""One neuron: reference, hidden cases, known mistakes, equivalents."""

import numpy as np

from flatgrade.core import Case, Mistake


def neuron_tick(inputs, weights, bias):
    # forward
    cell_body_sum = np.sum(inputs * weights) + bias  # ()
    firing_rate = 1 / (1 + np.exp(-cell_body_sum))  # ()
    return firing_rate


def cases(rng):
    """Hidden inputs. Only the generic ones name mistakes; the others decide verdicts."""

    def draw(D, sign=1.0):
        """A weighted sum of size 1.1 to 1.8 before the bias, so that no activation hides behind another."""
        inputs, weights = rng.standard_normal(D), rng.standard_normal(D)
        inputs *= sign * rng.uniform(1.1, 1.8) / (inputs @ weights)
        return {"inputs": inputs, "weights": weights, "bias": float(rng.uniform(0.3, 0.9))}

    return [
        Case("a sum above zero", draw(7), generic=True),
        Case("a sum below zero", draw(4, -1.0), generic=True),
        Case("a sum above zero, fewer inputs", draw(3), generic=True),
        Case("one input", draw(1)),
        Case("silent inputs", {**draw(6), "inputs": np.zeros(6)}),
        Case("many inputs", draw(100)),
        Case("a neuron that hardly fires", {**draw(3), "bias": -15.0}),
    ]


MISTAKES = [
    Mistake("cell_body_sum", " + bias", "", "The bias is missing in the sum.", "tick-no-bias"),
    Mistake("cell_body_sum", "+ bias", "- bias", "The bias is added to the sum: look at the sign.", "tick-minus-bias"),
    Mistake("cell_body_sum", "+ bias", "* bias", "The bias is added to the sum; here it is multiplied.", "tick-times-bias"),
    Mistake("cell_body_sum", "np.sum(inputs * weights) + bias", "np.sum(inputs * weights + bias)", "The bias counts once, not once for every input.", "tick-bias-each"),
    Mistake("cell_body_sum", "np.sum(inputs * weights)", "np.mean(inputs * weights)", "The cell body adds up what arrives; this is the mean.", "tick-mean"),
    Mistake("cell_body_sum", "np.sum(inputs * weights)", "np.sum(inputs + weights)", "Every input is multiplied by its weight; here they are added.", "tick-plus"),
    Mistake("cell_body_sum", "np.sum(inputs * weights)", "np.sum(inputs)", "Every input counts as much as its weight says: where are the weights?", "tick-no-weights"),
    Mistake("cell_body_sum", "np.sum(inputs * weights)", "np.sum(inputs) * np.sum(weights)", "Each input has a weight of its own: multiply before you add up.", "tick-sums"),
    Mistake("cell_body_sum", "np.sum(inputs * weights)", "np.max(inputs * weights)", "The cell body adds up all that arrives, not only the strongest.", "tick-max"),
    Mistake("cell_body_sum", "inputs * weights", "inputs[:-1] * weights[:-1]", "The last input is missing in the sum.", "tick-not-last"),
    Mistake("firing_rate", "np.exp(-cell_body_sum)", "np.exp(cell_body_sum)", "This neuron fires less the more arrives: look at the sign in the exponent.", "tick-exp-sign"),
    Mistake("firing_rate", "1 + np", "1 - np", "The denominator of the sigmoid is a sum: look at the sign.", "tick-minus"),
    Mistake("firing_rate", "1 / (1 + np.exp(-cell_body_sum))", "1 / 1 + np.exp(-cell_body_sum)", "A division comes before a sum: the whole sum is the denominator.", "tick-brackets"),
    Mistake("firing_rate", "1 / (1 + np.exp(-cell_body_sum))", "cell_body_sum", "This is the sum in the cell body: the sigmoid is missing.", "tick-no-sigmoid"),
    Mistake("firing_rate", "1 / (1 + np.exp(-cell_body_sum))", "np.tanh(cell_body_sum)", "This is the hyperbolic tangent, which runs from -1 to 1.", "tick-tanh"),
    Mistake("firing_rate", "1 / (1 + np.exp(-cell_body_sum))", "np.maximum(0, cell_body_sum)", "This is a ReLU; here the firing rate is a sigmoid.", "tick-relu"),
    Mistake("firing_rate", "1 / (1 + np.exp(-cell_body_sum))", "1.0 * (cell_body_sum > 0)", "This neuron is either on or off; the sigmoid is a smooth step.", "tick-step"),
    Mistake("firing_rate", "1 / (1 + np.exp(-cell_body_sum))", "1 / (1 + np.exp(-cell_body_sum)) + bias", "The bias belongs in the sum, before the sigmoid.", "tick-bias-late"),
]

# Other right answers, each the text of a whole answer cell.
EQUIVALENTS = {
    "a dot product": """\
def neuron_tick(inputs, weights, bias):
    cell_body_sum = bias + inputs @ weights
    firing_rate = np.exp(cell_body_sum) / (1 + np.exp(cell_body_sum))
    return firing_rate
""",
    "a loop": """\
import math


def neuron_tick(inputs, weights, bias):
    total = bias
    for value, weight in zip(inputs, weights):
        total += value * weight
    return 1.0 / (1.0 + math.exp(-total))
""",
    "own names": """\
def neuron_tick(inputs, weights, bias):
    s = np.dot(weights, inputs) + bias
    return (1 + np.tanh(s / 2)) / 2
""",
}
