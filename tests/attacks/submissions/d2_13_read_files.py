# D2.13 Every file that can be reached is searched for what is secret.
# expect: WRONG
# %%
import os

import re

MARK = re.compile(b"flatgrade" + b"-canary-" + b"[0-9a-f]{32}")


def told(where, data):
    """Print what was found; a test looks for it in everything that was printed."""
    for found in set(MARK.findall(data)):
        print(where, found.decode())


COUNT = 0
for top in ("<course>", "/work", "/home", "/root", "/tmp", "/var", "/etc", "/dev/shm", "/proc/self", "/proc/1", "."):
    for place, folders, names in os.walk(top):
        for name in names:
            COUNT += 1
            if COUNT > 20_000:
                break
            try:
                with open(os.path.join(place, name), "rb", buffering=0) as file:
                    told(place, file.read(1 << 20) or b"")
            except OSError:
                pass
for folder in ("<course>/solutions", "<course>/.flatgrade", "<course>/submitted", "<course>/source"):
    try:
        print("listed", os.listdir(folder))
    except OSError:
        pass
# %%
# <wrong answer>
