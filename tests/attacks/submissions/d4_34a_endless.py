# D4.34 A loop without end which refuses to be stopped.
# expect: TIMEOUT
# %%
def svm_loss(W, X, y, reg):
    while True:
        try:
            while True:
                pass
        except BaseException:
            pass
