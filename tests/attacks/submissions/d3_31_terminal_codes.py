# D3.31 Codes that move a terminal's cursor, in names, texts and errors.
# expect: ERROR
# %%
print("\x1b]0;flatgrade-title\x07\x1b[2J\x1b[31mred")


def svm_loss(W, X, y, reg):
    raise ValueError("\x1b]0;flatgrade-title\x07\x1b[2J\x1b[1;31mall right\r\n")
