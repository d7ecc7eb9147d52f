"""A filter slid over one channel: reference, hidden cases, known mistakes, equivalents."""

import numpy as np

from flatgrade.core import Case, Mistake


def corr2d(A, W, b):
    rows, columns = W.shape
    Z = np.zeros((A.shape[0] - rows + 1, A.shape[1] - columns + 1))
    for i in range(Z.shape[0]):
        for j in range(Z.shape[1]):
            window = A[i : i + rows, j : j + columns]
            Z[i, j] = np.sum(window * W) + b
    return Z


def cases(rng):
    """Hidden inputs: no two sizes are equal in the generic ones, and no filter looks the same when it is turned."""

    def draw(A, W, b=None):
        return {"A": rng.standard_normal(A), "W": rng.standard_normal(W), "b": float(rng.standard_normal()) if b is None else b}

    return [
        Case("6 x 7 entries, a filter of 2 x 3", draw((6, 7), (2, 3)), generic=True),
        Case("7 x 5 entries, a filter of 3 x 2", draw((7, 5), (3, 2)), generic=True),
        Case("a filter of one entry", draw((4, 3), (1, 1))),
        Case("a filter as large as the input", draw((3, 4), (3, 4))),
        Case("a filter of one row", draw((5, 6), (1, 4))),
        Case("a bias of 0", draw((5, 4), (2, 2), 0.0)),
    ]


MISTAKES = [
    Mistake("Z", "np.sum(window * W)", "np.sum(window * W[::-1, ::-1])", "The filter is turned by 180 degrees. A convolution layer lays it down as it is.", "corr-flipped"),
    Mistake("Z", "np.sum(window * W)", "np.sum(window * W[::-1])", "The filter is turned upside down. Lay it down as it is.", "corr-upside"),
    Mistake("Z", "np.sum(window * W)", "np.sum(window * W[:, ::-1])", "The filter is mirrored from left to right. Lay it down as it is.", "corr-mirrored"),
    Mistake("Z", " + b", "", "The bias is missing: it is added to every entry of Z.", "corr-nobias"),
    Mistake("Z", " + b", " - b", "The bias is added, not subtracted.", "corr-minusbias"),
    Mistake("Z", "np.sum(window * W) + b", "np.sum(window * W + b)", "The bias is added once for each entry of Z, not once for each entry of the filter.", "corr-biasinside"),
    Mistake("Z", "np.sum(window * W)", "np.mean(window * W)", "The products under the filter are added up; this takes their mean.", "corr-mean"),
    Mistake("Z", "np.sum(window * W)", "np.max(window * W)", "The products under the filter are added up; this takes the largest.", "corr-max"),
    Mistake("Z", "np.sum(window * W)", "np.sum(window) * np.sum(W)", "Each entry under the filter has a weight of its own: multiply them one by one before you add.", "corr-sums"),
    Mistake("Z", "np.sum(window * W)", "np.sum(window + W)", "The entries under the filter are multiplied by the weights.", "corr-plus"),
    Mistake("Z", "np.sum(window * W)", "np.sum(window - W)", "The entries under the filter are multiplied by the weights.", "corr-minus"),
    Mistake("Z", "np.sum(window * W)", "np.sum(window)", "This adds up the input under the filter; where do the weights come in?", "corr-noweights"),
    Mistake("Z", "np.sum(window * W)", "np.sum(np.abs(window * W))", "The products keep their signs when they are added up.", "corr-abs"),
    Mistake("Z", "np.sum(window * W) + b", "max(0, np.sum(window * W) + b)", "There is no ReLU here: negative results stay.", "corr-relu"),
    Mistake("Z", "np.sum(window * W)", "np.sum(window * W) / np.sum(W)", "The weights are used as they are: they need not add up to 1.", "corr-normed"),
    Mistake("Z", "A[i : i + rows, j : j + columns]", "A[j % Z.shape[0] : j % Z.shape[0] + rows, i % Z.shape[1] : i % Z.shape[1] + columns]", "Row and column of the window are exchanged.", "corr-ij"),
    Mistake("Z", "A[i : i + rows, j : j + columns]", "A[:rows, :columns]", "The window does not move: its place has to follow the place in Z.", "corr-still"),
    Mistake("Z", "A[i : i + rows, j : j + columns]", "A[i : i + rows, :columns]", "The window does not move to the right.", "corr-nocolumn"),
    Mistake("Z", "A[i : i + rows, j : j + columns]", "A[:rows, j : j + columns]", "The window does not move down.", "corr-norow"),
    Mistake("Z", "    return Z", "    return Z.T", "Z is transposed: entry (i, j) belongs to the window i rows down and j columns to the right.", "corr-transposed"),
    Mistake("Z", "    return Z", "    return Z[::-1, ::-1]", "Z is turned by 180 degrees: entry (0, 0) belongs to the upper left window.", "corr-turned"),
    Mistake("Z", "A.shape[0] - rows + 1, A.shape[1] - columns + 1", "A.shape[0] - rows, A.shape[1] - columns", "How often does a filter of 3 fit on 3? One place is missing in each direction.", "corr-onesmall"),
    Mistake("Z", "    rows, columns = W.shape\n", "    rows, columns = W.shape\n    A = np.pad(A, 1)\n", "There is no padding here: the filter stays inside the input.", "corr-padded"),
    Mistake("Z", "    rows, columns = W.shape\n", "    rows, columns = W.shape\n    W = W / np.linalg.norm(W)\n", "The weights are used as they are, without dividing by their norm.", "corr-unit"),
    Mistake("Z", "Z[i, j] = ", "Z[0, 0] = ", "Every result is written to the same place; each has its own.", "corr-samespot"),
    Mistake("Z", "A.shape[1] - columns + 1))", "A.shape[1] - columns + 1), dtype=int)", "Z holds whole numbers, and what stands behind the point is cut off.", "corr-int"),
    Mistake("Z", "        for j in range(Z.shape[1]):", "        for j in range(Z.shape[1] - 1):", "The last column of Z stays empty: the loop ends too early.", "corr-lastcolumn"),
    Mistake("Z", "    for i in range(Z.shape[0]):", "    for i in range(Z.shape[0] - 1):", "The last row of Z stays empty: the loop ends too early.", "corr-lastrow"),
]

