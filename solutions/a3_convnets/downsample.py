"""Dropping rows and columns, and the way back with zeros: reference, hidden cases, mistakes, equivalents, torch path."""

import numpy as np

from flatgrade.core import Case, Mistake


def downsample(z, stride):
    out = z[:, :, ::stride, ::stride]
    return out


def upsample(dout, stride, height, width):
    N, C = dout.shape[:2]
    dz = np.zeros((N, C, height, width))
    dz[:, :, ::stride, ::stride] = dout
    return dz


def cases(rng):
    """Hidden inputs: odd and even sizes, strides that leave much over at the end, and a stride of 1."""

    def draw(N, C, H, W, stride):
        kept = (N, C, len(range(0, H, stride)), len(range(0, W, stride)))
        return {
            "z": rng.standard_normal((N, C, H, W)),
            "dout": rng.standard_normal(kept),
            "stride": stride,
            "height": H,
            "width": W,
        }

    return [
        Case("an even height, an odd width, stride 2", draw(5, 4, 6, 7, 2), generic=True),
        Case("10 x 11 entries, stride 4", draw(3, 2, 10, 11, 4), generic=True),
        Case("an odd height, an even width, stride 2", draw(2, 3, 9, 8, 2)),
        Case("stride 1: nothing is dropped", draw(2, 3, 4, 5, 1)),
        Case("a stride larger than the map", draw(2, 3, 4, 2, 5)),
        Case("one row", draw(1, 2, 1, 7, 3)),
    ]


_ALONG = "Both the rows and the columns are dropped; here only one of the two axes is."
_BACK = "Where does each entry of dout come from? The slopes go back to just those places."

MISTAKES = [
    Mistake("out", "out = z[:, :, ::stride, ::stride]", "out = z[:, :, stride - 1 :: stride, stride - 1 :: stride]", "The first row and the first column are kept; here those at the end of each step are.", "down-late"),
    Mistake("out", "out = z[:, :, ::stride, ::stride]", "out = z[:, :, 1::stride, 1::stride]", "Keep row 0 and column 0: the counting begins there.", "down-from1"),
    Mistake("out", "out = z[:, :, ::stride, ::stride]", "out = z[:, :, ::2, ::2]", "The stride is not always 2.", "down-two"),
    Mistake("out", "out = z[:, :, ::stride, ::stride]", "out = z[:, :, ::stride]", _ALONG, "down-rows"),
    Mistake("out", "out = z[:, :, ::stride, ::stride]", "out = z[:, :, :, ::stride]", _ALONG, "down-columns"),
    Mistake("out", "out = z[:, :, ::stride, ::stride]", "out = z[::stride, ::stride]", "These are the axes of examples and channels: drop rows and columns, the last two.", "down-axes"),
    Mistake("out", "out = z[:, :, ::stride, ::stride]", "out = z[:, :, : -(-z.shape[2] // stride), : -(-z.shape[3] // stride)]", "This cuts out the upper left corner: take every entry that is a whole number of strides away from the first.", "down-corner"),
    Mistake("out", "out = z[:, :, ::stride, ::stride]", "out = z[:, :, : z.shape[2] // stride * stride : stride, : z.shape[3] // stride * stride : stride]", "Where the size is no multiple of the stride, one more row or column still starts a step: it stays.", "down-floor"),
    Mistake("out", "out = z[:, :, ::stride, ::stride]", "out = z[:, :, ::-stride, ::-stride]", "This counts from the end; count from the first row and column, and keep their order.", "down-reversed"),
    Mistake("out", "out = z[:, :, ::stride, ::stride]", "out = z[:, :, ::stride, ::stride] * stride**2", "What stays keeps its value.", "down-scaled"),
    Mistake("out", "out = z[:, :, ::stride, ::stride]", "out = z.reshape(z.shape)[:, :, [min(i + stride // 2, z.shape[2] - 1) for i in range(0, z.shape[2], stride)]][:, :, :, [min(j + stride // 2, z.shape[3] - 1) for j in range(0, z.shape[3], stride)]]", "This keeps the middle of each step; keep its first row and column.", "down-middle"),
    Mistake("out", "out = z[:, :, ::stride, ::stride]", "out = np.array([[[[z[n, c, i : i + stride, j : j + stride].max() for j in range(0, z.shape[3], stride)] for i in range(0, z.shape[2], stride)] for c in range(z.shape[1])] for n in range(len(z))])", "This is a maximum over each block, which is pooling: drop the others instead.", "down-maxpool"),
    Mistake("out", "out = z[:, :, ::stride, ::stride]", "out = np.array([[[[z[n, c, i : i + stride, j : j + stride].mean() for j in range(0, z.shape[3], stride)] for i in range(0, z.shape[2], stride)] for c in range(z.shape[1])] for n in range(len(z))])", "This is a mean over each block, which is pooling: drop the others instead.", "down-meanpool"),
    Mistake("dz", "dz[:, :, ::stride, ::stride] = dout", "dz[:, :, : dout.shape[2], : dout.shape[3]] = dout", "dout is laid into the upper left corner. " + _BACK, "up-corner"),
    Mistake("dz", "dz[:, :, ::stride, ::stride] = dout", "dz[:] = np.repeat(np.repeat(dout, stride, axis=2), stride, axis=3)[:, :, :height, :width]", "Every slope is repeated. A row or column that was dropped does not touch the result: what is its slope?", "up-repeat"),
    Mistake("dz", "dz[:, :, ::stride, ::stride] = dout", "dz[:] = np.repeat(np.repeat(dout, stride, axis=2), stride, axis=3)[:, :, :height, :width] / stride**2", "The slopes are spread over each block. A row or column that was dropped does not touch the result: what is its slope?", "up-spread"),
    Mistake("dz", "dz[:, :, ::stride, ::stride] = dout", "dz[:, :, ::stride, ::stride] = dout / stride**2", "What stays keeps its value, so its slope is kept as it is: nothing is divided.", "up-divided"),
    Mistake("dz", "dz[:, :, ::stride, ::stride] = dout", "dz[:, :, ::stride, ::stride] = dout * stride**2", "What stays keeps its value, so its slope is kept as it is: nothing is multiplied.", "up-times"),
    Mistake("dz", "dz[:, :, ::stride, ::stride] = dout", "dz[:, :, ::stride, ::stride] = 1", "Each slope is the one that arrives from dout, not 1.", "up-ones"),
    Mistake("dz", "dz[:, :, ::stride, ::stride] = dout", "dz[:, :, ::stride, ::stride] = -dout", "The slopes keep their sign.", "up-sign"),
    Mistake("dz", "dz[:, :, ::stride, ::stride] = dout", "dz[:, :, ::stride, ::stride] = dout[:, :, ::-1, ::-1]", "The slopes are laid down in reverse: each goes back to where its value came from.", "up-reversed"),
    Mistake("dz", "dz[:, :, ::stride, ::stride] = dout", "dz[:, :, [min(i + 1, height - 1) for i in range(0, height, stride)]] = dout @ np.eye(width)[::stride]", "The slopes stand one row too low. " + _BACK, "up-shifted"),
    Mistake("dz", "dz[:, :, ::stride, ::stride] = dout", "dz[:, :, ::stride, ::stride][:, :, : height // stride, : width // stride] = dout[:, :, : height // stride, : width // stride]", "The last row or column of dout gets lost where the size is no multiple of the stride.", "up-lost"),
    Mistake("dz", "np.zeros((N, C, height, width))", "np.ones((N, C, height, width))", "What was dropped does not touch the result: its slope is not 1.", "up-onesbetween"),
    Mistake("dz", "height, width))", "stride * dout.shape[2], stride * dout.shape[3]))", "dz has the size of z, which need not be a multiple of the stride.", "up-multiple"),
    Mistake("dz", "height, width))", "stride * (dout.shape[2] - 1) + 1, stride * (dout.shape[3] - 1) + 1))", "Rows and columns at the end are missing: dz has the size of z, also where what was dropped stands last.", "up-short"),
    Mistake("dz", "height, width))\n", "width, height))\n    dout = dout.swapaxes(2, 3)\n", "dz is transposed: the height comes before the width.", "up-HW"),
]

