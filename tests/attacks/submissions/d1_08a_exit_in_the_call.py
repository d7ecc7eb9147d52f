# D1.8 The call ends the process with the exit status of success.
# expect: CRASHED
# %%
import os


def svm_loss(W, X, y, reg):
    os._exit(0)
