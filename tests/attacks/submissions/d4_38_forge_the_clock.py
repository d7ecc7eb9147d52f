# D4.38 Clocks stand still and results are kept from call to call.
# expect: WRONG
# %%
import functools
import time

time.perf_counter = time.monotonic = time.time = lambda: 0.0
KEPT = {}


def svm_loss(W, X, y, reg):
    return KEPT.setdefault("all", (0.0, W * 0.0))
