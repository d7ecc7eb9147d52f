"""K-means from given centres: reference, hidden cases, known mistakes, equivalents."""

import numpy as np

from flatgrade.core import Case, Mistake


def kmeans(points, centres, steps):
    centres = centres.copy()  # the caller's array stays as it is
    errors = np.zeros(steps)
    for t in range(steps):
        distances = ((points[:, None] - centres) ** 2).sum(axis=2)  # (N, K)
        nearest = distances.argmin(axis=1)  # (N,)
        errors[t] = distances.min(axis=1).mean()
        for k in range(len(centres)):
            if np.any(nearest == k):
                centres[k] = points[nearest == k].mean(axis=0)
    return centres, errors


def cases(rng):
    """Hidden inputs: a typical one still moves at the end, and one of its centres has no point."""

    def draw(N, D, K, steps, empty=True):
        points = rng.standard_normal((N, D)) + 0.7
        centres = points[rng.permutation(N)[:K]] + 0.1 * rng.standard_normal((K, D))
        if empty:
            centres[-2] = 40 + rng.standard_normal(D)
        return {"points": points, "centres": centres, "steps": steps}

    return [
        Case("typical sizes, one centre without points", draw(61, 3, 7, 2), generic=True),
        Case("more steps, one centre without points", draw(83, 5, 6, 3), generic=True),
        Case("one step", draw(31, 4, 5, 1)),
        Case("one centre", draw(9, 3, 1, 2, empty=False)),
        Case("as many centres as points", draw(6, 2, 6, 3, empty=False)),
        Case("no step", draw(7, 3, 4, 0)),
    ]


MISTAKES = [
    Mistake("centres", "((points[:, None] - centres) ** 2).sum(axis=2)", "np.abs(points[:, None] - centres).sum(axis=2)", "The distance is the straight one: square the differences before they are added.", "kmeans-manhattan"),
    Mistake("centres", "((points[:, None] - centres) ** 2).sum(axis=2)", "((points[:, None] - centres) ** 2).max(axis=2)", "All coordinates count for the distance, not only the one that differs most.", "kmeans-max"),
    Mistake("centres", "((points[:, None] - centres) ** 2).sum(axis=2)", "((points[:, None] - centres) ** 2)[:, :, 0]", "All coordinates count for the distance, not only the first.", "kmeans-first"),
    Mistake("centres", "((points[:, None] - centres) ** 2).sum(axis=2)", "((points[:, None] - centres).sum(axis=2)) ** 2", "Square each difference, then add; the other way round they cancel.", "kmeans-squaresum"),
    Mistake("centres", "distances.argmin(axis=1)", "distances.argmax(axis=1)", "Each point goes to the centre that is nearest; this is the farthest.", "kmeans-argmax"),
    Mistake("centres", "points[nearest == k].mean(axis=0)", "points[nearest == k].mean()", "A centre has D coordinates, each the mean of its own column.", "kmeans-onemean"),
    Mistake("centres", "points[nearest == k].mean(axis=0)", "np.median(points[nearest == k], axis=0)", "A centre moves to the mean of its points, not to the median.", "kmeans-median"),
    Mistake("centres", "points[nearest == k].mean(axis=0)", "points[nearest == k].sum(axis=0)", "A centre moves to the mean of its points, not to their sum.", "kmeans-sum"),
    Mistake("centres", "points[nearest == k].mean(axis=0)", "points[nearest == k].sum(axis=0) / len(points)", "Divide by the number of points of this centre, not by that of all points.", "kmeans-divN"),
    Mistake("centres", "points[nearest == k].mean(axis=0)", "points[nearest == k][0]", "A centre moves to the mean of its points; this takes the first of them.", "kmeans-firstpoint"),
    Mistake("centres", "centres[k] = points[nearest == k].mean(axis=0)", "centres[k] = (centres[k] + points[nearest == k].mean(axis=0)) / 2", "A centre moves all the way to the mean of its points.", "kmeans-halfway"),
    Mistake("centres", "centres[k] = points[nearest == k].mean(axis=0)", "centres[k] = (centres[k] + points[nearest == k].sum(axis=0)) / (1 + np.sum(nearest == k))", "Only the points count for the mean; the old centre is none of them.", "kmeans-oldcounts"),
    Mistake("centres", "if np.any(nearest == k):", "if True:", "A centre without points stays where it is; the mean of no points is nan.", "kmeans-emptynan"),
    Mistake("centres", "                centres[k] = points[nearest == k].mean(axis=0)", "                centres[k] = points[nearest == k].mean(axis=0)\n            else:\n                centres[k] = 0", "A centre without points stays where it is; here it jumps to 0.", "kmeans-emptyzero"),
    Mistake("centres", "                centres[k] = points[nearest == k].mean(axis=0)", "                centres[k] = points[nearest == k].mean(axis=0)\n            else:\n                centres[k] = points.mean(axis=0)", "A centre without points stays where it is; here it jumps to the middle of all points.", "kmeans-emptymean"),
    Mistake("centres", "                centres[k] = points[nearest == k].mean(axis=0)", "                centres[k] = points[nearest == k].mean(axis=0)\n            nearest = ((points[:, None] - centres) ** 2).sum(axis=2).argmin(axis=1)", "First all points choose, then all centres move; here the points choose anew in between.", "kmeans-inbetween"),
    Mistake("centres", "range(len(centres))", "range(len(centres) - 1)", "The last centre never moves.", "kmeans-last"),
    Mistake("centres", "range(len(centres))", "range(1, len(centres))", "The first centre never moves.", "kmeans-firststays"),
    Mistake("centres", "        for k in range(len(centres)):\n            if np.any", "        for k in range(len(centres)) if t < steps - 1 else []:\n            if np.any", "In the last step the centres do not move; they have to move steps times.", "kmeans-oneless"),
    Mistake("centres", "    for t in range(steps):\n        distances = ((points[:, None] - centres) ** 2).sum(axis=2)  # (N, K)\n        nearest", "    distances = ((points[:, None] - centres) ** 2).sum(axis=2)  # (N, K)\n    for t in range(steps):\n        nearest", "The distances are measured only once; they change when the centres move.", "kmeans-once"),
    Mistake("errors", "distances.min(axis=1).mean()", "distances.min(axis=1).sum()", "The error is a mean over the points, not a sum.", "kmeans-errorsum"),
    Mistake("errors", "distances.min(axis=1).mean()", "np.sqrt(distances.min(axis=1)).mean()", "The error is the mean of the squared distances: no root.", "kmeans-errorroot"),
    Mistake("errors", "distances.min(axis=1).mean()", "np.sqrt(distances.min(axis=1).mean())", "The error is the mean of the squared distances: no root.", "kmeans-errorrootmean"),
    Mistake("errors", "distances.min(axis=1).mean()", "distances.mean()", "Only the distance of each point from its own centre counts.", "kmeans-errorall"),
    Mistake("errors", "distances.min(axis=1).mean()", "distances.min(axis=1).mean() / points.shape[1]", "The squared distance is a sum over the coordinates; take the mean over the points only.", "kmeans-errordivD"),
    Mistake("errors", "distances.min(axis=1).mean()", "distances.min(axis=0).mean()", "The smallest distance of each point is wanted; this is the smallest of each centre.", "kmeans-erroraxis"),
    Mistake("errors", "distances.min(axis=1).mean()", "distances.min(axis=1).max()", "The error is the mean over the points, not the largest of them.", "kmeans-errormax"),
    Mistake("errors", "    return centres, errors", "    if steps:\n        last = ((points[:, None] - centres) ** 2).sum(axis=2).min(axis=1).mean()\n        errors = np.append(errors[1:], last)\n    return centres, errors", "errors[t] is measured before the centres move in step t; these are the errors after it.", "kmeans-errorafter"),
    Mistake("errors", "return centres, errors", "return centres, errors[::-1]", "The errors are in reverse: the first belongs to the centres that were given.", "kmeans-reversed"),
]

