"""How often each colour occurs: reference, hidden cases, known mistakes, equivalents."""

import numpy as np

from flatgrade.core import Case, Mistake


def color_histogram(image, bins):
    H, W = image.shape[:2]
    index = np.minimum((image * bins).astype(int), bins - 1)  # (H, W, K)
    counts = (index[:, :, :, None] == np.arange(bins)).sum(axis=(0, 1))  # (K, B)
    histogram = (counts / (H * W)).ravel()  # (F,)
    return histogram


def cases(rng):
    """Hidden inputs. Values lie within the intervals, where rounding decides nothing, or at 1, the upper end."""

    def draw(H, W, bins, ones=3, low=0.0, high=1.0):
        image = rng.uniform(low, high, (H, W, 3))
        inside = 0.02 + 0.96 * (image * bins % 1)  # keep away from the borders of the intervals
        image = (np.floor(image * bins) + inside) / bins
        image.flat[rng.permutation(image.size)[:ones]] = 1.0
        return {"image": image, "bins": bins}

    return [
        Case("typical sizes", draw(11, 7, 5), generic=True),
        Case("a dark picture with bright dots", draw(9, 13, 8, ones=7, low=0.1, high=0.6), generic=True),
        Case("one pixel", draw(1, 1, 4, ones=0)),
        Case("one bin", draw(5, 4, 1)),
        Case("no value of 1", draw(8, 6, 6, ones=0)),
        Case("a grey picture of one brightness", {"image": np.full((6, 5, 3), 0.37), "bins": 4}),
    ]


MISTAKES = [
    Mistake("index", "image * bins", "image * (bins - 1)", "The range 0 .. 1 is cut into bins intervals, so the width of each is 1 / bins.", "hist-binsless1"),
    Mistake("index", "(image * bins).astype(int)", "np.round(image * bins).astype(int)", "An interval is found by rounding down, not to the nearest number.", "hist-round"),
    Mistake("index", "(image * bins).astype(int)", "np.ceil(image * bins).astype(int)", "An interval is found by rounding down; this rounds up, so the first one stays empty.", "hist-ceil"),
    Mistake("index", "np.minimum((image * bins).astype(int), bins - 1)", "(image * bins).astype(int) % bins", "A value of 1 belongs to the last interval; here it falls into the first.", "hist-wrap"),
    Mistake("index", "(image * bins)", "((image - image.min()) / (np.ptp(image) + 1e-12) * bins)", "The intervals are those of 0 .. 1 for all pictures, not of the values that this one happens to have.", "hist-range"),
    Mistake("index", "(image * bins)", "(np.where(np.ptp(image, axis=(0, 1)) > 0, (image - image.min(axis=(0, 1))) / np.maximum(np.ptp(image, axis=(0, 1)), 1e-300), 0.5) * bins)", "The intervals are those of 0 .. 1 for each colour, not of the values that it happens to have in this picture.", "hist-channelrange"),
    Mistake("index", "image * bins", "image / bins", "An interval is 1 / bins wide: how many of them fit below a value?", "hist-divide"),
    Mistake("index", "image * bins", "image.mean(axis=2, keepdims=True) * np.ones(3) * bins", "The three colours are counted apart; this counts their mean three times.", "hist-grey"),
    Mistake("index", "bins - 1)", "bins - 2)", "The last interval has the number bins - 1, since the first has 0; this merges two.", "hist-lastmerged"),
    Mistake("counts", "index[:, :, :, None]", "index[:, :, [0, 0, 0], None]", "All three rows count the first colour.", "hist-redonly"),
    Mistake("counts", "index[:, :, :, None]", "index[:, :, ::-1, None]", "The order is red, green, blue, as in the picture; this is the other way round.", "hist-bgr"),
    Mistake("counts", ".sum(axis=(0, 1))", ".sum(axis=(0, 1, 2)) * np.ones((3, 1))", "Each row counts one colour; here each counts all three together.", "hist-together"),
    Mistake("counts", ".sum(axis=(0, 1))", ".max(axis=(0, 1))", "Count how often each interval occurs, not whether it does.", "hist-presence"),
    Mistake("counts", "None] == np", "None] <= np", "Each entry counts its own interval, without those below it.", "hist-cumulative"),
    Mistake("counts", "None] == np", "None] >= np", "Each entry counts its own interval, without those above it.", "hist-fromabove"),
    Mistake("histogram", "counts / (H * W)", "counts", "Divide by the number of pixels, so that large and small pictures can be compared.", "hist-nonorm"),
    Mistake("histogram", "counts / (H * W)", "counts / image.size", "Each colour adds up to 1 by itself: divide by the number of pixels, not by that of all values.", "hist-size"),
    Mistake("histogram", "counts / (H * W)", "counts / (H * W) * bins", "Shares, not densities: the bins of a colour add up to 1.", "hist-density"),
    Mistake("histogram", "counts / (H * W)", "counts / counts.max()", "Divide by the number of pixels, not by the largest count.", "hist-max"),
    Mistake("histogram", "counts / (H * W)", "counts / np.linalg.norm(counts)", "Divide by the number of pixels, not by the length of the vector.", "hist-length"),
    Mistake("histogram", "counts / (H * W)", "counts / H", "A picture has H times W pixels.", "hist-rows"),
    Mistake("histogram", ".ravel()", ".T.ravel()", "All bins of red come first, then green, then blue; here the colours alternate.", "hist-interleaved"),
]

EQUIVALENTS = {
    "np.histogram with its range": '''\
def color_histogram(image, bins):
    parts = []
    for k in range(3):
        counts, _ = np.histogram(image[:, :, k], bins=bins, range=(0, 1))
        parts.append(counts / image[:, :, k].size)
    return np.concatenate(parts)
''',
    "counted by bincount": '''\
def color_histogram(image, bins):
    H, W, K = image.shape
    index = np.clip(np.floor(image * bins), 0, bins - 1).astype(int)
    counts = np.stack([np.bincount(index[:, :, k].ravel(), minlength=bins) for k in range(K)])
    histogram = counts.reshape(-1) / (H * W)
    return histogram
''',
    "pixel by pixel": '''\
def color_histogram(image, bins):
    H, W, K = image.shape
    histogram = np.zeros(K * bins)
    for i in range(H):
        for j in range(W):
            for k in range(K):
                b = int(image[i, j, k] * bins)
                if b == bins:
                    b = bins - 1
                histogram[k * bins + b] += 1 / (H * W)
    return histogram
''',
}
