# D4.34 A sleep of years.
# expect: TIMEOUT
# %%
import time


def svm_loss(W, X, y, reg):
    time.sleep(1e9)
