# D4.37 Threads by the hundred.
# expect: WRONG|MEMORY|ERROR|TIMEOUT|FORBIDDEN
# %%
import threading
import time


def svm_loss(W, X, y, reg):
    for _ in range(2000):
        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
    return 0.0, W * 0.0
