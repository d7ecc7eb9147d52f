"""The vote of the k nearest neighbours: reference, hidden cases, known mistakes, equivalents."""

import numpy as np

from flatgrade.core import Case, Mistake


def predict_labels(dists, y_train, k):
    C = y_train.max() + 1
    nearest = np.argsort(dists, axis=1, kind="stable")[:, :k]  # (M, K)
    votes = y_train[nearest]  # (M, K)
    counts = np.sum(votes[:, :, None] == np.arange(C), axis=1)  # (M, C)
    labels = np.argmax(counts, axis=1)  # (M,)
    return labels


def cases(rng):
    """Hidden inputs. Only the generic ones name mistakes; both have ties of votes, and none of distances."""

    def draw(M, N, C, k):
        return {"dists": rng.uniform(0.2, 9, (M, N)), "y_train": rng.integers(0, C, N), "k": k}

    level = draw(9, 40, 4, 4)
    level["dists"] = rng.integers(1, 5, (9, 40)).astype(float)
    unanimous = draw(4, 9, 2, 5)
    unanimous["y_train"][:] = 3
    return [
        Case("typical sizes", draw(11, 17, 4, 5), generic=True),
        Case("an even number of votes", draw(13, 29, 5, 4), generic=True),
        Case("k = 1", draw(6, 8, 4, 1)),
        Case("k = 2, where most votes are ties", draw(9, 12, 4, 2)),
        Case("all training pictures vote", draw(5, 7, 3, 7)),
        Case("many training pictures at the same distance", level),
        Case("one test picture", draw(1, 9, 4, 3)),
        Case("training pictures of one class, 3", unanimous),
    ]


TIE = "Where two classes have the same number of votes, the smaller label wins."

MISTAKES = [
    Mistake("nearest", "[:, :k]", "[:, : k + 1]", "One picture too many has a vote: a slice ends before its second number.", "knn-k+1"),
    Mistake("nearest", "[:, :k]", "[:, : max(k - 1, 1)]", "One picture too few has a vote: a slice ends before its second number.", "knn-k-1"),
    Mistake("nearest", "[:, :k]", "[:, 1 : k + 1]", "The nearest picture of all is left out. Counting starts at 0; and a test picture is not among the training pictures.", "knn-skipfirst"),
    Mistake("nearest", "[:, :k]", "[:, :1]", "Only the nearest picture has a vote: where is k?", "knn-nok"),
    Mistake("nearest", "[:, :k]", "[:, -k:]", "These are the pictures that are farthest away: np.argsort puts the smallest first.", "knn-farthest"),
    Mistake("nearest", "axis=1", "axis=0", "A row of dists belongs to one test picture: sort along the row, axis=1.", "knn-axis"),
    Mistake("nearest", 'np.argsort(dists, axis=1, kind="stable")[:, :k]', 'np.argsort(np.argsort(dists, axis=1, kind="stable"), axis=1)[:, :k]', "These are the ranks of the first k training pictures, not the positions of the k nearest.", "knn-ranks"),
    Mistake("votes", "y_train[nearest]", "nearest", "These are positions in the training set. A neighbour votes with its class.", "knn-positions"),
    Mistake("votes", "y_train[nearest]", "np.sort(y_train)[nearest]", "The labels stand in the order of the training pictures: leave them there.", "knn-sortedlabels"),
    Mistake("votes", "y_train[nearest]", "y_train[nearest - 1]", "The positions are those of the training pictures already: nothing to subtract.", "knn-shifted"),
    Mistake("counts", "np.arange(C)", "np.arange(1, C + 1)", "The classes are 0 to C - 1, and each column counts its own.", "knn-from1"),
    Mistake("counts", "==", "!=", "Count the votes for a class, not those against it.", "knn-against"),
    Mistake("counts", "np.sum(", "np.any(", "Each vote counts: this only says whether there is one.", "knn-any"),
    Mistake("counts", "np.sum(votes[:, :, None] == np.arange(C), axis=1)", "np.bincount(y_train, minlength=C) + np.zeros((len(votes), 1))", "Only the neighbours vote; this counts the whole training set.", "knn-everybody"),
    Mistake("labels", "np.argmax(counts, axis=1)", "counts.shape[1] - 1 - np.argmax(counts[:, ::-1], axis=1)", TIE, "knn-tie"),
    Mistake("labels", "np.argmax(counts, axis=1)", "np.array([max(row, key=list(row).count) for row in votes])", TIE + " Here it is the class of the nearer neighbour, as with Counter.most_common.", "knn-tie-nearest"),
    Mistake("labels", "np.argmax(counts, axis=1)", "np.array([max(row[::-1], key=list(row).count) for row in votes])", TIE + " Here it is the class of the farther neighbour.", "knn-tie-farther"),
    Mistake("labels", "np.argmax(counts, axis=1)", "np.max(counts, axis=1)", "This is the number of votes of the winner. Which class is it?", "knn-count"),
    Mistake("labels", "np.argmax(counts, axis=1)", "np.argmin(counts, axis=1)", "The class with most votes wins, not the one with fewest.", "knn-argmin"),
    Mistake("labels", "np.argmax(counts, axis=1)", "np.array([np.argmax(np.unique(row, return_counts=True)[1]) for row in votes])", "This is a position in the list of the classes that have votes, not yet a class.", "knn-uniqueposition"),
    Mistake("labels", "np.argmax(counts, axis=1)", "np.argmax(counts > 0, axis=1)", "This is the smallest label that has a vote. The one with most votes wins.", "knn-smallest"),
    Mistake("labels", "np.argmax(counts, axis=1)", "np.max(votes, axis=1)", "This is the largest label that has a vote. The one with most votes wins.", "knn-largest"),
    Mistake("labels", "np.argmax(counts, axis=1)", "np.round(np.mean(votes, axis=1)).astype(int)", "Labels are names, not quantities: between class 0 and class 2 there is no class 1. Count them, do not take their mean.", "knn-mean"),
    Mistake("labels", "np.argmax(counts, axis=1)", "np.median(votes, axis=1).astype(int)", "Labels are names, not quantities: count them, do not take the one in the middle.", "knn-median"),
    Mistake("labels", "np.argmax(counts, axis=1)", "votes[:, 0]", "This is the label of the nearest picture alone. The one with most votes wins.", "knn-nearestlabel"),
]