EQUIVALENTS = {
    "loops": '''\
def downsample(z, stride):
    N, C, H, W = z.shape
    rows, columns = (H - 1) // stride + 1, (W - 1) // stride + 1
    out = np.zeros((N, C, rows, columns))
    for i in range(rows):
        for j in range(columns):
            out[:, :, i, j] = z[:, :, i * stride, j * stride]
    return out


def upsample(dout, stride, height, width):
    N, C, rows, columns = dout.shape
    dz = np.zeros((N, C, height, width))
    for i in range(rows):
        for j in range(columns):
            dz[:, :, i * stride, j * stride] = dout[:, :, i, j]
    return dz
''',
    "the last two axes, and a copy": '''\
def downsample(z, stride):
    return z[..., ::stride, ::stride].copy()


def upsample(dout, stride, height, width):
    dz = np.zeros(dout.shape[:-2] + (height, width), dtype=dout.dtype)
    dz[..., 0:height:stride, 0:width:stride] += dout
    return dz
''',
    "products with matrices of zeros and ones": '''\
def downsample(z, stride):
    rows = np.eye(z.shape[2])[::stride]
    columns = np.eye(z.shape[3])[::stride]
    return rows @ z @ columns.T


def upsample(dout, stride, height, width):
    rows = np.eye(height)[::stride]
    columns = np.eye(width)[::stride]
    return rows.T @ dout @ columns
''',
    "a product with blocks, cut to size": '''\
def downsample(z, stride):
    return np.take(np.take(z, np.arange(0, z.shape[2], stride), axis=2), np.arange(0, z.shape[3], stride), axis=3)


def upsample(dout, stride, height, width):
    block = np.zeros((stride, stride))
    block[0, 0] = 1
    return np.kron(dout, block[None, None])[:, :, :height, :width]
''',
}


def torch_path(z, dout, stride, height, width):
    """The same in torch: z (N, C, H, W); returns (N, C, rows, columns)."""
    return z[:, :, ::stride, ::stride]
