"""A fully connected layer as a convolution: reference, hidden cases, known mistakes, equivalents."""

from flatgrade.core import Case, Mistake


def fully_connected_as_conv(w, C, H, W):
    filters = w.T.reshape(-1, C, H, W)
    return filters


def cases(rng):
    """Hidden inputs: no two sizes are equal in the generic ones."""

    def draw(C, H, W, M):
        return {"w": rng.standard_normal((C * H * W, M)), "C": C, "H": H, "W": W}

    return [
        Case("typical sizes", draw(3, 4, 5, 7), generic=True),
        Case("more rows than columns", draw(2, 6, 3, 5), generic=True),
        Case("one channel", draw(1, 4, 3, 6)),
        Case("pictures of one entry", draw(5, 1, 1, 3)),
        Case("one unit", draw(3, 2, 4, 1)),
    ]


_FORM = "w.T.reshape(-1, C, H, W)"
MISTAKES = [
    Mistake("filters", _FORM, "w.reshape(-1, C, H, W)", "A unit of the layer is a column of w, and reshape reads row after row: here the units are mixed.", "fc-noT"),
    Mistake("filters", _FORM, "w.T.reshape(-1, H, W, C).transpose(0, 3, 1, 2)", "The rows of x were made of channels, then rows, then columns: the same order has to come back.", "fc-channelslast"),
    Mistake("filters", _FORM, "w.T.reshape(-1, C, W, H).transpose(0, 1, 3, 2)", "Rows and columns are exchanged: a row of x was made with the columns as the fastest.", "fc-WH"),
    Mistake("filters", _FORM, "w.T.reshape(-1, C, W, H)", "The filters have W rows and H columns: exchange them.", "fc-shape"),
    Mistake("filters", _FORM, "w.T.reshape(-1, C, H, W)[:, :, ::-1, ::-1]", "The filters are turned; a convolution layer lays them down as they are.", "fc-turned"),
    Mistake("filters", _FORM, "w.T.reshape(-1, C, H, W)[:, ::-1]", "The channels are in reverse.", "fc-reversed"),
    Mistake("filters", _FORM, "w.reshape(C, H, W, -1)", "The units are the last axis here: the filters come first.", "fc-unitslast"),
    Mistake("filters", _FORM, "w.T", "Each row is one filter; give it its channels, rows and columns back.", "fc-flat"),
    Mistake("filters", _FORM, "w.T.reshape(-1, 1, C * H, W)", "The channels are an axis of their own.", "fc-onechannel"),
    Mistake("filters", _FORM, "w.T.reshape(-1, C, H, W) / (H * W)", "The weights stay what they are: a convolution adds up, it takes no mean.", "fc-mean"),
]

EQUIVALENTS = {
    "axes moved at the end": '''\
def fully_connected_as_conv(w, C, H, W):
    return np.moveaxis(w.reshape(C, H, W, -1), -1, 0)
''',
    "unit by unit": '''\
def fully_connected_as_conv(w, C, H, W):
    return np.stack([w[:, m].reshape(C, H, W) for m in range(w.shape[1])])
''',
    "entry by entry": '''\
def fully_connected_as_conv(w, C, H, W):
    filters = np.zeros((w.shape[1], C, H, W))
    for c in range(C):
        for i in range(H):
            for j in range(W):
                filters[:, c, i, j] = w[(c * H + i) * W + j]
    return filters
''',
}
