# D4.34 The process stops itself and never answers.
# expect: TIMEOUT|WRONG|CRASHED
# %%
import os
import signal


def svm_loss(W, X, y, reg):
    os.kill(os.getpid(), signal.SIGSTOP)
    return 0.0, W * 0.0
