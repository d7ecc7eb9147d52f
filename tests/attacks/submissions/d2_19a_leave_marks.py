# D2.19 Marks for the next submission are left wherever something can be written.
# expect: WRONG
# %%
import os
import tempfile

PLACES = ["/tmp", "/var/tmp", "/dev/shm", "/run", "..", "../..", os.path.expanduser("~"), tempfile.gettempdir(), "."]
for place in PLACES:
    try:
        with open(os.path.join(place, "flatgrade-mark"), "w") as file:
            file.write("from the first")
    except OSError:
        pass
# %%
# <wrong answer>
