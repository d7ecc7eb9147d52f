# D3.23 Objects whose unpickling runs code are returned, printed and shown.
# expect: WRONG
# %%
import os
import pickle


class Bomb:
    def __reduce__(self):
        return os.system, ("touch <pwned>",)

    def _repr_png_(self):
        return pickle.dumps(self)

    def _repr_html_(self):
        return "<script>alert(1)</script>"

    def __repr__(self):
        return repr(pickle.dumps(self))


Bomb()


def svm_loss(W, X, y, reg):
    return Bomb(), pickle.dumps(Bomb())
