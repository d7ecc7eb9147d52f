# D1.4 The results are objects that are equal to everything.
# expect: WRONG
# %%
import numpy as np


class Anything(np.ndarray):
    def __eq__(self, other):
        return np.True_

    def __sub__(self, other):
        return np.zeros(np.shape(other))

    def __rsub__(self, other):
        return np.zeros(np.shape(other))

    def __array__(self, dtype=None, copy=None):
        return np.zeros(self.shape)

    def __array_ufunc__(self, ufunc, method, *inputs, **settings):
        return np.True_

    def __array_function__(self, function, types, arguments, settings):
        return True

    def __float__(self):
        return 0.0


class Number(float):
    def __eq__(self, other):
        return True

    def __sub__(self, other):
        return 0.0

    __rsub__ = __sub__
    __hash__ = float.__hash__


def svm_loss(W, X, y, reg):
    return Number(0.0), np.zeros_like(W).view(Anything)
