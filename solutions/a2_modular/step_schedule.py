"""The learning rate that falls in steps: reference, hidden cases, known mistakes, equivalents."""

import numpy as np

from flatgrade.core import Case, Mistake


def step_schedule(t, alpha0, epochs, factor):
    passed = np.zeros(np.shape(t))  # (K,): how many of the epochs each t has reached
    for epoch in epochs:
        passed = passed + (t >= epoch)
    rates = alpha0 * factor**passed  # (K,)
    return rates


def cases(rng):
    """Hidden inputs. Only the generic ones name mistakes; the others decide verdicts."""

    def draw(t, epochs, factor=0.37):
        return {"t": np.array(t), "alpha0": rng.uniform(0.2, 0.8), "epochs": epochs, "factor": factor}

    return [
        Case("typical sizes", draw(rng.permutation(60), [7, 19, 20, 41]), generic=True),
        Case("two epochs", draw(rng.integers(0, 30, 17), [5, 11], factor=0.62), generic=True),
        Case("t = 0", draw([0], [3, 9])),
        Case("t at an epoch, before, and after it", draw([8, 9, 10], [9])),
        Case("no epoch", draw([0, 4, 9], [])),
        Case("a rate that grows", draw([0, 4, 9, 12], [4, 10], factor=1.9)),
    ]


MISTAKES = [
    Mistake("rates", "t >= epoch", "t > epoch", "From the epoch itself on, the rate is lower; here only from the one after it.", "step-late"),
    Mistake("rates", "t >= epoch", "t >= epoch - 1", "The rate falls one epoch too early.", "step-early"),
    Mistake("rates", "t >= epoch", "t <= epoch", "The rate falls with the epochs that lie behind; this counts those ahead.", "step-ahead"),
    Mistake("rates", "t >= epoch", "t == epoch", "The lower rate lasts; here it comes back in the next epoch.", "step-once"),
    Mistake("rates", "factor**passed", "factor * passed", "The factor is used once for each epoch passed: a power, not a multiple.", "step-multiple"),
    Mistake("rates", "factor**passed", "factor ** (passed > 0)", "The factor is used again at every epoch, not only at the first.", "step-first"),
    Mistake("rates", "alpha0 * factor", "factor", "The schedule starts from alpha0.", "step-noalpha"),
    Mistake("rates", "factor**passed", "(1 - factor) ** passed", "factor is what is left of the rate, not what is taken from it.", "step-complement"),
    Mistake("rates", "factor**passed", "(1 - factor * passed)", "The rate is multiplied at each epoch; here a part of the first one is subtracted.", "step-subtract"),
    Mistake("rates", "factor**passed", "factor ** (passed + 1)", "Before the first epoch the rate is alpha0.", "step-onemore"),
    Mistake("rates", "factor**passed", "factor ** (t // epochs[0]) if epochs else alpha0 + 0 * passed", "The epochs are a list; here every gap is as long as the first one.", "step-regular"),
    Mistake("rates", "factor**passed", "factor**t", "The rate falls at the epochs of the list only, not with every t.", "step-everyt"),
]

# Other right answers, each the text of a whole answer cell.
EQUIVALENTS = {
    "looked up in the sorted list": '''\
def step_schedule(t, alpha0, epochs, factor):
    return alpha0 * np.power(factor, np.searchsorted(epochs, t, side="right"))
''',
    "a table of comparisons": '''\
def step_schedule(t, alpha0, epochs, factor):
    return alpha0 * factor ** (t[:, None] >= np.array(epochs)).sum(axis=1)
''',
    "one after the other": '''\
def step_schedule(t, alpha0, epochs, factor):
    rates = []
    for now in t:
        rate = alpha0
        for epoch in epochs:
            if now >= epoch:
                rate *= factor
        rates.append(rate)
    return np.array(rates)
''',
    "entries that are set": '''\
def step_schedule(t, alpha0, epochs, factor):
    rates = np.full(len(t), alpha0, dtype=float)
    for epoch in epochs:
        rates[t >= epoch] *= factor
    return rates
''',
}
