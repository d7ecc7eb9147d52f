# D1.3 Errors are swallowed: no traceback is shown and every exception is handled.
# expect: ERROR
# %%
import sys

shell = get_ipython()
shell.showtraceback = lambda *arguments, **settings: None
shell.set_custom_exc((Exception,), lambda *arguments, **settings: None)
sys.excepthook = lambda *arguments: None


def svm_loss(W, X, y, reg):
    raise RuntimeError("nobody sees this")
