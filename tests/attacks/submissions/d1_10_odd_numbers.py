# D1.10 The results are numbers that a careless comparison lets through.
# expect: WRONG
# %%
import numpy as np

CALLS = []


def svm_loss(W, X, y, reg):
    CALLS.append(0)
    odd = [float("nan"), float("inf"), -1.0, 1e308, True, "10", [1.0], np.float64("nan")]
    return odd[len(CALLS) % len(odd)], np.full(W.shape, np.nan)
