"""All distances without a loop, by the binomial formula: reference, hidden cases, known mistakes, equivalents."""

import numpy as np

from flatgrade.core import Case, Mistake


def distances_no_loops(X, X_train):
    squares = np.sum(X * X, axis=1)  # (M,)
    squares_train = np.sum(X_train * X_train, axis=1)  # (N,)
    products = X @ X_train.T  # (M, N)
    squared = squares[:, None] + squares_train - 2 * products  # (M, N)
    dists = np.sqrt(np.maximum(squared, 0))  # (M, N)
    return dists


def cases(rng):
    """Hidden inputs. Only the generic ones name mistakes. Of 29 pictures that meet themselves, rounding puts about ten
    below 0: without a clip their root is nan, which is no number that could name a mistake."""

    def draw(M, N, D):
        return {"X": rng.standard_normal((M, D)), "X_train": rng.standard_normal((N, D))}

    same = draw(31, 37, 48)
    same["X"][:29] = same["X_train"][3:32]
    square = draw(6, 6, 5)
    square["X"][0] = square["X_train"][0]
    return [
        Case("typical sizes", draw(5, 7, 4), generic=True),
        Case("test pictures that are training pictures, too, at distance 0", same),
        Case("more pictures than pixels", draw(13, 11, 3), generic=True),
        Case("as many test as training pictures", square),
        Case("one test picture", draw(1, 6, 5)),
        Case("one training picture", draw(5, 1, 7)),
        Case("one pixel", draw(4, 5, 1)),
    ]


MISTAKES = [
    Mistake("squares", "X * X", "X", "Square the pixels before they are added up.", "knn-nosquare"),
    Mistake("squares", "X * X", "np.abs(X)", "Square the pixels; this adds up their sizes.", "knn-l1"),
    Mistake("squares", "np.sum(X * X, axis=1)", "np.sqrt(np.sum(X * X, axis=1))", "Here belongs the squared length of each picture: the root comes at the very end.", "knn-earlyroot"),
    Mistake("squares", "np.sum(", "np.mean(", "Add the squares up; this takes their mean.", "knn-mean"),
    Mistake("squares", "np.sum(X * X, axis=1)", "np.sum(X, axis=1) ** 2", "Each pixel is squared by itself, before the sum.", "knn-squaredsum"),
    Mistake("squares", "np.sum(X * X, axis=1)", "np.full(len(X), np.sum(X * X))", "Each test picture has a squared length of its own; this adds up over all of them.", "knn-noaxis"),
    Mistake("squares_train", "X_train * X_train", "X_train", "Square the pixels before they are added up.", "knn-train-nosquare"),
    Mistake("squares_train", "X_train * X_train", "np.abs(X_train)", "Square the pixels; this adds up their sizes.", "knn-train-l1"),
    Mistake("squares_train", "np.sum(X_train * X_train, axis=1)", "np.sqrt(np.sum(X_train * X_train, axis=1))", "Here belongs the squared length of each picture: the root comes at the very end.", "knn-train-earlyroot"),
    Mistake("squares_train", "np.sum(", "np.mean(", "Add the squares up; this takes their mean.", "knn-train-mean"),
    Mistake("squares_train", "np.sum(X_train * X_train, axis=1)", "np.sum(X_train, axis=1) ** 2", "Each pixel is squared by itself, before the sum.", "knn-train-squaredsum"),
    Mistake("squares_train", "np.sum(X_train * X_train, axis=1)", "np.full(len(X_train), np.sum(X_train * X_train))", "Each training picture has a squared length of its own; this adds up over all of them.", "knn-train-noaxis"),
    Mistake("products", "X @ X_train.T", "(X * X) @ (X_train * X_train).T", "The dot products are those of the pictures themselves, not of their squares.", "knn-squaredproducts"),
    Mistake("products", "X @ X_train.T", "np.abs(X) @ np.abs(X_train).T", "A dot product may be negative: leave the signs of the pixels.", "knn-absproducts"),
    Mistake("products", "X @ X_train.T", "np.maximum(X @ X_train.T, 0)", "A dot product may be negative. What must not fall below 0 is the squared distance.", "knn-clipproducts"),
    Mistake("products", "X @ X_train.T", "X @ X_train.T / X.shape[1]", "The dot product adds up over the pixels; do not divide by their number.", "knn-products-divD"),
    Mistake("squared", "2 * products", "products", "Look at the binomial formula again: how often does the product occur?", "knn-no2"),
    Mistake("squared", "- 2 * products", "+ 2 * products", "This is the square of a sum; the distance is about the difference.", "knn-plus"),
    Mistake("squared", " - 2 * products", "", "The middle part of the binomial formula is missing.", "knn-noproducts"),
    Mistake("squared", " + squares_train", "", "The formula has three parts: where is the squared length of the training picture?", "knn-nosquarestrain"),
    Mistake("squared", "squares[:, None] + ", "", "The formula has three parts: where is the squared length of the test picture?", "knn-nosquaresX"),
    Mistake("squared", "+ squares_train", "- squares_train", "Both squared lengths count with a plus.", "knn-minussquares"),
    Mistake("squared", "2 * products", "2 * products ** 2", "The product in the middle of the formula is not squared.", "knn-productsquared"),
    Mistake("squared", "squares[:, None] + squares_train - 2 * products", "(squares[:, None] - squares_train) ** 2", "The difference of two lengths is not the length of the difference: which pixels differ is lost.", "knn-lengths"),
    Mistake("dists", "np.sqrt(np.maximum(squared, 0))", "np.maximum(squared, 0)", "These are the squares of the distances: the last step is missing. The order of the neighbours is the same, the numbers are not.", "knn-nosqrt"),
    Mistake("dists", "np.maximum(squared, 0)", "np.maximum(squared, 1)", "Small distances are cut off here: only what is below 0 is not to be trusted.", "knn-clip1"),
    Mistake("dists", "np.maximum(squared, 0)", "np.clip(squared, 0, 1)", "A squared distance may be larger than 1: there is no bound above.", "knn-clipabove"),
    Mistake("dists", "np.sqrt(np.maximum(squared, 0))", "np.sqrt(np.maximum(squared, 0)) / squared.shape[1]", "The distance is not divided by anything.", "knn-divN"),
]