EQUIVALENTS = {
    "distances by the product of matrices": '''\
def kmeans(points, centres, steps):
    centres = np.array(centres)
    errors = []
    for _ in range(steps):
        squared = (points**2).sum(axis=1)[:, None] - 2 * points @ centres.T + (centres**2).sum(axis=1)
        nearest = squared.argmin(axis=1)
        errors.append(squared.min(axis=1).mean())
        onehot = nearest[:, None] == np.arange(len(centres))
        counts = onehot.sum(axis=0)
        sums = onehot.T @ points
        centres = np.where(counts[:, None] > 0, sums / np.maximum(counts, 1)[:, None], centres)
    return centres, np.array(errors)
''',
    "point by point": '''\
def kmeans(points, centres, steps):
    centres = centres.copy()
    errors = np.zeros(steps)
    for t in range(steps):
        groups = [[] for _ in centres]
        total = 0.0
        for point in points:
            distances = [np.sum((point - centre) ** 2) for centre in centres]
            best = int(np.argmin(distances))
            groups[best].append(point)
            total += distances[best]
        errors[t] = total / len(points)
        for k, group in enumerate(groups):
            if group:
                centres[k] = np.mean(group, axis=0)
    return centres, errors
''',
    "norms": '''\
def kmeans(points, centres, steps):
    errors = np.zeros(steps)
    for t in range(steps):
        lengths = np.linalg.norm(points[:, None, :] - centres[None, :, :], axis=2)
        nearest = lengths.argmin(axis=1)
        errors[t] = np.mean(lengths[np.arange(len(points)), nearest] ** 2)
        moved = centres.copy()
        for k in set(nearest.tolist()):
            moved[k] = points[nearest == k].mean(axis=0)
        centres = moved
    return centres, errors
''',
}
