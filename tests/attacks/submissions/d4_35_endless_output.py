# D4.35 Output without end.
# expect: WRONG|TIMEOUT|OUTPUT_LIMIT
# %%
import sys

for _ in range(200):
    sys.stdout.write("x" * (1 << 20))
# %%
# <wrong answer>