# Other right answers, each the text of a whole answer cell.
EQUIVALENTS = {
    "a loop with bincount": """\
def predict_labels(dists, y_train, k):
    labels = np.zeros(len(dists), dtype=int)
    for i in range(len(dists)):
        order = np.argsort(dists[i], kind="stable")
        closest = y_train[order[:k]]
        labels[i] = np.bincount(closest).argmax()
    return labels
""",
    "counts in a loop": """\
def predict_labels(dists, y_train, k):
    C = y_train.max() + 1
    nearest = np.argsort(dists, axis=1, kind="stable")[:, :k]
    votes = y_train[nearest]
    counts = np.array([np.bincount(row, minlength=C) for row in votes])
    labels = counts.argmax(axis=1)
    return labels
""",
    "one-hot labels": """\
def predict_labels(dists, y_train, k):
    nearest = np.argsort(dists, kind="stable", axis=-1)[:, :k]
    onehot = np.eye(10)[y_train]
    return onehot[nearest].sum(axis=1).argmax(axis=1)
""",
    "plain Python": """\
def predict_labels(dists, y_train, k):
    found = []
    for row in dists:
        order = sorted(range(len(row)), key=lambda j: row[j])
        votes = [int(y_train[j]) for j in order[:k]]
        most = max(votes.count(label) for label in votes)
        found.append(min(label for label in votes if votes.count(label) == most))
    return np.array(found)
""",
    "np.unique": """\
def predict_labels(dists, y_train, k):
    labels = np.empty(dists.shape[0])
    for i, row in enumerate(dists):
        classes, counts = np.unique(y_train[np.argsort(row, kind="stable")[:k]], return_counts=True)
        labels[i] = classes[np.argmax(counts)]
    return labels
""",
    "the votes sorted": """\
def predict_labels(dists, y_train, k):
    from collections import Counter

    nearest = np.argsort(dists, axis=1, kind="stable")[:, :k]
    return np.array([Counter(sorted(y_train[row].tolist())).most_common(1)[0][0] for row in nearest])
""",
}
