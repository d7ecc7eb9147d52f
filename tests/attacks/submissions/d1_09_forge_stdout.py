# D1.9 Scores and frames are printed to every stream.
# expect: WRONG
# %%
import os
import sys

for text in ('{"score": 100, "max_score": 100}', "OK", "FG01", "PASS 10/10"):
    print(text)
    print(text, file=sys.stderr)
    for descriptor in (1, 2):
        try:
            os.write(descriptor, text.encode())
        except OSError:
            pass
# %%
# <wrong answer>
