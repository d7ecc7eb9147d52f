# D2.20 The answer is imported instead of written.
# expect: WRONG
# %%
import importlib
import sys

sys.path += ["<course>", "<course>/solutions", "<course>/solutions/a1_flat_backprop"]
for name in ("solutions", "svm_loss", "flatgrade.grader.reference", "flatgrade.grader.judge", "flatgrade.course.collect"):
    try:
        importlib.import_module(name)
        print("imported", name)
    except (ImportError, OSError):
        pass
# %%
# <wrong answer>
