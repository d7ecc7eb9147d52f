"""The highest entry of a map: reference, hidden cases, known mistakes, equivalents."""

import numpy as np

from flatgrade.core import Case, Mistake


def find_template(ncc):
    place = np.argmax(ncc)
    row = place // ncc.shape[1]
    column = place % ncc.shape[1]
    peak = ncc.max()
    return row, column, peak


def cases(rng):
    """Hidden inputs: maps with one highest entry, which is not always the largest in size."""

    def draw(P, Q, row, column, low=(0, 0), depth=0.0):
        ncc = rng.uniform(-0.6, 0.6, (P, Q))
        ncc[low] = -depth
        ncc[row, column] = rng.uniform(1.3, 1.4)
        return {"ncc": ncc / 1.8}

    wide = draw(7, 12, 2, 9, (5, 4), 0.9)
    for line in (wide["ncc"][0, :], wide["ncc"][:, 0]):  # a row and a column of high sums, away from the peak
        line[:] = rng.uniform(0.55, 0.6, len(line)) / 1.8
    corner = draw(4, 6, 3, 5)
    below = draw(5, 7, 3, 1)
    below["ncc"] -= 1
    return [
        Case("a wide map", wide, generic=True),
        Case("a high map", draw(13, 6, 11, 4, (3, 1), 1.6), generic=True),
        Case("a map that is nearly square", draw(9, 10, 7, 3, (2, 6), 1.6), generic=True),
        Case("the peak in the first row", draw(5, 8, 0, 6)),
        Case("the peak in the last column", draw(6, 5, 2, 4)),
        Case("the peak at the lower right corner", corner),
        Case("a map that is negative everywhere", below),
        Case("a map of one row", draw(1, 9, 0, 7)),
        Case("a map of one column", draw(9, 1, 7, 0)),
        Case("a map of one entry", draw(1, 1, 0, 0)),
    ]


MISTAKES = [
    Mistake("row", "return row, column, peak", "return column, row, peak", "Row and column are swapped: the row counts downwards and comes first.", "peak-swapped"),
    Mistake("row", "place // ncc.shape[1]", "place // ncc.shape[0]", "A row of the map has as many entries as the map has columns: divide by that number.", "peak-divisor"),
    Mistake("row", "place // ncc.shape[1]", "place", "This is the place in the map read row by row; its row and its column are still in it.", "peak-flat"),
    Mistake("row", "place = np.argmax(ncc)", "place = np.argmin(ncc)", "The template is where the map is highest; this is its lowest entry.", "peak-argmin"),
    Mistake("row", "place = np.argmax(ncc)", "place = np.argmax(np.abs(ncc))", "A large negative entry is a negative of the template, not the template: keep the sign.", "peak-abs"),
    Mistake("row", "place = np.argmax(ncc)", "place = np.argmax(ncc.T)", "The map is read column by column here, and the place counted row by row.", "peak-transposed"),
    Mistake("row", "place // ncc.shape[1]", "place // ncc.shape[1] + 1", "Rows and columns are counted from 0.", "peak-row-one"),
    Mistake("row", "place // ncc.shape[1]", "ncc.sum(axis=1).argmax()", "Look for the highest entry, not for the row with the highest sum.", "peak-row-sum"),
    Mistake("row", "place // ncc.shape[1]", "ncc.shape[0] - 1 - place // ncc.shape[1]", "Rows are counted from the top, as in the image.", "peak-row-below"),
    Mistake("column", "place % ncc.shape[1]", "place % ncc.shape[0]", "What is left of whole rows: a row has as many entries as the map has columns.", "peak-modulus"),
    Mistake("column", "place % ncc.shape[1]", "place % ncc.shape[1] + 1", "Rows and columns are counted from 0.", "peak-column-one"),
    Mistake("column", "place % ncc.shape[1]", "ncc.sum(axis=0).argmax()", "Look for the highest entry, not for the column with the highest sum.", "peak-column-sum"),
    Mistake("peak", "peak = ncc.max()", "peak = np.abs(ncc).max()", "The peak is the largest entry, not the largest in size: keep the sign.", "peak-abspeak"),
    Mistake("peak", "peak = ncc.max()", "peak = ncc.mean()", "The peak is the value where it is highest, not the mean of the map.", "peak-mean"),
    Mistake("peak", "peak = ncc.max()", "peak = place", "The peak is the value of the map at that place, not the place.", "peak-place"),
    Mistake("peak", "peak = ncc.max()", "peak = ncc.max() / np.abs(ncc).sum()", "The peak is the value of the map as it stands there.", "peak-share"),
]

EQUIVALENTS = {
    "unravel_index": '''\
def find_template(ncc):
    row, column = np.unravel_index(np.argmax(ncc), ncc.shape)
    return row, column, ncc.max()
''',
    "row by row": '''\
def find_template(ncc):
    best = (-np.inf, 0, 0)
    for i in range(ncc.shape[0]):
        for j in range(ncc.shape[1]):
            if ncc[i, j] > best[0]:
                best = (ncc[i, j], i, j)
    peak, row, column = best
    return row, column, peak
''',
    "where": '''\
def find_template(ncc):
    rows, columns = np.nonzero(ncc == ncc.max())
    return int(rows[0]), int(columns[0]), float(np.max(ncc))
''',
}
