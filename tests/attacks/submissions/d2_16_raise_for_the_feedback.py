# D2.16 The call raises with its inputs and locals, so that feedback shows the hidden case.
# expect: ERROR
# %%
def svm_loss(W, X, y, reg):
    raise ValueError("hidden inputs " + "".join(f"{float(x):.3f} " for x in X.ravel()))
