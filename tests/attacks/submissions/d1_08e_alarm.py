# D1.8 The call sets an alarm of its own and takes the time limit away.
# expect: TIMEOUT|CRASHED
# %%
import signal


def svm_loss(W, X, y, reg):
    signal.setitimer(signal.ITIMER_REAL, 0)
    for number in range(1, 32):
        try:
            signal.signal(number, signal.SIG_IGN)
        except (OSError, ValueError):
            pass
    while True:
        pass
