"""All distances with two loops: reference, hidden cases, known mistakes, equivalents."""

import numpy as np

from flatgrade.core import Case, Mistake


def distances_two_loops(X, X_train):
    X, X_train = X.astype(float), X_train.astype(float)  # bytes would wrap around
    M, N = len(X), len(X_train)
    dists = np.zeros((M, N))
    for i in range(M):
        for j in range(N):
            difference = X[i] - X_train[j]  # (D,)
            dists[i, j] = np.sqrt(np.sum(difference * difference))  # ()
    return dists


def cases(rng):
    """Hidden inputs. Only the generic ones name mistakes; no case has more test than training pictures."""

    def draw(M, N, D):
        return {"X": rng.standard_normal((M, D)), "X_train": rng.standard_normal((N, D))}

    def pictures(M, N, D):
        return {name: rng.integers(0, 256, (rows, D)).astype(np.uint8) for name, rows in (("X", M), ("X_train", N))}

    same = draw(4, 6, 5)
    same["X"][1:3] = same["X_train"][3:5]
    return [
        Case("typical sizes", draw(5, 7, 4), generic=True),
        Case("pictures of bytes (uint8)", pictures(6, 11, 9), generic=True),
        Case("test pictures that are training pictures, too", same),
        Case("one test picture", draw(1, 6, 5)),
        Case("one training picture", draw(1, 1, 7)),
        Case("one pixel", draw(4, 5, 1)),
    ]


ROOT = "np.sqrt(np.sum(difference * difference))"

MISTAKES = [
    Mistake("dists", ROOT, "np.sum(difference * difference)", "These are the squares of the distances: the last step is missing. The order of the neighbours is the same, the numbers are not.", "knn-nosqrt"),
    Mistake("dists", ROOT, "np.sum(np.abs(difference))", "This adds up the sizes of the differences, which is another distance (L1). Here they are squared, added up, and a root is taken (L2).", "knn-l1"),
    Mistake("dists", ROOT, "np.max(np.abs(difference))", "Every pixel counts in the distance, not only the one that differs most.", "knn-max"),
    Mistake("dists", ROOT, "np.sqrt(np.mean(difference * difference))", "Add the squares up; this takes their mean.", "knn-mean"),
    Mistake("dists", ROOT, "np.sqrt(np.sum(difference * difference)) / len(difference)", "The distance is not divided by the number of pixels.", "knn-divD"),
    Mistake("dists", ROOT, "np.abs(np.sum(difference))", "Each difference is squared by itself, before the sum. Here positive and negative ones cancel.", "knn-sumfirst"),
    Mistake("dists", ROOT, "np.sum(difference) ** 2", "Each difference is squared by itself, before the sum; and the root is missing.", "knn-squaredsum"),
    Mistake("dists", ROOT, "np.sqrt(np.abs(np.sum(difference)))", "The differences are not squared.", "knn-nosquare"),
    Mistake("dists", "X[i] - X_train[j]", "X[i] + X_train[j]", "The distance is that of the difference of the two pictures.", "knn-plus"),
    Mistake("dists", "X[i] - X_train[j]", "X[i] * X_train[j]", "The distance is that of the difference of the two pictures, not of their product.", "knn-product"),
    Mistake("dists", "X_train[j]", "X_train[i]", "Which training picture is meant in column j?", "knn-sameindex"),
    Mistake("dists", "X[i] - X_train[j]", "X_train[i] - X_train[j]", "One of the two pictures is a test picture, from X.", "knn-trainonly"),
    Mistake("dists", "range(N)", "range(N - 1)", "range(n) ends at n - 1 by itself: the last column stays 0.", "knn-lastcolumn"),
    Mistake("dists", "range(N)", "range(1, N)", "Counting starts at 0: the first column stays 0.", "knn-firstcolumn"),
    Mistake("dists", "range(M)", "range(M - 1)", "range(n) ends at n - 1 by itself: the last row stays 0.", "knn-lastrow"),
    Mistake("dists", "range(M)", "range(1, M)", "Counting starts at 0: the first row stays 0.", "knn-firstrow"),
    Mistake("dists", "dists[i, j]", "dists[i]", "This writes one number into the whole row: the last training picture overwrites all before it.", "knn-wholerow"),
    Mistake("dists", "dists[i, j]", "dists[:, j]", "This writes one number into the whole column: the last test picture overwrites all before it.", "knn-wholecolumn"),
    Mistake("dists", "X, X_train = X.astype(float), X_train.astype(float)", "pass", "Bytes (uint8) go from 0 to 255, and a difference below 0 wraps around: 3 - 5 becomes 254. Keep the first line.", "knn-uint8"),
]

# Other right answers, each the text of a whole answer cell.
EQUIVALENTS = {
    "np.linalg.norm": """\
def distances_two_loops(X, X_train):
    X, X_train = X.astype(float), X_train.astype(float)
    dists = np.empty((X.shape[0], X_train.shape[0]))
    for i in range(X.shape[0]):
        for j in range(X_train.shape[0]):
            dists[i, j] = np.linalg.norm(X[i] - X_train[j])
    return dists
""",
    "a third loop, over the pixels": """\
def distances_two_loops(X, X_train):
    X, X_train = X.astype(float), X_train.astype(float)
    dists = np.zeros((len(X), len(X_train)))
    for i in range(len(X)):
        for j in range(len(X_train)):
            for d in range(X.shape[1]):
                dists[i, j] += (X[i, d] - X_train[j, d]) ** 2
            dists[i, j] = dists[i, j] ** 0.5
    return dists
""",
    "lists, made an array": """\
def distances_two_loops(X, X_train):
    X, X_train = X.astype(float), X_train.astype(float)
    return np.array([[np.sqrt(((a - b) ** 2).sum()) for b in X_train] for a in X])
""",
    "the difference the other way round": """\
def distances_two_loops(X, X_train):
    X, X_train = X.astype(float), X_train.astype(float)
    dists = np.zeros((len(X), len(X_train)))
    for j in range(len(X_train)):
        for i in range(len(X)):
            difference = X_train[j, :] - X[i, :]
            dists[i, j] = np.sqrt(difference.dot(difference))
    return dists
""",
    "already without loops": """\
def distances_two_loops(X, X_train):
    X, X_train = X.astype(float), X_train.astype(float)
    return np.sqrt(((X[:, None, :] - X_train[None, :, :]) ** 2).sum(axis=2))
""",
}
