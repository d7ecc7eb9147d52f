# D2.19 The marks of another submission are looked for.
# expect: WRONG
# %%
import os
import tempfile

PLACES = ["/tmp", "/var/tmp", "/dev/shm", "/run", "..", "../..", os.path.expanduser("~"), tempfile.gettempdir(), "."]
for place in PLACES:
    if os.path.exists(os.path.join(place, "flatgrade-mark")):
        print("a mark of another submission in", place)
# %%
# <wrong answer>
