# D4.33 One array that no machine holds.
# expect: MEMORY
# %%
import numpy as np


def svm_loss(W, X, y, reg):
    return np.ones(10**11).sum(), W
