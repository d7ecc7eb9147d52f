"""Student programs in many styles, with places where one mistake each can be planted.

A style is a list of slots: a line (or block) of the body, and for some the stage that a wrong variant is to be charged
at, with the wrong text. None of it is shared with the solutions' EQUIVALENTS by construction: some styles resemble one,
the held-out ones resemble none.
"""

from dataclasses import dataclass
from itertools import combinations
from random import Random

STYLES = {}
HELD_OUT = {"svm_loss/sorted out by where", "softmax_loss/probabilities by column"}


@dataclass(frozen=True)
class Program:
    """A whole cell; `planted` holds the stages at which its mistakes lie."""

    exercise: str
    style: str
    text: str
    planted: tuple[str, ...]


def style(name, *slots):
    STYLES[name] = [slot if isinstance(slot, tuple) else (slot, ()) for slot in slots]


def programs(pairs=25):
    """Each style right, with every single mistake, and with up to `pairs` pairs of mistakes."""
    for name, slots in STYLES.items():
        exercise = name.split("/")[0]
        wrong = [(i, stage, text) for i, (_, variants) in enumerate(slots) for stage, text in variants]
        both = [(a, b) for a, b in combinations(wrong, 2) if a[0] != b[0]]
        Random(7).shuffle(both)
        for chosen in [(), *((item,) for item in wrong), *both[:pairs]]:
            lines = [text for text, _ in slots]
            for i, _, text in chosen:
                lines[i] = text
            body = "\n".join("    " + line for block in lines for line in block.split("\n"))
            yield Program(exercise, name, f"def {exercise}(W, X, y, reg):\n{body}\n", tuple(c[1] for c in chosen))


REG = ("reg_loss", "reg_loss = 0.5 * reg * np.sum(W * W)"), ("reg_loss", "reg_loss = reg * np.sum(W)")

