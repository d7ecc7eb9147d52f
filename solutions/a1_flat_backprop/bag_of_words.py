"""How often each word of a codebook occurs: reference, hidden cases, known mistakes, equivalents."""

import numpy as np

from flatgrade.core import Case, Mistake


def bag_of_words(patches, codebook):
    K = len(codebook)
    distances = (patches**2).sum(axis=1)[:, None] - 2 * patches @ codebook.T + (codebook**2).sum(axis=1)  # (N, K)
    nearest = distances.argmin(axis=1)  # (N,)
    histogram = (nearest[:, None] == np.arange(K)).mean(axis=0)  # (K,)
    return histogram


def cases(rng):
    """Hidden inputs. The words have different lengths, and one of them is far from every patch."""

    def draw(N, D, K):
        codebook = rng.standard_normal((K, D)) * rng.uniform(0.4, 1.6, (K, 1))
        codebook[-1] += 30
        return {"patches": rng.standard_normal((N, D)), "codebook": codebook}

    return [
        Case("typical sizes", draw(43, 5, 6), generic=True),
        Case("many words", draw(71, 3, 17), generic=True),
        Case("one patch", draw(1, 4, 5)),
        Case("one word", draw(8, 3, 1)),
        Case("fewer patches than words", draw(4, 6, 9)),
    ]


MISTAKES = [
    Mistake("distances", "- 2 * patches @ codebook.T", "+ 2 * patches @ codebook.T", "The distance is small where patch and word are alike: the product is subtracted.", "words-plus"),
    Mistake("distances", "- 2 * patches @ codebook.T", "- patches @ codebook.T", "Multiply out (p - c)**2: the product stands there twice.", "words-once"),
    Mistake("distances", " + (codebook**2).sum(axis=1)", "", "The lengths of the words are missing: a long word would win too often.", "words-nolength"),
    Mistake("distances", "+ (codebook**2).sum(axis=1)", "- (codebook**2).sum(axis=1)", "All squares have a plus: (p - c)**2 is p**2 - 2 p c + c**2.", "words-minuslength"),
    Mistake("distances", "+ (codebook**2).sum(axis=1)", "+ codebook.sum(axis=1) ** 2", "Square each entry of a word, then add; not the other way round.", "words-squaresum"),
    Mistake("distances", "(patches**2).sum(axis=1)[:, None] - 2 * patches @ codebook.T + (codebook**2).sum(axis=1)", "np.abs(patches[:, None] - codebook).sum(axis=2)", "The distance is the straight one: square the differences before they are added.", "words-manhattan"),
    Mistake("distances", "(patches**2).sum(axis=1)[:, None] - 2 * patches @ codebook.T + (codebook**2).sum(axis=1)", "-(patches @ codebook.T) / np.linalg.norm(codebook, axis=1)", "This compares directions; the distance counts the lengths, too.", "words-cosine"),
    Mistake("distances", "(patches**2).sum(axis=1)[:, None] - 2 * patches @ codebook.T + (codebook**2).sum(axis=1)", "((patches[:, None] - codebook) ** 2)[:, :, 0]", "All pixels of a patch count for the distance, not only the first.", "words-first"),
    Mistake("nearest", "distances.argmin(axis=1)", "distances.argmax(axis=1)", "Each patch counts for the word that is nearest; this is the farthest.", "words-argmax"),
    Mistake("nearest", "distances.argmin(axis=1)", "distances.argmin(axis=0) % K", "For each patch, which word is nearest? This asks for each word which patch is.", "words-axis"),
    Mistake("nearest", "distances.argmin(axis=1)", "distances.argsort(axis=1)[:, min(1, K - 1)]", "This is the second nearest word.", "words-second"),
    Mistake("histogram", ".mean(axis=0)", ".sum(axis=0)", "Shares are wanted: divide by the number of patches.", "words-counts"),
    Mistake("histogram", ".mean(axis=0)", ".sum(axis=0) / K", "Divide by the number of patches, not by that of words.", "words-divK"),
    Mistake("histogram", ".mean(axis=0)", ".max(axis=0) / len(patches)", "Count how often each word occurs, not whether it does.", "words-presence"),
    Mistake("histogram", ".mean(axis=0)", ".max(axis=0) * 1.0", "Count how often each word occurs, not whether it does.", "words-presenceone"),
    Mistake("histogram", "(nearest[:, None] == np.arange(K)).mean(axis=0)", "(nearest[:, None] == np.arange(K)).sum(axis=0) / (nearest[:, None] == np.arange(K)).sum(axis=0).max()", "Divide by the number of patches, not by the largest count.", "words-max"),
    Mistake("histogram", "(nearest[:, None] == np.arange(K)).mean(axis=0)", "(nearest[:, None] == np.arange(K)).sum(axis=0) / np.linalg.norm((nearest[:, None] == np.arange(K)).sum(axis=0))", "Divide by the number of patches, not by the length of the vector.", "words-norm"),
    Mistake("histogram", "(nearest[:, None] == np.arange(K)).mean(axis=0)", "np.sort((nearest[:, None] == np.arange(K)).mean(axis=0))", "The entries stay in the order of the codebook: do not sort them.", "words-sorted"),
    Mistake("histogram", "nearest[:, None] == np.arange(K)", "nearest[:, None] <= np.arange(K)", "Each entry counts its own word, without those before it.", "words-cumulative"),
]

EQUIVALENTS = {
    "differences": '''\
def bag_of_words(patches, codebook):
    N, K = len(patches), len(codebook)
    distances = ((patches[:, None] - codebook) ** 2).sum(axis=2)
    nearest = distances.argmin(axis=1)
    histogram = np.bincount(nearest, minlength=K) / N
    return histogram
''',
    "roots of the distances": '''\
def bag_of_words(patches, codebook):
    N, K = len(patches), len(codebook)
    distances = np.sqrt(((patches[:, None] - codebook) ** 2).sum(axis=2))
    nearest = distances.argmin(axis=1)
    histogram = np.bincount(nearest, minlength=K) / N
    return histogram
''',
    "without the length of the patch, which is the same for all words": '''\
def bag_of_words(patches, codebook):
    scores = patches @ codebook.T - 0.5 * np.sum(codebook * codebook, axis=1)
    words = np.argmax(scores, axis=1)
    return np.bincount(words, minlength=codebook.shape[0]) / patches.shape[0]
''',
    "patch by patch": '''\
def bag_of_words(patches, codebook):
    histogram = np.zeros(len(codebook))
    for patch in patches:
        histogram[np.argmin(np.linalg.norm(codebook - patch, axis=1))] += 1
    return histogram / len(patches)
''',
}
