"""The learning rate over the root of the epoch: reference, hidden cases, known mistakes, equivalents."""

import numpy as np

from flatgrade.core import Case, Mistake


def inverse_sqrt_schedule(t, alpha0):
    rates = alpha0 / np.sqrt(np.maximum(t, 1))  # (K,)
    return rates


def cases(rng):
    """Hidden inputs. Only the generic ones name mistakes; the others decide verdicts."""

    def draw(t):
        return {"t": np.array(t), "alpha0": rng.uniform(0.2, 0.8)}

    return [
        Case("typical sizes", draw(rng.integers(2, 60, 17)), generic=True),
        Case("t = 0 among others", draw(rng.permutation(24)), generic=True),
        Case("t = 0", draw([0])),
        Case("t = 0 and t = 1", draw([0, 1])),
    ]


MISTAKES = [
    Mistake("rates", "np.maximum(t, 1)", "t", "At t = 0 this divides by 0; there the rate is alpha0.", "isqrt-zero"),
    Mistake("rates", "np.maximum(t, 1)", "(t + 1)", "The root is that of t, not of t + 1; only t = 0 is treated apart.", "isqrt-plus1"),
    Mistake("rates", "np.sqrt(np.maximum(t, 1))", "np.maximum(t, 1)", "The rate is divided by the root of t, not by t.", "isqrt-noroot"),
    Mistake("rates", "np.sqrt(np.maximum(t, 1))", "np.maximum(t, 1)**2", "The rate is divided by the root of t, not by its square.", "isqrt-square"),
    Mistake("rates", "alpha0 / np", "alpha0 * np", "The rate falls: it is divided by the root.", "isqrt-times"),
    Mistake("rates", "alpha0 / np", "1 / np", "The schedule starts from alpha0.", "isqrt-noalpha"),
    Mistake("rates", "alpha0 / np.sqrt(np.maximum(t, 1))", "np.sqrt(alpha0 / np.maximum(t, 1))", "The root is that of t only.", "isqrt-both"),
    Mistake("rates", "np.maximum(t, 1)", "np.maximum(t, 1e-8)", "At t = 0 the rate is alpha0; here it is thousands of times larger.", "isqrt-tiny"),
    Mistake("rates", "alpha0 / np.sqrt(np.maximum(t, 1))", "alpha0 / np.sqrt(np.maximum(t, 1)) * (t > 0)", "At t = 0 the rate is alpha0, not 0.", "isqrt-start0"),
]

# Other right answers, each the text of a whole answer cell.
EQUIVALENTS = {
    "a choice": '''\
def inverse_sqrt_schedule(t, alpha0):
    return np.where(t == 0, alpha0, alpha0 * np.maximum(t, 1) ** -0.5)
''',
    "entries that are set": '''\
def inverse_sqrt_schedule(t, alpha0):
    rates = np.full(len(t), alpha0)
    rates[t > 0] /= np.sqrt(t[t > 0])
    return rates
''',
    "one after the other": '''\
def inverse_sqrt_schedule(t, alpha0):
    return np.array([alpha0 if now < 1 else alpha0 / np.sqrt(now) for now in t])
''',
}
