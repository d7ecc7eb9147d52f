"""The matrix product as a gate: reference, hidden cases, known mistakes, equivalents, torch path."""

from flatgrade.core import Case, Mistake


class MatMulGate:
    def forward(self, x, w):
        self.x, self.w = x, w
        z = x @ w  # (N, M)
        return z

    def backward(self, dz):
        dx = dz @ self.w.T  # (N, D)
        dw = self.x.T @ dz  # (D, M)
        return dx, dw


def cases(rng):
    """Hidden inputs. Only the generic ones name mistakes; the others decide verdicts."""

    def draw(N, D, M):
        shapes = {"x": (N, D), "w": (D, M), "dz": (N, M), "u": (N, D), "v": (D, M)}
        return {name: rng.standard_normal(shape) for name, shape in shapes.items()}

    small = draw(3, 4, 2)
    return [
        Case("typical sizes", draw(5, 7, 4), generic=True),
        Case("more columns", draw(6, 3, 8), generic=True),
        Case("one row", draw(1, 5, 3)),
        Case("one column", draw(4, 6, 1)),
        Case("square matrices", draw(4, 4, 4)),
        Case("an upstream gradient of zero", {**small, "dz": 0 * small["dz"]}),
    ]


NO_UPSTREAM = "This is made of the gate's inputs alone: where is the gradient that arrives at z?"
MEAN = "Nothing is averaged in this gate: a mean belongs to the loss, if it has one."
SHARED = "The matrices of another gate were used here: each gate has to keep its own, on itself (self) and not on the class."
SIGN = "The size is right: look at the sign."
SHAPE = "A gradient has the shape of its value: this one lies on its side."

MISTAKES = [
    Mistake("z", "x @ w", "(x @ w).T", "The product lies on its side: rows are examples.", "mat-z-transposed"),
    Mistake("z", "x @ w", "x @ w / x.shape[1]", "A product adds up; nothing is averaged.", "mat-z-mean"),
    Mistake("dx", "dz @ self.w.T", "(dz @ self.w.T).T", SHAPE, "mat-dx-transposed"),
    Mistake("dx", "dz @ self.w.T", "dz @ self.w.T / dz.shape[0]", MEAN, "mat-dx-mean"),
    Mistake("dx", "dz @ self.w.T", "-(dz @ self.w.T)", SIGN, "mat-dx-sign"),
    Mistake("dx", "dz @ self.w.T", "(0 * dz + 1) @ self.w.T", NO_UPSTREAM, "mat-dx-no-upstream"),
    Mistake("dw", "self.x.T @ dz", "(self.x.T @ dz).T", SHAPE, "mat-dw-transposed"),
    Mistake("dw", "self.x.T @ dz", "self.x.T @ dz / dz.shape[0]", MEAN, "mat-dw-mean"),
    Mistake("dw", "self.x.T @ dz", "-(self.x.T @ dz)", SIGN, "mat-dw-sign"),
    Mistake("dw", "self.x.T @ dz", "self.x.T @ (0 * dz + 1)", NO_UPSTREAM, "mat-dw-no-upstream"),
    Mistake("dw", "self.x.T @ dz", "abs(self.x).T @ dz", "Negative inputs have negative slopes.", "mat-dw-abs"),
    Mistake("dx", "self.x, self.w = x, w", "MatMulGate.x, MatMulGate.w = x, w", SHARED, "mat-shared"),
    Mistake("dw", "self.x, self.w = x, w", "self.x, self.w = x - x.mean(axis=0), w", "Keep the inputs as they came.", "mat-kept-centred"),
]

# Other right answers, each the text of a whole answer cell.
EQUIVALENTS = {
    "einsum": """\
class MatMulGate:
    def forward(self, x, w):
        self.cache = {"x": x, "w": w}
        return np.einsum("nd,dm->nm", x, w)

    def backward(self, dz):
        dx = np.einsum("nm,dm->nd", dz, self.cache["w"])
        dw = np.einsum("nd,nm->dm", self.cache["x"], dz)
        return dx, dw
""",
    "keeps the transposed matrices": """\
class MatMulGate:
    def forward(self, x, w):
        self.x_turned, self.w_turned = x.T, w.T
        return np.dot(x, w)

    def backward(self, dz):
        return dz.dot(self.w_turned), self.x_turned.dot(dz)
""",
    "row by row": """\
class MatMulGate:
    def forward(self, x, w):
        self.x, self.w = x, w
        return np.array([row @ w for row in x])

    def backward(self, dz):
        dx = np.array([self.w @ row for row in dz])
        dw = sum(np.outer(a, b) for a, b in zip(self.x, dz))
        return dx, dw
""",
}


def torch_path(x, w, dz, u, v):
    """The same gate in torch; the gradient dz arrives at what it returns."""
    return x @ w
