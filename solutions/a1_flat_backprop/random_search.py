"""The best of many candidates: reference, hidden cases, known mistakes, equivalents."""

import numpy as np

from flatgrade.core import Case, Function, Mistake


def random_search(loss_fun, candidates):
    best_W, best_loss = None, np.inf
    for W in candidates:  # W: (D, C)
        loss = loss_fun(W)
        if loss < best_loss:
            best_W, best_loss = W, loss
    return best_W, best_loss


def cases(rng):
    """Hidden inputs. The best candidate stands first, last or between; losses of both signs tell sizes from values."""

    def draw(K, D, C, best, shift=0.0):
        text = f"lambda W: np.sum((W - 0.3) ** 2) - {shift!r}"
        candidates = rng.standard_normal((K, D, C))
        lowest = np.argmin([Function(text).made()(W) for W in candidates])
        candidates[[best, lowest]] = candidates[[lowest, best]]
        candidates[best + 1 :] *= np.arange(1, K - best)[:, None, None]  # behind the best one it gets worse and worse
        return {"loss_fun": Function(text), "candidates": candidates}

    return [
        Case("the best stands first", draw(7, 3, 4, best=0), generic=True),
        Case("the best stands last", draw(8, 5, 3, best=7), generic=True),
        Case("losses of both signs", draw(9, 4, 3, best=5, shift=12.0), generic=True),
        Case("one candidate", draw(1, 2, 3, best=0)),
        Case("all losses are negative", draw(6, 3, 2, best=3, shift=100.0)),
        Case("losses in the millions", draw(6, 3, 2, best=2, shift=-4e6)),
    ]


MISTAKES = [
    Mistake("best_W", "None, np.inf\n    for W in candidates:  # W: (D, C)\n        loss = loss_fun(W)\n        if loss < best_loss", "None, -np.inf\n    for W in candidates:  # W: (D, C)\n        loss = loss_fun(W)\n        if loss > best_loss", "This keeps the candidate with the largest loss; a good loss is a small one.", "search-largest"),
    Mistake("best_W", "if loss < best_loss", "if True", "This belongs to the candidate that was tried last, whatever its loss; it should be the best one.", "search-last"),
    Mistake("best_W", "if loss < best_loss", "if abs(loss) < abs(best_loss)", "A loss of -3 is better than one of 1: compare the losses themselves, not their sizes.", "search-abs"),
    Mistake("best_W", "in candidates:", "in candidates[1:] if len(candidates) > 1 else candidates:", "The first candidate is never tried.", "search-skipfirst"),
    Mistake("best_W", "in candidates:", "in candidates[:-1] if len(candidates) > 1 else candidates:", "The last candidate is never tried.", "search-skiplast"),
    Mistake("best_W", "best_W, best_loss = W, loss", "best_W, best_loss = W, loss\n            break", "The search stops at the first candidate: all of them have to be tried.", "search-break"),
    Mistake("best_W", "best_W, best_loss = W, loss", "best_W, best_loss = W, loss\n        else:\n            break", "The search gives up at the first candidate that is no better; a later one may be.", "search-giveup"),
    Mistake("best_W", "        if loss < best_loss:\n            best_W, best_loss = W, loss", "        if loss < best_loss:\n            best_W = W\n        best_loss = loss", "Each candidate is compared with the one before it; compare it with the best so far.", "search-previous"),
    Mistake("best_W", "            best_W, best_loss = W, loss", "            best_W = W if best_W is None else (best_W + W) / 2\n            best_loss = loss", "Return the best candidate itself, not a mean of several.", "search-mean"),
    Mistake("best_loss", "return best_W, best_loss", "return best_W, abs(best_loss)", "The second result is the loss itself, with its sign.", "search-returnabs"),
]

EQUIVALENTS = {
    "all losses, then argmin": '''\
def random_search(loss_fun, candidates):
    losses = np.array([loss_fun(W) for W in candidates])
    best = losses.argmin()
    return candidates[best], losses[best]
''',
    "min with a key": '''\
def random_search(loss_fun, candidates):
    best = min(candidates, key=loss_fun)
    return best, loss_fun(best)
''',
    "starting from the first candidate": '''\
def random_search(loss_fun, candidates):
    best_W = candidates[0].copy()
    best_loss = loss_fun(best_W)
    for k in range(1, len(candidates)):
        if loss_fun(candidates[k]) <= best_loss:
            best_W = candidates[k].copy()
            best_loss = loss_fun(best_W)
    return best_W, float(best_loss)
''',
}
