"""Cross-validation over k: reference, hidden cases, known mistakes, equivalents."""

import numpy as np

from flatgrade.core import Case, Function, Mistake

NEIGHBOURS = (
    "lambda X_train, y_train, X, k: np.argmax(np.sum(y_train[np.argsort(np.sum((X[:, None] - X_train) ** 2, axis=2),"
    " axis=1, kind='stable')[:, :k]][:, :, None] == np.arange(9), axis=1), axis=1)"
)
STRETCHED = "lambda X_train, y_train, X, k: np.round(np.mean(y_train) + k * (X[:, 0] - np.mean(X_train))).astype(int) % 3"


def cross_validate(predict, X, y, k_choices, folds):
    X_parts = np.array_split(X, folds)
    y_parts = np.array_split(y, folds)
    accuracies = np.zeros((len(k_choices), folds))
    for row, k in enumerate(k_choices):
        for held_out in range(folds):
            rest = [i for i in range(folds) if i != held_out]
            X_rest = np.concatenate([X_parts[i] for i in rest])
            y_rest = np.concatenate([y_parts[i] for i in rest])
            predicted = predict(X_rest, y_rest, X_parts[held_out], k)
            accuracies[row, held_out] = np.mean(predicted == y_parts[held_out])
    best_k = k_choices[np.argmax(accuracies.mean(axis=1))]
    return accuracies, best_k


def cases(rng):
    """Hidden inputs. Only the generic ones name mistakes. In each the best mean leads clearly, so that rounding decides
    nothing; and there are four generic ones, so that what changes best_k anywhere changes it in one of them."""

    def draw(N, D, C, k_choices, folds, predict=NEIGHBOURS, telling=False):
        """Inputs with one best k; telling ones have another k that is best in one fold, in the worst fold, and so on."""
        while True:
            y = rng.integers(0, C, N)
            X = rng.standard_normal((N, D)) + 0.8 * y[:, None]
            inputs = {"predict": Function(predict), "X": X, "y": y, "k_choices": k_choices, "folds": folds}
            accuracies, best = cross_validate(Function(predict).made(), X, y, k_choices, folds)
            means = np.sort(accuracies.mean(axis=1))
            by_position = cross_validate(Function(predict).made(), X, y, range(1, len(k_choices) + 1), folds)[0].mean(axis=1)
            others = [accuracies.max(axis=1), accuracies.min(axis=1), accuracies[:, 0], -accuracies.mean(axis=1), by_position]
            told = all(k_choices[np.argmax(values)] != best for values in others)
            if means[-1] - means[-2] > 0.01 and (told or not telling):
                return inputs

    sure = draw(9, 2, 3, [1, 3, 5, 7], 3)
    sure["y"][:] = 2
    return [
        Case("typical sizes", draw(37, 2, 3, [9, 2, 1, 4, 12, 6, 15, 3], 4, telling=True), generic=True),
        Case("another classifier", draw(43, 3, 3, [2, 7, 3, 5, 9, 4, 6], 5, STRETCHED, telling=True), generic=True),
        Case("two folds", draw(29, 2, 4, [11, 2, 3, 7, 1, 4, 9], 2, telling=True), generic=True),
        Case("many folds", draw(31, 2, 3, [8, 3, 6, 1, 2, 13, 4, 10, 17], 9, telling=True), generic=True),
        Case("folds of one example", draw(5, 2, 2, [1, 2, 3, 4, 5], 5)),
        Case("one class, where every k is right", sure),
    ]


WHERE = "np.mean(predicted == y_parts[held_out])"
ON_FOLD = "predict(X_rest, y_rest, X_parts[held_out], k)\n            accuracies[row, held_out] = np.mean(predicted == y_parts[held_out])"