EQUIVALENTS = {
    "one product at a time": '''\
def corr2d(A, W, b):
    H, L = A.shape
    R, S = W.shape
    Z = np.full((H - R + 1, L - S + 1), b, dtype=float)
    for i in range(H - R + 1):
        for j in range(L - S + 1):
            for u in range(R):
                for v in range(S):
                    Z[i, j] += A[i + u, j + v] * W[u, v]
    return Z
''',
    "one weight after the other, on the whole input": '''\
def corr2d(A, W, b):
    H, L = A.shape[0] - W.shape[0] + 1, A.shape[1] - W.shape[1] + 1
    Z = 0
    for u in range(W.shape[0]):
        for v in range(W.shape[1]):
            Z = Z + W[u, v] * A[u : u + H, v : v + L]
    return Z + b
''',
    "windows": '''\
def corr2d(A, W, b):
    windows = np.lib.stride_tricks.sliding_window_view(A, W.shape)
    return np.einsum("ijuv,uv->ij", windows, W) + b
''',
    "a matrix of windows": '''\
def corr2d(A, W, b):
    R, S = W.shape
    H, L = A.shape[0] - R + 1, A.shape[1] - S + 1
    rows = [A[i : i + R, j : j + S].ravel() for i in range(H) for j in range(L)]
    return (np.array(rows) @ W.ravel() + b).reshape(H, L)
''',
    "dot products in lists": '''\
def corr2d(A, W, b):
    R, S = W.shape
    return np.array([
        [np.vdot(A[i : i + R, j : j + S], W) + b for j in range(A.shape[1] - S + 1)]
        for i in range(A.shape[0] - R + 1)
    ])
''',
}