style(
    "svm_loss/as the lecture writes it",
    "N = len(X)",
    "rows = np.arange(N)",
    ("scores = X.dot(W)", (("scores", "scores = X.dot(W) * 2"),)),
    "right = scores[rows, y].reshape(N, 1)",
    (
        "margins = np.maximum(scores - right + 1, 0)",
        (
            ("margins", "margins = np.maximum(scores - right, 0)"),
            ("margins", "margins = np.maximum(right - scores + 1, 0)"),
        ),
    ),
    ("margins[rows, y] = 0", (("margins", "pass"),)),
    (
        "data_loss = np.sum(margins) / N",
        (("data_loss", "data_loss = np.sum(margins)"), ("data_loss", "data_loss = np.mean(margins)")),
    ),
    ("reg_loss = reg * np.sum(W ** 2)", REG),
    ("loss = data_loss + reg_loss", (("loss", "loss = data_loss - reg_loss"),)),
    ("dmargins = np.full(margins.shape, 1 / N)", (("dmargins", "dmargins = np.ones(margins.shape)"),)),
    ("dscores = np.where(margins > 0, dmargins, 0)", (("dscores", "dscores = margins * dmargins"),)),
    (
        "dscores[rows, y] = -dscores.sum(axis=1)",
        (
            ("dscores", "pass"),
            ("dscores", "dscores[rows, y] = -1 / N"),
            ("dscores", "dscores[rows, y] = dscores.sum(axis=1)"),
        ),
    ),
    (
        "dW = X.T.dot(dscores) + 2 * reg * W",
        (
            ("dW", "dW = X.T.dot(dscores)"),
            ("dW", "dW = X.T.dot(dscores) + reg * W"),
            ("dW", "dW = X.T.dot(dscores) / N + 2 * reg * W"),
        ),
    ),
    "return loss, dW",
)
style(
    "svm_loss/zeros first, names reused",
    "loss, dW = 0.0, np.zeros_like(W)",
    "n = X.shape[0]",
    ("scores = X @ W", (("scores", "scores = X @ W * 2"),)),
    (
        "margins = np.maximum(0, scores - scores[np.arange(n), y][:, np.newaxis] + 1)",
        (("margins", "margins = np.maximum(0, scores - scores[np.arange(n), y][:, np.newaxis])"),),
    ),
    ("margins[np.arange(n), y] = 0.0", (("margins", "pass"),)),
    ("loss += margins.sum()", ()),
    ("loss /= n", (("data_loss", "pass"),)),
    ("loss += reg * (W * W).sum()", (("reg_loss", "loss += 0.5 * reg * (W * W).sum()"),)),
    ("margins[margins > 0] = 1", (("dscores", "pass"),)),
    (
        "margins[np.arange(n), y] -= margins.sum(axis=1)",
        (("dscores", "pass"), ("dscores", "margins[np.arange(n), y] -= 1")),
    ),
    ("dW += X.T @ margins", ()),
    ("dW /= n", (("dW", "pass"),)),
    ("dW += 2 * reg * W", (("dW", "dW += reg * W"), ("dW", "pass"))),
    "return loss, dW",
)
style(
    "svm_loss/counts, divided late",
    "N = X.shape[0]",
    "scores = X @ W",
    (
        "margins = scores - scores[np.arange(N), y][:, None] + 1.0",
        (("margins", "margins = scores - scores[np.arange(N), y][:, None] - 1.0"),),
    ),
    "margins = margins * (margins > 0)",
    "margins[np.arange(N), y] = 0",
    ("data_loss = margins.sum() / N", (("data_loss", "data_loss = margins.sum()"),)),
    ("reg_loss = reg * (W ** 2).sum()", REG),
    "loss = data_loss + reg_loss",
    ("dscores = (margins > 0).astype(int)", (("dscores", "dscores = margins.copy()"),)),
    (
        "dscores[np.arange(N), y] = -dscores.sum(axis=1)",
        (("dscores", "pass"), ("dscores", "dscores[np.arange(N), y] = -1")),
    ),
    (
        "dW = X.T @ dscores / N + 2 * reg * W",
        (("dW", "dW = X.T @ dscores / N + reg * W"), ("dW", "dW = X.T @ dscores / N")),
    ),
    "return loss, dW",
)
style(
    "svm_loss/the mask in dmargins",
    "rows, N = range(len(y)), len(y)",
    ("reg_loss = reg * np.sum(W * W)", REG),
    "scores = X @ W",
    "margins = scores - scores[rows, y][:, None] + 1",
    ("margins[rows, y] = 0", (("margins", "pass"),)),
    ("margins[margins < 0] = 0", (("margins", "pass"),)),
    ("data_loss = margins.sum() / N", (("data_loss", "data_loss = margins.sum()"),)),
    ("loss = data_loss + reg_loss", (("loss", "loss = data_loss"),)),
    ("dmargins = (margins > 0) / N", (("dmargins", "dmargins = margins / N"),)),
    "dscores = dmargins",
    ("dscores[rows, y] -= dmargins.sum(axis=1)", (("dscores", "dscores[rows, y] += dmargins.sum(axis=1)"),)),
    "dW = X.T @ dscores",
    ("dW += 2 * reg * W", (("dW", "dW += reg * W"),)),
    "return loss, dW",
)
style(
    "svm_loss/loops inside with",
    "N, C = len(X), W.shape[1]",
    "margins, dscores = np.zeros((N, C)), np.zeros((N, C))",
    "with np.errstate(over='ignore'):\n"
    "    scores = X @ W\n"
    "    for i in range(N):\n"
    "        for j in range(C):\n"
    "            if j != y[i]:\n"
    "                margins[i, j] = max(0, scores[i, j] - scores[i, y[i]] + 1)",
    ("data_loss = margins.sum() / N", (("data_loss", "data_loss = margins.sum()"),)),
    ("reg_loss = reg * np.sum(W * W)", REG),
    "loss = data_loss + reg_loss",
    (
        "for i in range(N):\n"
        "    for j in range(C):\n"
        "        if margins[i, j] > 0:\n"
        "            dscores[i, j] += 1 / N\n"
        "            dscores[i, y[i]] -= 1 / N",
        (
            (
                "dscores",
                "for i in range(N):\n"
                "    for j in range(C):\n"
                "        if margins[i, j] > 0:\n"
                "            dscores[i, j] += 1 / N",
            ),
        ),
    ),
    (
        "dW = X.T @ dscores + 2 * reg * W",
        (("dW", "dW = X.T @ dscores + reg * W"), ("dW", "dW = -X.T @ dscores + 2 * reg * W")),
    ),
    "return loss, dW",
)
style(
    "svm_loss/own names",
    "n = len(y)",
    "s = X @ W",
    (
        "m = np.maximum(0, s - s[np.arange(n), y][:, None] + 1)",
        (("margins", "m = np.maximum(0, s - s[np.arange(n), y][:, None])"),),
    ),
    "m[np.arange(n), y] = 0",
    ("L = m.sum() / n", (("data_loss", "L = m.sum()"),)),
    ("R = reg * (W * W).sum()", (("reg_loss", "R = 0.5 * reg * (W * W).sum()"),)),
    "g = (m > 0) / n",
    ("g[np.arange(n), y] = -g.sum(axis=1)", (("dscores", "pass"),)),
    ("G = X.T @ g + 2 * reg * W", (("dW", "G = X.T @ g + reg * W"), ("dW", "G = X.T @ g"))),
    "return L + R, G",
)
style(
    "svm_loss/sorted out by where",
    "N, C = X.shape[0], W.shape[1]",
    "is_right = y[:, None] == np.arange(C)",
    "scores = np.einsum('nd,dc->nc', X, W)",
    "lead = np.where(is_right, scores, 0).sum(axis=1, keepdims=True)",
    (
        "margins = np.where(is_right, 0, np.clip(scores - lead + 1, 0, None))",
        (("margins", "margins = np.where(is_right, 0, np.clip(scores - lead, 0, None))"),),
    ),
    ("data_loss = margins.sum(axis=1).mean()", (("data_loss", "data_loss = margins.sum(axis=1).sum()"),)),
    ("reg_loss = reg * np.linalg.norm(W) ** 2", (("reg_loss", "reg_loss = reg * np.linalg.norm(W)"),)),
    "loss = data_loss + reg_loss",
    "hit = np.sign(margins)",
    (
        "dscores = (hit - is_right * hit.sum(axis=1, keepdims=True)) / N",
        (
            ("dscores", "dscores = hit / N"),
            ("dscores", "dscores = (hit + is_right * hit.sum(axis=1, keepdims=True)) / N"),
        ),
    ),
    (
        "dW = 2 * reg * W + np.einsum('nd,nc->dc', X, dscores)",
        (("dW", "dW = reg * W + np.einsum('nd,nc->dc', X, dscores)"),),
    ),
    "return loss, dW",
)
style(
    "softmax_loss/as the lecture writes it",
    "N = len(X)",
    "rows = np.arange(N)",
    ("scores = X @ W", (("scores", "scores = X @ W * 2"),)),
    ("shifted = scores - np.max(scores, axis=1)[:, None]", (("shifted", "shifted = scores - np.max(scores, axis=0)"),)),
    ("exp_scores = np.exp(shifted)", (("exp_scores", "exp_scores = np.exp(-shifted)"),)),
    (
        "probs = exp_scores / np.sum(exp_scores, axis=1)[:, None]",
        (("probs", "probs = exp_scores / np.sum(exp_scores)"),),
    ),
    (
        "data_loss = np.mean(-np.log(probs[rows, y]))",
        (
            ("data_loss", "data_loss = np.sum(-np.log(probs[rows, y]))"),
            ("data_loss", "data_loss = np.mean(np.log(probs[rows, y]))"),
        ),
    ),
    ("reg_loss = reg * np.sum(W * W)", REG),
    ("loss = data_loss + reg_loss", (("loss", "loss = (data_loss + reg_loss) / N"),)),
    "dscores = probs.copy()",
    ("dscores[rows, y] -= 1", (("dscores", "pass"), ("dscores", "dscores[rows, y] += 1"))),
    ("dscores = dscores / N", (("dscores", "pass"),)),
    (
        "dW = X.T @ dscores + 2 * reg * W",
        (("dW", "dW = X.T @ dscores"), ("dW", "dW = X.T @ dscores / N + 2 * reg * W")),
    ),
    "return loss, dW",
)
style(
    "softmax_loss/zeros first, names reused",
    "loss = 0.0",
    "dW = np.zeros(W.shape)",
    "num = X.shape[0]",
    "scores = X.dot(W)",
    "scores -= scores.max(axis=1, keepdims=True)",
    ("scores = np.exp(scores)", (("exp_scores", "scores = np.exp(-scores)"),)),
    ("scores /= scores.sum(axis=1, keepdims=True)", (("probs", "scores /= scores.sum()"),)),
    "loss = -np.log(scores[range(num), y]).sum()",
    ("loss /= num", (("data_loss", "pass"),)),
    ("loss += reg * (W ** 2).sum()", (("reg_loss", "loss += 0.5 * reg * (W ** 2).sum()"),)),
    ("scores[range(num), y] -= 1", (("dscores", "pass"), ("dscores", "scores[range(num), y] += 1"))),
    ("scores /= num", (("dscores", "pass"),)),
    ("dW = X.T.dot(scores) + 2 * reg * W", (("dW", "dW = X.T.dot(scores) + reg * W"),)),
    "return loss, dW",
)
style(
    "softmax_loss/log-sum-exp",
    "N, rows = len(X), np.arange(len(X))",
    "scores = X @ W",
    "scores = scores - scores.max(axis=1, keepdims=True)",
    "logZ = np.log(np.exp(scores).sum(axis=1))",
    ("data_loss = np.mean(logZ - scores[rows, y])", (("data_loss", "data_loss = np.sum(logZ - scores[rows, y])"),)),
    ("reg_loss = reg * np.square(W).sum()", REG),
    "loss = data_loss + reg_loss",
    "dscores = np.exp(scores - logZ[:, None])",
    ("dscores[rows, y] -= 1.0", (("dscores", "dscores[rows, y] += 1.0"),)),
    ("dW = X.T @ dscores / N", ()),
    ("dW += 2 * reg * W", (("dW", "dW += reg * W"), ("dW", "pass"))),
    "return loss, dW",
)
style(
    "softmax_loss/own names and a try",
    "n = len(y)",
    "try:\n    z = X @ W\n    z = z - z.max(1, keepdims=True)\nexcept ValueError:\n    raise",
    ("e = np.exp(z)", (("exp_scores", "e = np.exp(-z)"),)),
    ("p = e / e.sum(1, keepdims=True)", (("probs", "p = e / e.sum()"),)),
    ("L = -np.log(p[np.arange(n), y]).mean()", (("data_loss", "L = -np.log(p[np.arange(n), y]).sum()"),)),
    ("R = reg * (W * W).sum()", (("reg_loss", "R = 0.5 * reg * (W * W).sum()"),)),
    "t = np.eye(W.shape[1])[y]",
    ("g = (p - t) / n", (("dscores", "g = p - t"), ("dscores", "g = (p + t) / n"))),
    ("G = X.T @ g + 2 * reg * W", (("dW", "G = X.T @ g + reg * W"),)),
    "return L + R, G",
)
style(
    "softmax_loss/probabilities by column",
    "N, C = len(X), W.shape[1]",
    "T = (np.arange(C)[:, None] == y)",
    "S = W.T @ X.T",
    "S = S - S.max(axis=0)",
    "E = np.exp(S)",
    ("P = E / E.sum(axis=0)", (("probs", "P = E / E.sum()"),)),
    ("data_loss = -(np.log(P) * T).sum() / N", (("data_loss", "data_loss = -(np.log(P) * T).sum()"),)),
    ("reg_loss = reg * np.sum(W * W)", REG),
    "loss = reg_loss + data_loss",
    ("dS = (P - T) / N", (("dscores", "dS = P - T"),)),
    ("dW = (dS @ X).T + 2 * reg * W", (("dW", "dW = (dS @ X).T + reg * W"), ("dW", "dW = (dS @ X).T"))),
    "return loss, dW",
)
