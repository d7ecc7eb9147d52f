# D1.8 The call raises SystemExit(0), and a hook at exit prints a score.
# expect: ERROR
# %%
import atexit
import sys

atexit.register(print, '{"score": 100}')


def svm_loss(W, X, y, reg):
    sys.exit(0)
