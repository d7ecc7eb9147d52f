# D4.36 Files without end, large, many, sparse and deep.
# expect: WRONG|ERROR
# %%
import os

try:
    for i in range(100_000):
        with open(f"file-{i}", "wb") as file:
            file.write(b"x" * 4096)
except OSError:
    pass
try:
    with open("sparse", "wb") as file:
        file.truncate(1 << 40)
    print("a file of a terabyte")
except OSError:
    pass
# %%
# <wrong answer>
