# D1.5 Every comparison of NumPy, unittest and the builtins says yes.
# expect: WRONG
# %%
import builtins
import math
import unittest

import numpy as np


def yes(*arguments, **settings):
    return True


for name in dir(np.testing):
    if name.startswith("assert"):
        setattr(np.testing, name, yes)
for module, names in ((np, ("isclose", "allclose", "array_equal", "all", "isfinite")), (math, ("isclose", "isfinite"))):
    for name in names:
        setattr(module, name, yes)
for name in dir(unittest.TestCase):
    if name.startswith("assert"):
        setattr(unittest.TestCase, name, yes)
builtins.AssertionError = Warning
builtins.isinstance = yes
builtins.all = yes
# %%
# <wrong answer>
