"""The learning rate on half a cosine: reference, hidden cases, known mistakes, equivalents."""

import numpy as np

from flatgrade.core import Case, Mistake


def cosine_schedule(t, alpha0, T):
    rates = 0.5 * alpha0 * (1 + np.cos(np.pi * t / T))  # (K,)
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
    Mistake("rates", "0.5 * alpha0", "alpha0", "At t = 0 the rate is alpha0; here it is twice that.", "cos-nohalf"),
    Mistake("rates", "(1 + np.cos(", "(1 - np.cos(", "The rate falls from alpha0 to 0; here it rises.", "cos-minus"),
    Mistake("rates", "np.cos(", "np.sin(", "At t = 0 the rate is alpha0: this curve is at its middle there.", "cos-sin"),
    Mistake("rates", "np.pi * t / T", "t / T", "At t = T the cosine must be at its lowest point: how far is that in radians?", "cos-nopi"),
    Mistake("rates", "np.pi * t / T", "2 * np.pi * t / T", "Over T epochs the cosine goes half way round; here it goes all the way and comes back.", "cos-twopi"),
    Mistake("rates", "np.pi * t / T", "np.pi * t / (2 * T)", "Over T epochs the cosine goes half way round; here it goes a quarter.", "cos-quarter"),
    Mistake("rates", "0.5 * alpha0 * (1 + np.cos(np.pi * t / T))", "alpha0 * np.cos(np.pi * t / T)", "A rate is never negative: the cosine is lifted by 1 and halved.", "cos-negative"),
    Mistake("rates", "0.5 * alpha0 * (1 + np.cos(np.pi * t / T))", "alpha0 * np.cos(0.5 * np.pi * t / T)", "The curve starts flat and ends flat; this one ends steep.", "cos-steep"),
    Mistake("rates", "0.5 * alpha0", "0.5", "The schedule starts from alpha0.", "cos-noalpha"),
    Mistake("rates", "np.pi * t / T", "np.pi * (t + 1) / T", "At t = 0 the rate is alpha0; here it is that of t = 1.", "cos-offset"),
    Mistake("rates", "np.pi * t / T", "180 * t / T", "np.cos takes radians, not degrees.", "cos-degrees"),
    Mistake("rates", "0.5 * alpha0 * (1", "0.5 * (alpha0", "alpha0 multiplies the whole sum: mind the brackets.", "cos-brackets"),
    Mistake("rates", "np.pi * t / T", "np.pi * t / t.max()", "The length of the run is T, whatever the largest t is that was asked for.", "cos-max"),
]

# Other right answers, each the text of a whole answer cell.
EQUIVALENTS = {
    "a square": '''\
def cosine_schedule(t, alpha0, T):
    return alpha0 * np.cos(0.5 * np.pi * t / T) ** 2
''',
    "one after the other": '''\
import math


def cosine_schedule(t, alpha0, T):
    return np.array([alpha0 / 2 + alpha0 / 2 * math.cos(now / T * math.pi) for now in t])
''',
}
