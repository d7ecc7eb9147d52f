# D1.8 The call aborts the process.
# expect: CRASHED
# %%
import os


def svm_loss(W, X, y, reg):
    os.abort()
