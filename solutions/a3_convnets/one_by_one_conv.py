"""A convolution with filters of 1 x 1 as a matrix product: reference, hidden cases, mistakes, equivalents."""

from flatgrade.core import Case, Mistake


def one_by_one_conv(x, w, b):
    N, C, H, W = x.shape
    F = w.shape[0]
    rows = x.transpose(0, 2, 3, 1).reshape(N * H * W, C)  # (M, C)
    products = rows @ w.T + b  # (M, F)
    out = products.reshape(N, H, W, F).transpose(0, 3, 1, 2)  # (N, F, H, W)
    return out


def cases(rng):
    """Hidden inputs: no two sizes are equal in the generic ones."""

    def draw(N, C, H, W, F):
        return {
            "x": rng.standard_normal((N, C, H, W)),
            "w": rng.standard_normal((F, C)),
            "b": rng.standard_normal(F),
        }

    return [
        Case("typical sizes", draw(5, 4, 6, 7, 3), generic=True),
        Case("more filters than channels", draw(2, 3, 5, 4, 6), generic=True),
        Case("one example", draw(1, 3, 4, 5, 2)),
        Case("one filter", draw(3, 4, 2, 5, 1)),
        Case("one channel", draw(3, 1, 2, 5, 4)),
        Case("maps of one entry: an ordinary layer", draw(6, 5, 1, 1, 4)),
    ]


_AXES = "reshape keeps the numbers in their order: the channels have to be the last axis before it, so that a row holds the channels of one place."
_BACK = "reshape keeps the numbers in their order: a row holds one place, so the maps come last, and then they have to go to the second axis."

MISTAKES = [
    Mistake("rows", "x.transpose(0, 2, 3, 1).reshape(N * H * W, C)", "x.reshape(N * H * W, C)", _AXES, "one-reshape"),
    Mistake("rows", "x.transpose(0, 2, 3, 1)", "x.transpose(0, 1, 3, 2)", _AXES, "one-wrongaxes"),
    Mistake("rows", "x.transpose(0, 2, 3, 1)", "x.transpose(1, 0, 2, 3)", _AXES, "one-channelsfirst"),
    Mistake("rows", "x.transpose(0, 2, 3, 1)", "x.transpose(0, 3, 2, 1)", "The columns come before the rows here: then they have to be put back in that order, too.", "one-columnsfirst"),
    Mistake("rows", "x.transpose(0, 2, 3, 1)", "x[:, ::-1].transpose(0, 2, 3, 1)", "The channels are in reverse.", "one-reversed"),
    Mistake("products", " + b", "", "The bias is missing: each filter has one.", "one-nobias"),
    Mistake("products", " + b", " - b", "The bias is added, not subtracted.", "one-minusbias"),
    Mistake("products", " + b", " + b.sum()", "Each filter has a bias of its own: they are not added up.", "one-biassum"),
    Mistake("products", " + b", " + b[0]", "Each filter has a bias of its own, and not that of the first.", "one-biasfirst"),
    Mistake("products", "rows @ w.T + b", "np.maximum(0, rows @ w.T + b)", "There is no ReLU here: negative results stay.", "one-relu"),
    Mistake("products", "rows @ w.T", "rows @ w.T / C", "The products are added up over the channels; this takes their mean.", "one-mean"),
    Mistake("products", "rows @ w.T", "rows @ w[::-1].T", "The filters are in reverse.", "one-filtersreversed"),
    Mistake("products", "rows @ w.T", "rows @ w.reshape(C, F)", "reshape does not exchange rows and columns.", "one-wreshape"),
    Mistake("products", "rows @ w.T", "rows[:, :1] @ w[:, :1].T", "The sum runs over all channels, not over the first alone.", "one-onechannel"),
    Mistake("out", "products.reshape(N, H, W, F).transpose(0, 3, 1, 2)", "products.reshape(N, F, H, W)", _BACK, "one-back"),
    Mistake("out", "products.reshape(N, H, W, F).transpose(0, 3, 1, 2)", "products.reshape(N, W, H, F).transpose(0, 3, 2, 1)", "Rows and columns are exchanged on the way back.", "one-backHW"),
    Mistake("out", "products.reshape(N, H, W, F).transpose(0, 3, 1, 2)", "products.T.reshape(N, F, H, W)", "The examples come before the maps: here the numbers of different examples are mixed.", "one-mixed"),
    Mistake("out", "products.reshape(N, H, W, F).transpose(0, 3, 1, 2)", "products.reshape(N, H, W, F)", "The maps are the last axis here; they belong behind the examples.", "one-last"),
    Mistake("out", "products.reshape(N, H, W, F).transpose(0, 3, 1, 2)", "products", "These are rows, one for each place; put them back into maps.", "one-rows"),
]

EQUIVALENTS = {
    "einsum": '''\
def one_by_one_conv(x, w, b):
    return np.einsum("nchw,fc->nfhw", x, w) + b[:, None, None]
''',
    "a product for each example": '''\
def one_by_one_conv(x, w, b):
    N, C, H, W = x.shape
    out = np.stack([w @ picture.reshape(C, H * W) + b[:, None] for picture in x])
    return out.reshape(N, len(w), H, W)
''',
    "moveaxis": '''\
def one_by_one_conv(x, w, b):
    last = np.moveaxis(x, 1, -1)
    return np.moveaxis(last @ w.T + b, -1, 1)
''',
    "channel by channel": '''\
def one_by_one_conv(x, w, b):
    out = np.zeros((x.shape[0], w.shape[0], x.shape[2], x.shape[3]))
    for f in range(w.shape[0]):
        out[:, f] = b[f]
        for c in range(x.shape[1]):
            out[:, f] += w[f, c] * x[:, c]
    return out
''',
    "other names": '''\
def one_by_one_conv(x, w, b):
    N, C, H, W = x.shape
    pixels = x.transpose(0, 2, 3, 1).reshape(-1, C)
    scores = pixels.dot(w.transpose())
    scores = scores + b.reshape(1, -1)
    return scores.reshape(N, H, W, -1).transpose(0, 3, 1, 2)
''',
}
