# D2.22 The public figures are hard-coded.
# expect: WRONG
# %%
import numpy as np


def svm_loss(W, X, y, reg):
    return 1.58, np.zeros_like(W)
