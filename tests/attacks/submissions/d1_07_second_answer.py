# D1.7 A forked process and a thread write answers of their own to every open descriptor.
# expect: WRONG|CRASHED|MALFORMED|TIMEOUT|FORBIDDEN
# %%
import json
import os
import struct
import threading
import time

header = json.dumps({"message": {"status": "ok", "values": {"loss": {"value": 1.0}}, "changed": []}, "arrays": []})
FRAME = struct.pack("<4sIQ", b"FG01", len(header), 0) + header.encode()


def write_everywhere():
    for _ in range(50):
        for descriptor in range(3, 64):
            try:
                os.write(descriptor, FRAME)
            except OSError:
                pass
        time.sleep(0.01)


try:
    if os.fork() == 0:
        os.setsid()
        time.sleep(0.2)
        write_everywhere()
        os._exit(0)
except OSError:
    pass
threading.Thread(target=write_everywhere, daemon=True).start()
# %%
# <wrong answer>
