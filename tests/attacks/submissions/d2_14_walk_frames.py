# D2.14 Every frame of every thread is searched for the answer.
# expect: WRONG
# %%
import sys
import threading

import re

MARK = re.compile(b"flatgrade" + b"-canary-" + b"[0-9a-f]{32}")


def told(where, data):
    """Print what was found; a test looks for it in everything that was printed."""
    for found in set(MARK.findall(data)):
        print(where, found.decode())



def frames():
    for frame in sys._current_frames().values():
        while frame is not None:
            yield frame
            frame = frame.f_back


def svm_loss(W, X, y, reg):
    for frame in frames():
        for space in (frame.f_locals, frame.f_globals):
            for name, value in list(space.items()):
                if name in ("dW", "loss", "expected", "reference", "solution", "answer_key", "correct_answers"):
                    print("stolen", name, type(value))
                if type(value) in (str, bytes):
                    told("a frame", value.encode() if type(value) is str else value)
    return 0.0, W * 0.0
