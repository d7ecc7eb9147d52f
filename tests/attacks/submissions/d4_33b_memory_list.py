# D4.33 Memory is taken piece by piece and touched.
# expect: MEMORY|TIMEOUT
# %%
def svm_loss(W, X, y, reg):
    pieces = []
    while True:
        pieces.append(bytearray(1 << 24))
