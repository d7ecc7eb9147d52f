# D4.34 One call into C that takes hours.
# expect: TIMEOUT
# %%
import re


def svm_loss(W, X, y, reg):
    re.match(r"(a+)+$", "a" * 64 + "b")
    return 0.0, W * 0.0
