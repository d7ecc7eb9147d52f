"""A histogram of gradients, 8 x 8 cells and 9 directions: reference, hidden cases, known mistakes, equivalents."""

import numpy as np

from flatgrade.core import Case, Mistake


def hog(image):
    H, W = image.shape
    R, Q = H // 8, W // 8  # rows and columns of cells
    padded = np.pad(image, 1, mode="edge")  # (H + 2, W + 2)
    gy = padded[2:, 1:-1] - padded[:-2, 1:-1]  # (H, W)
    gx = padded[1:-1, 2:] - padded[1:-1, :-2]  # (H, W)
    magnitude = np.sqrt(gx**2 + gy**2)  # (H, W)
    angle = np.degrees(np.arctan2(gy, gx)) % 180  # (H, W)
    bins = (angle // 20).astype(int) % 9  # (H, W)
    cells = np.zeros((R, Q, 9))  # (R, Q, B)
    for k in range(9):
        votes = (magnitude * (bins == k))[: 8 * R, : 8 * Q]
        cells[:, :, k] = votes.reshape(R, 8, Q, 8).sum(axis=(1, 3))
    feature = cells.ravel() / (np.linalg.norm(cells) + 1e-12)  # (F,)
    return feature


def cases(rng):
    """Hidden inputs: random grey values, so that no direction lies at the border of two bins."""
    smooth = rng.standard_normal((24, 16)).cumsum(axis=0).cumsum(axis=1)
    return [
        Case("a picture of three by five cells", {"image": rng.random((24, 40))}, generic=True),
        Case("a smooth picture", {"image": smooth / np.abs(smooth).max()}, generic=True),
        Case("rows and columns left over", {"image": rng.random((20, 29))}, generic=True),
        Case("one cell", {"image": rng.random((8, 8))}),
        Case("a picture of one brightness", {"image": np.full((16, 8), 0.37)}),
        Case("brightness from 0 to 255", {"image": 255 * rng.random((16, 24))}),
    ]


MISTAKES = [
    Mistake("gy", "padded[2:, 1:-1] - padded[:-2, 1:-1]", "padded[:-2, 1:-1] - padded[2:, 1:-1]", "The sign of gy is turned: it is positive where the picture gets brighter downwards.", "hog-gysign"),
    Mistake("gy", "- padded[:-2, 1:-1]", "- padded[1:-1, 1:-1]", "The difference is between the neighbours on both sides of a pixel, not between one of them and the pixel.", "hog-gyforward"),
    Mistake("gy", "padded[2:, 1:-1] - padded[:-2, 1:-1]", "padded[1:-1, 2:] - padded[1:-1, :-2]", "gy compares the pixels above and below, gx those to the left and right.", "hog-gyisgx"),
    Mistake("gy", "padded[2:, 1:-1] - padded[:-2, 1:-1]", "padded[2:, 1:-1] + padded[:-2, 1:-1]", "gy is the difference of two neighbours, not their sum.", "hog-gyplus"),
    Mistake("gy", "padded[2:, 1:-1] - padded[:-2, 1:-1]", "(padded[2:, 1:-1] - padded[:-2, 1:-1]) / 2", "gx and gy have to be measured alike: one of them is halved, and the angles change.", "hog-gyhalf"),
    Mistake("gy", "padded[2:, 1:-1] - padded[:-2, 1:-1]", "np.gradient(image, axis=0)", "np.gradient halves the differences inside and not at the border; here the border pixel stands in for its missing neighbour.", "hog-gynumpy"),
    Mistake("gx", "padded[1:-1, 2:] - padded[1:-1, :-2]", "np.gradient(image, axis=1)", "np.gradient halves the differences inside and not at the border; here the border pixel stands in for its missing neighbour.", "hog-gxnumpy"),
    Mistake("gx", "padded[1:-1, 2:] - padded[1:-1, :-2]", "padded[1:-1, :-2] - padded[1:-1, 2:]", "The sign of gx is turned: it is positive where the picture gets brighter to the right.", "hog-gxsign"),
    Mistake("gx", "- padded[1:-1, :-2]", "- padded[1:-1, 1:-1]", "The difference is between the neighbours on both sides of a pixel, not between one of them and the pixel.", "hog-gxforward"),
    Mistake("gx", "padded[1:-1, 2:] - padded[1:-1, :-2]", "padded[2:, 1:-1] - padded[:-2, 1:-1]", "gx compares the pixels to the left and right, gy those above and below.", "hog-gxisgy"),
    Mistake("gx", "padded[1:-1, 2:] - padded[1:-1, :-2]", "padded[1:-1, 2:] + padded[1:-1, :-2]", "gx is the difference of two neighbours, not their sum.", "hog-gxplus"),
    Mistake("gx", "padded[1:-1, 2:] - padded[1:-1, :-2]", "(padded[1:-1, 2:] - padded[1:-1, :-2]) / 2", "gx and gy have to be measured alike: one of them is halved, and the angles change.", "hog-gxhalf"),
    Mistake("magnitude", "np.sqrt(gx**2 + gy**2)", "gx**2 + gy**2", "The magnitude is the length of the gradient: a root is missing.", "hog-nosqrt"),
    Mistake("magnitude", "np.sqrt(gx**2 + gy**2)", "np.abs(gx) + np.abs(gy)", "The magnitude is the length of the gradient by Pythagoras, not the sum of its parts.", "hog-manhattan"),
    Mistake("magnitude", "np.sqrt(gx**2 + gy**2)", "np.abs(gx + gy)", "The two parts of the gradient do not cancel: square them before they are added.", "hog-abssum"),
    Mistake("magnitude", "np.sqrt(gx**2 + gy**2)", "np.abs(gx)", "The magnitude has two parts, gx and gy.", "hog-gxonly"),
    Mistake("magnitude", "np.sqrt(gx**2 + gy**2)", "image", "A pixel votes with the length of its gradient, not with its brightness.", "hog-brightness"),
    Mistake("angle", "np.arctan2(gy, gx)", "np.arctan2(gx, gy)", "The angle is measured from the x direction; here gx and gy have changed places.", "hog-swapped"),
    Mistake("angle", "np.degrees(np.arctan2(gy, gx))", "np.arctan2(gy, gx)", "The angle is wanted in degrees: 20 of them make a bin.", "hog-radians"),
    Mistake("angle", "np.degrees(np.arctan2(gy, gx)) % 180", "np.abs(np.degrees(np.arctan2(gy, gx)))", "Opposite directions count as one: add 180 degrees to a negative angle. Dropping its sign mirrors it.", "hog-absangle"),
    Mistake("angle", "np.arctan2(gy, gx)", "np.arctan2(np.abs(gy), np.abs(gx))", "The signs of gx and gy tell a rising edge from a falling one; without them only 0 to 90 degrees are left.", "hog-quarter"),
    Mistake("angle", "% 180", "/ 2 % 180", "Opposite directions count as one: they have to fall on the same angle, so halving is not the way.", "hog-halfangle"),
    Mistake("angle", "% 180", "% 90", "Directions from 0 to 180 degrees are told apart, not only up to 90.", "hog-mod90"),
    Mistake("bins", "angle // 20", "angle // 9", "There are 9 bins of 20 degrees; this makes bins of 9 degrees.", "hog-width9"),
    Mistake("bins", "(angle // 20)", "np.round(angle / 20)", "Bin k holds the angles from 20 k up to 20 (k + 1): round down.", "hog-round"),
    Mistake("bins", "angle // 20", "angle // 40", "9 bins share 180 degrees, not 360.", "hog-width40"),
    Mistake("bins", "(angle // 20).astype(int) % 9", "8 - (angle // 20).astype(int) % 9", "The bins are in reverse: the first one holds the angles from 0 to 20 degrees.", "hog-reversed"),
    Mistake("bins", "(angle // 20).astype(int) % 9", "np.minimum((angle // 20).astype(int) + 1, 8)", "Bins are counted from 0.", "hog-from1"),
    Mistake("cells", "(magnitude * (bins == k))", "(1.0 * (bins == k))", "A pixel votes with its magnitude: a strong edge counts more than a faint one.", "hog-counts"),
    Mistake("cells", "(magnitude * (bins == k))", "(magnitude**2 * (bins == k))", "A pixel votes with its magnitude, not with the square of it.", "hog-squared"),
    Mistake("cells", "(magnitude * (bins == k))", "(magnitude * bins * (bins == k))", "The bin says where a pixel votes, and the magnitude how much: do not multiply the two.", "hog-weighted"),
    Mistake("cells", "votes.reshape(R, 8, Q, 8).sum(axis=(1, 3))", "votes.reshape(8, R, 8, Q).sum(axis=(0, 2))", "A cell is a square of neighbours; this adds up pixels that lie far apart.", "hog-scattered"),
    Mistake("cells", "votes.reshape(R, 8, Q, 8).sum(axis=(1, 3))", "votes.reshape(R, 8, Q, 8).max(axis=(1, 3))", "All pixels of a cell vote, not only the strongest.", "hog-cellmax"),
    Mistake("cells", "[: 8 * R, : 8 * Q]", "[H % 8 :, W % 8 :]", "The cells begin at the top left; what is left over lies at the bottom and at the right.", "hog-offset"),
    Mistake("cells", "votes.reshape(R, 8, Q, 8).sum(axis=(1, 3))", "votes.reshape(R, 8, Q, 8)[:, 4, :, 4]", "All 64 pixels of a cell vote, not only the one in its middle.", "hog-middle"),
    Mistake("feature", "cells.ravel() / (np.linalg.norm(cells) + 1e-12)", "cells.ravel()", "The vector is to have length 1, so that a picture of low contrast gives the same one.", "hog-nonorm"),
    Mistake("feature", "np.linalg.norm(cells)", "cells.sum()", "Divide by the length of the vector, the root of the sum of squares, not by the sum.", "hog-sumnorm"),
    Mistake("feature", "np.linalg.norm(cells)", "cells.max()", "Divide by the length of the vector, not by its largest entry.", "hog-maxnorm"),
    Mistake("feature", "np.linalg.norm(cells)", "np.linalg.norm(cells) ** 2", "Divide by the length of the vector, not by its square.", "hog-squarednorm"),
    Mistake("feature", "cells.ravel() / (np.linalg.norm(cells) + 1e-12)", "(cells / (np.linalg.norm(cells, axis=2, keepdims=True) + 1e-12)).ravel()", "Here the whole vector is brought to length 1, not each cell.", "hog-cellnorm"),
    Mistake("feature", "cells.ravel()", "cells.transpose(1, 0, 2).ravel()", "The cells come row by row; this goes column by column.", "hog-columns"),
    Mistake("feature", "cells.ravel()", "cells.transpose(2, 0, 1).ravel()", "The 9 numbers of a cell stand side by side; this lists the cells of each direction one after the other.", "hog-binsfirst"),
]

EQUIVALENTS = {
    "half differences and means: the scale goes out": '''\
def hog(image):
    H, W = image.shape
    padded = np.pad(image, 1, mode="edge")
    gy = (padded[2:, 1:-1] - padded[:-2, 1:-1]) / 2
    gx = (padded[1:-1, 2:] - padded[1:-1, :-2]) / 2
    magnitude = np.hypot(gx, gy)
    angle = np.rad2deg(np.arctan2(gy, gx)) % 180
    bins = np.minimum((angle / 20).astype(int), 8)
    R, Q = H // 8, W // 8
    cells = np.zeros((R, Q, 9))
    for k in range(9):
        votes = np.where(bins == k, magnitude, 0)[: 8 * R, : 8 * Q]
        cells[:, :, k] = votes.reshape(R, 8, Q, 8).mean(axis=(1, 3))
    feature = cells.ravel() / (np.linalg.norm(cells) + 1e-12)
    return feature
''',
    "cell by cell": '''\
def hog(image):
    H, W = image.shape
    padded = np.pad(image, 1, mode="edge")
    gy = padded[2:, 1:-1] - padded[:-2, 1:-1]
    gx = padded[1:-1, 2:] - padded[1:-1, :-2]
    magnitude = np.sqrt(gx**2 + gy**2)
    angle = np.degrees(np.arctan2(gy, gx)) % 180
    bins = (angle // 20).astype(int) % 9
    parts = []
    for top in range(0, H - 7, 8):
        for left in range(0, W - 7, 8):
            square = slice(top, top + 8), slice(left, left + 8)
            parts.append(np.bincount(bins[square].ravel(), magnitude[square].ravel(), minlength=9))
    vector = np.concatenate(parts)
    length = np.sqrt(np.sum(vector**2))
    return vector / length if length > 0 else vector
''',
    "votes added in place": '''\
def hog(image):
    H, W = image.shape
    padded = np.pad(image, 1, mode="edge")
    gy = padded[2:, 1:-1] - padded[:-2, 1:-1]
    gx = padded[1:-1, 2:] - padded[1:-1, :-2]
    magnitude = np.sqrt(gx * gx + gy * gy)
    angle = np.degrees(np.arctan2(gy, gx))
    bins = np.floor(angle / 20).astype(int) % 9
    cells = np.zeros((H // 8, W // 8, 9))
    for i in range(H // 8 * 8):
        for j in range(W // 8 * 8):
            cells[i // 8, j // 8, bins[i, j]] += magnitude[i, j]
    feature = cells.reshape(-1)
    norm = np.linalg.norm(feature)
    if norm > 0:
        feature = feature / norm
    return feature
''',
}
