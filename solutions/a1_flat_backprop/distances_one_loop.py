"""All distances with one loop: reference, hidden cases, known mistakes, equivalents."""

import numpy as np

from flatgrade.core import Case, Mistake


def distances_one_loop(X, X_train):
    M, N = len(X), len(X_train)
    dists = np.zeros((M, N))
    for i in range(M):
        differences = X_train - X[i]  # (N, D)
        dists[i] = np.sqrt(np.sum(differences * differences, axis=1))  # (N,)
    return dists


def cases(rng):
    """Hidden inputs. Only the generic ones name mistakes; no case has more test than training pictures."""

    def draw(M, N, D):
        return {"X": rng.standard_normal((M, D)), "X_train": rng.standard_normal((N, D))}

    same = draw(4, 6, 5)
    same["X"][1:3] = same["X_train"][3:5]
    return [
        Case("typical sizes", draw(5, 7, 4), generic=True),
        Case("more pictures than pixels", draw(11, 13, 3), generic=True),
        Case("as many training pictures as pixels", draw(3, 6, 6)),
        Case("test pictures that are training pictures, too", same),
        Case("one test picture", draw(1, 6, 5)),
        Case("one training picture", draw(1, 1, 7)),
        Case("one pixel", draw(4, 5, 1)),
    ]


ROOT = "np.sqrt(np.sum(differences * differences, axis=1))"

MISTAKES = [
    Mistake("dists", ROOT, "np.sum(differences * differences, axis=1)", "These are the squares of the distances: the last step is missing. The order of the neighbours is the same, the numbers are not.", "knn-nosqrt"),
    Mistake("dists", ", axis=1", "", "This adds up over all training pictures at once; each of them has a distance of its own.", "knn-noaxis"),
    Mistake("dists", ROOT, "np.sum(np.abs(differences), axis=1)", "This adds up the sizes of the differences, which is another distance (L1). Here they are squared, added up, and a root is taken (L2).", "knn-l1"),
    Mistake("dists", ROOT, "np.max(np.abs(differences), axis=1)", "Every pixel counts in the distance, not only the one that differs most.", "knn-max"),
    Mistake("dists", ROOT, "np.sqrt(np.mean(differences * differences, axis=1))", "Add the squares up; this takes their mean.", "knn-mean"),
    Mistake("dists", ROOT, "np.abs(np.sum(differences, axis=1))", "Each difference is squared by itself, before the sum. Here positive and negative ones cancel.", "knn-sumfirst"),
    Mistake("dists", ROOT, "np.sum(differences, axis=1) ** 2", "Each difference is squared by itself, before the sum; and the root is missing.", "knn-squaredsum"),
    Mistake("dists", ROOT, "np.sqrt(np.abs(np.sum(differences, axis=1)))", "The differences are not squared.", "knn-nosquare"),
    Mistake("dists", ROOT, "np.sum(np.sqrt(np.abs(differences)), axis=1)", "First the sum of the squares, then one root for each training picture.", "knn-rootfirst"),
    Mistake("dists", "X_train - X[i]", "X_train + X[i]", "The distance is that of the difference of the two pictures.", "knn-plus"),
    Mistake("dists", "X_train - X[i]", "X_train * X[i]", "The distance is that of the difference of the two pictures, not of their product.", "knn-product"),
    Mistake("dists", "X_train - X[i]", "X_train - X_train[i]", "One of the two pictures is a test picture, from X.", "knn-trainonly"),
    Mistake("dists", "X_train - X[i]", "X_train - X[0]", "Every row is about its own test picture.", "knn-firstpicture"),
    Mistake("dists", "range(M)", "range(M - 1)", "range(n) ends at n - 1 by itself: the last row stays 0.", "knn-lastrow"),
    Mistake("dists", "range(M)", "range(1, M)", "Counting starts at 0: the first row stays 0.", "knn-firstrow"),
    Mistake("dists", "dists[i] =", "dists[:] =", "This writes into every row: the last test picture overwrites all before it.", "knn-allrows"),
]

# Other right answers, each the text of a whole answer cell.
EQUIVALENTS = {
    "np.linalg.norm": """\
def distances_one_loop(X, X_train):
    dists = np.empty((X.shape[0], X_train.shape[0]))
    for i in range(X.shape[0]):
        dists[i, :] = np.linalg.norm(X_train - X[i, :], axis=1)
    return dists
""",
    "a loop over the training pictures": """\
def distances_one_loop(X, X_train):
    dists = np.zeros((len(X), len(X_train)))
    for j in range(len(X_train)):
        dists[:, j] = np.sqrt(((X - X_train[j]) ** 2).sum(axis=1))
    return dists
""",
    "a list of rows": """\
def distances_one_loop(X, X_train):
    return np.array([((X_train - x) ** 2).sum(axis=-1) ** 0.5 for x in X])
""",
    "einsum": """\
def distances_one_loop(X, X_train):
    rows = []
    for x in X:
        gap = X_train - x[None, :]
        rows.append(np.sqrt(np.einsum("nd,nd->n", gap, gap)))
    return np.stack(rows)
""",
    "already without a loop": """\
def distances_one_loop(X, X_train):
    return np.sqrt(((X[:, None, :] - X_train[None, :, :]) ** 2).sum(axis=2))
""",
}
