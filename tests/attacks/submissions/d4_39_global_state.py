# D4.39 Global state is turned over: generators, error handling, inputs.
# expect: WRONG
# %%
import random

import numpy as np

np.random.seed(0)
random.seed(0)
np.seterr(all="raise")


def svm_loss(W, X, y, reg):
    W[:], X[:] = 0.0, 0.0
    return 0.0, W
