"""The add gate as a class: reference, hidden cases, known mistakes, equivalents, torch path."""

from flatgrade.core import Case, Mistake


class AddGate:
    def forward(self, x, y):
        z = x + y  # (N, D)
        return z

    def backward(self, dz):
        dx = dz  # (N, D)
        dy = dz  # (N, D)
        return dx, dy


def cases(rng):
    """Hidden inputs. Only the generic ones name mistakes; the others decide verdicts."""

    def draw(N, D):
        return {name: rng.standard_normal((N, D)) for name in ("x", "y", "dz", "v", "w")}

    small = draw(4, 3)
    return [
        Case("typical sizes", draw(5, 7), generic=True),
        Case("more rows than columns", draw(8, 3), generic=True),
        Case("a single number", draw(1, 1)),
        Case("an upstream gradient of zero", {**small, "dz": 0 * small["dz"]}),
    ]


NO_UPSTREAM = "The local slope of a sum is 1, but what the input gets is that times the gradient which arrives at z."
SPLIT = "The upstream gradient is not divided up: each input gets the whole of it."
VALUE = "The slope of a sum by an input is 1, whatever the values are."
SIGN = "The size is right: look at the sign."

MISTAKES = [
    Mistake("z", "x + y", "x * y", "An add gate adds its inputs; this one multiplies them.", "add-times"),
    Mistake("z", "x + y", "x - y", "An add gate adds its inputs; this one subtracts.", "add-minus"),
    Mistake("z", "x + y", "(x + y) / 2", "The sum, not the mean.", "add-mean"),
    Mistake("dx", "dx = dz", "dx = dz / dz", NO_UPSTREAM, "add-dx-one"),
    Mistake("dx", "dx = dz", "dx = dz / 2", SPLIT, "add-dx-split"),
    Mistake("dx", "dx = dz", "dx = -dz", SIGN, "add-dx-sign"),
    Mistake("dy", "dy = dz", "dy = dz / dz", NO_UPSTREAM, "add-dy-one"),
    Mistake("dy", "dy = dz", "dy = dz / 2", SPLIT, "add-dy-split"),
    Mistake("dy", "dy = dz", "dy = -dz", SIGN, "add-dy-sign"),
    Mistake("dy", "dy = dz", "dy = 0 * dz", "Both inputs move z, so both get a gradient.", "add-dy-zero"),
    Mistake("dx", "z = x + y  # (N, D)\n        return z\n\n    def backward(self, dz):\n        dx = dz", "z = x + y\n        self.x = x\n        return z\n\n    def backward(self, dz):\n        dx = dz * self.x", VALUE, "add-dx-value"),
    Mistake("dy", "z = x + y  # (N, D)\n        return z\n\n    def backward(self, dz):\n        dx = dz  # (N, D)\n        dy = dz", "z = x + y\n        self.y = y\n        return z\n\n    def backward(self, dz):\n        dx = dz\n        dy = dz * self.y", VALUE, "add-dy-value"),
]

# Other right answers, each the text of a whole answer cell.
EQUIVALENTS = {
    "copies": """\
class AddGate:
    def forward(self, x, y):
        return np.add(y, x)

    def backward(self, dz):
        return dz + 0, dz + 0
""",
    "local slopes of one": """\
class AddGate:
    def forward(self, x, y):
        self.slope = np.ones(x.shape)
        return x + y

    def backward(self, dz):
        return 1.0 * dz, self.slope * dz
""",
}


def torch_path(x, y, dz, v, w):
    """The same gate in torch; the gradient dz arrives at what it returns."""
    return x + y
