# D1.8 A cell ends the process before the answer is there.
# expect: MISSING|WRONG
# %%
import os

os._exit(0)
# %%
# <wrong answer>