# Other right answers, each the text of a whole answer cell.
EQUIVALENTS = {
    "columns kept as columns": """\
def distances_no_loops(X, X_train):
    squares = np.sum(X**2, axis=1, keepdims=True)
    squares_train = np.sum(X_train**2, axis=1)
    products = X.dot(X_train.T)
    squared = np.maximum(squares + squares_train - 2 * products, 0)
    dists = np.sqrt(squared)
    return dists
""",
    "one line for all": """\
def distances_no_loops(X, X_train):
    dists = np.sum(X**2, axis=1).reshape(-1, 1) + np.sum(X_train**2, axis=1) - 2 * X @ X_train.T
    dists[dists < 0] = 0
    return np.sqrt(dists)
""",
    "einsum": """\
def distances_no_loops(X, X_train):
    a = np.einsum("id,id->i", X, X)
    b = np.einsum("jd,jd->j", X_train, X_train)
    return np.sqrt(np.abs(a[:, None] - 2 * np.einsum("id,jd->ij", X, X_train) + b[None, :]))
""",
    "the product doubled first": """\
def distances_no_loops(X, X_train):
    products = -2 * (X @ X_train.T)
    squares = (X * X).sum(axis=1)
    squares_train = (X_train * X_train).sum(axis=1)
    squared = (products + squares_train) + squares[:, np.newaxis]
    dists = np.clip(squared, 0, None) ** 0.5
    return dists
""",
    "all differences at once, with much memory": """\
def distances_no_loops(X, X_train):
    return np.sqrt(((X[:, None, :] - X_train[None, :, :]) ** 2).sum(axis=2))
""",
    "nan made 0": """\
def distances_no_loops(X, X_train):
    squared = (X**2).sum(1)[:, None] + (X_train**2).sum(1) - 2 * X @ X_train.T
    with np.errstate(invalid="ignore"):
        return np.nan_to_num(np.sqrt(squared))
""",
}
