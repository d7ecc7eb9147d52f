"""The learning rate on a straight line: reference, hidden cases, known mistakes, equivalents."""

import numpy as np

from flatgrade.core import Case, Mistake


def linear_schedule(t, alpha0, T):
    rates = alpha0 * (1 - t / T)  # (K,)
    return rates


def cases(rng):
    """Hidden inputs. Only the generic ones name mistakes; the others decide verdicts."""

    def draw(t, T):
        return {"t": np.array(t), "alpha0": rng.uniform(0.2, 0.8), "T": T}

    return [
        Case("typical sizes", draw(rng.integers(0, 60, 17), 60), generic=True),
        Case("another T", draw(rng.permutation(24), 23), generic=True),
        Case("t = 0", draw([0], 40)),
        Case("the last t", draw([17], 17)),
    ]


MISTAKES = [
    Mistake("rates", "(1 - t / T)", "(1 + t / T)", "The rate falls; here it rises.", "lin-plus"),
    Mistake("rates", "(1 - t / T)", "t / T", "The rate falls from alpha0 to 0; here it rises from 0.", "lin-rising"),
    Mistake("rates", "t / T", "t // T", "A division of whole numbers leaves 0 until the very end.", "lin-whole"),
    Mistake("rates", "alpha0 * (1 - t / T)", "alpha0 - t / T", "alpha0 multiplies both terms: at t = T the rate is 0.", "lin-brackets"),
    Mistake("rates", "alpha0 * (1 - t / T)", "1 - t / T", "The schedule starts from alpha0.", "lin-noalpha"),
    Mistake("rates", "t / T", "(t + 1) / T", "At t = 0 the rate is alpha0; here it is that of t = 1.", "lin-offset"),
    Mistake("rates", "t / T", "t / (T + 1)", "At t = T the rate is 0; this comes there one epoch later.", "lin-T1"),
    Mistake("rates", "t / T", "t / t.max()", "The length of the run is T, whatever the largest t is that was asked for.", "lin-max"),
    Mistake("rates", "t / T", "(t / T) ** 2", "The line is straight: no square.", "lin-square"),
    Mistake("rates", "t / T", "t / 100", "The length of the run is T; here it is a number in the code.", "lin-fixed"),
    Mistake("rates", "alpha0 * (1 - t / T)", "alpha0 * (1 - 1 / T) ** t", "The rate loses the same amount in each epoch; here it loses the same share.", "lin-power"),
]

# Other right answers, each the text of a whole answer cell.
EQUIVALENTS = {
    "what is left of the run": '''\
def linear_schedule(t, alpha0, T):
    return alpha0 / T * (T - t)
''',
    "between two ends": '''\
def linear_schedule(t, alpha0, T):
    return np.interp(t, [0, T], [alpha0, 0])
''',
}
