# D2.15 All objects and all readable memory of the process are searched.
# expect: WRONG
# %%
import gc

import re

MARK = re.compile(b"flatgrade" + b"-canary-" + b"[0-9a-f]{32}")


def told(where, data):
    """Print what was found; a test looks for it in everything that was printed."""
    for found in set(MARK.findall(data)):
        print(where, found.decode())


for item in gc.get_objects():
    if type(item) in (dict, list, tuple):
        for value in list(item.values()) if type(item) is dict else item:
            if type(value) in (str, bytes):
                told("the heap", value.encode("utf-8", "replace") if type(value) is str else value)
try:
    with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb", buffering=0) as memory:
        for line in maps:
            bounds, rights, *_ = line.split()
            start, end = (int(part, 16) for part in bounds.split("-"))
            if rights.startswith("r") and end - start < 1 << 28:
                memory.seek(start)
                told("memory", memory.read(end - start) or b"")
except OSError:
    pass
# %%
# <wrong answer>