MISTAKES = [
    # Those of best_k come first: where accuracies is right, they are the better account of a wrong best_k.
    Mistake("best_k", "k_choices[np.argmax(accuracies.mean(axis=1))]", "np.argmax(accuracies.mean(axis=1))", "This is the position of the best k in k_choices, not yet k.", "cv-bestposition"),
    Mistake("best_k", "np.argmax(", "np.argmin(", "This is the k with the lowest accuracy.", "cv-worstk"),
    Mistake("best_k", "accuracies.mean(axis=1)", "accuracies.max(axis=1)", "One lucky fold decides here. Compare the means over the folds.", "cv-bestfold"),
    Mistake("best_k", "accuracies.mean(axis=1)", "accuracies.min(axis=1)", "One unlucky fold decides here. Compare the means over the folds.", "cv-worstfold"),
    Mistake("best_k", "accuracies.mean(axis=1)", "accuracies[:, 0]", "The first fold decides alone here. Compare the means over the folds.", "cv-onlyfirst"),
    Mistake("best_k", "k_choices[np.argmax(accuracies.mean(axis=1))]", "accuracies.mean(axis=1).max()", "This is how good the best k is. Which one is it?", "cv-bestaccuracy"),
    Mistake("accuracies", "range(folds) if i != held_out", "range(folds)", "The fold that is tested is among those that are learned from: the test is not honest.", "cv-leak"),
    Mistake("accuracies", "i != held_out", "i == held_out", "The fold that is tested is the only one that is learned from: it has to be the only one left out.", "cv-same"),
    Mistake("accuracies", "[i for i in range(folds) if i != held_out]", "[(held_out + 1) % folds]", "All other folds together are the training set, not one of them.", "cv-onefold"),
    Mistake("accuracies", ON_FOLD, "predict(X_rest, y_rest, X_rest, k)\n            accuracies[row, held_out] = np.mean(predicted == y_rest)", "This tests on the pictures that were learned from. The test is the fold that was left out.", "cv-trainaccuracy"),
    Mistake("accuracies", ON_FOLD, "predict(X_rest, y_rest, X_parts[0], k)\n            accuracies[row, held_out] = np.mean(predicted == y_parts[0])", "The tested fold stays the first one: each fold has its turn.", "cv-firstfold"),
    Mistake("accuracies", ON_FOLD, "predict(X_parts[held_out], y_parts[held_out], X_rest, k)\n            accuracies[row, held_out] = np.mean(predicted == y_rest)", "Training and test are exchanged: learn from the many, test on the one fold.", "cv-swapped"),
    Mistake("accuracies", WHERE, "np.sum(predicted == y_parts[held_out])", "An accuracy is a share, between 0 and 1; this counts.", "cv-count"),
    Mistake("accuracies", WHERE, "np.mean(predicted != y_parts[held_out])", "This is the share of wrong answers; the accuracy is that of right ones.", "cv-error"),
    Mistake("accuracies", WHERE, "np.sum(predicted == y_parts[held_out]) / len(y)", "The share is that among the pictures of the fold, not among all.", "cv-divN"),
    Mistake("accuracies", WHERE, "np.sum(predicted == y_parts[held_out]) / len(y_rest)", "The share is that among the pictures of the tested fold.", "cv-divrest"),
    Mistake("accuracies", WHERE, "100 * np.mean(predicted == y_parts[held_out])", "An accuracy is a share between 0 and 1 here, not a percentage.", "cv-percent"),
    Mistake("accuracies", WHERE, "np.mean(np.abs(predicted - y_parts[held_out]))", "Labels are names, not quantities: an answer is right or wrong, whatever the difference.", "cv-difference"),
    Mistake("accuracies", "X_parts[held_out], k)", "X_parts[held_out], k_choices[0])", "Each row of the table is about its own k; here the first is used for all.", "cv-firstk"),
    Mistake("accuracies", "X_parts[held_out], k)", "X_parts[held_out], row + 1)", "The classifier gets the position of k in the list, and should get k.", "cv-position"),
    Mistake("accuracies", "accuracies[row, held_out]", "accuracies[row]", "This writes into all folds at once: each overwrites those before it.", "cv-overwrite"),
    Mistake("accuracies", "for held_out in range(folds)", "for held_out in range(folds - 1)", "range(n) ends at n - 1 by itself: the last fold never has its turn.", "cv-lastfold"),
    Mistake("accuracies", "for held_out in range(folds)", "for held_out in range(1, folds)", "Counting starts at 0: the first fold never has its turn.", "cv-nofirst"),
    Mistake("accuracies", "X_parts = np.array_split(X, folds)\n    y_parts = np.array_split(y, folds)", "X_parts = [X[i::folds] for i in range(folds)]\n    y_parts = [y[i::folds] for i in range(folds)]", "A fold here is a run of pictures that follow each other, as np.array_split makes it; this takes every so many.", "cv-strided"),
    Mistake("accuracies", "X_parts = np.array_split(X, folds)\n    y_parts = np.array_split(y, folds)", "n = len(X) // folds\n    X_parts = [X[i * n : (i + 1) * n] for i in range(folds)]\n    y_parts = [y[i * n : (i + 1) * n] for i in range(folds)]", "Where the number of pictures is no multiple of the number of folds, some are lost at the end.", "cv-remainder"),
    Mistake("accuracies", "np.concatenate([y_parts[i] for i in rest])", "y[: len(X_rest)]", "These labels do not belong to these pictures: leave out the same fold of both.", "cv-labels"),
    Mistake("accuracies", "np.concatenate([y_parts[i] for i in rest])", "np.concatenate([y_parts[i] for i in rest])[::-1]", "These labels do not belong to these pictures: keep both in the same order.", "cv-labelorder"),
]

# Other right answers, each the text of a whole answer cell.
EQUIVALENTS = {
    "positions and a mask": """\
def cross_validate(predict, X, y, k_choices, folds):
    accuracies = np.empty((len(k_choices), folds))
    for f, inside in enumerate(np.array_split(np.arange(len(X)), folds)):
        train = np.ones(len(X), dtype=bool)
        train[inside] = False
        for a, k in enumerate(k_choices):
            answer = predict(X[train], y[train], X[inside], k)
            accuracies[a, f] = (answer == y[inside]).sum() / len(inside)
    return accuracies, k_choices[int(accuracies.mean(axis=1).argmax())]
""",
    "np.delete and lists": """\
def cross_validate(predict, X, y, k_choices, folds):
    blocks = np.array_split(np.arange(len(y)), folds)
    table = []
    for k in k_choices:
        line = []
        for block in blocks:
            guess = predict(np.delete(X, block, axis=0), np.delete(y, block), X[block], k)
            line.append(float(np.mean(guess == y[block])))
        table.append(line)
    means = [sum(line) / folds for line in table]
    return np.array(table), k_choices[means.index(max(means))]
""",
    "vstack and hstack": """\
def cross_validate(predict, X, y, k_choices, folds):
    X_folds, y_folds = np.array_split(X, folds), np.array_split(y, folds)
    accuracies = np.zeros((len(k_choices), folds))
    best_k, best = k_choices[0], -1.0
    for a in range(len(k_choices)):
        for f in range(folds):
            X_rest = np.vstack(X_folds[:f] + X_folds[f + 1 :])
            y_rest = np.hstack(y_folds[:f] + y_folds[f + 1 :])
            right = predict(X_rest, y_rest, X_folds[f], k_choices[a]) == y_folds[f]
            accuracies[a, f] = np.count_nonzero(right) / right.size
        if accuracies[a].mean() > best:
            best_k, best = k_choices[a], accuracies[a].mean()
    return accuracies, best_k
""",
}
