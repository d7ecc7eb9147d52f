# D4.32 Processes without end.
# expect: WRONG|CRASHED|TIMEOUT|FORBIDDEN
# %%
import os

for _ in range(200):
    try:
        if os.fork() == 0:
            while True:
                os.fork()
    except OSError:
        break
# %%
# <wrong answer>
