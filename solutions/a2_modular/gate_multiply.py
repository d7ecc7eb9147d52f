"""The multiply gate as a class: reference, hidden cases, known mistakes, equivalents, torch path."""

from flatgrade.core import Case, Mistake


class MultiplyGate:
    def forward(self, x, y):
        self.x, self.y = x, y
        z = x * y  # (N, D)
        return z

    def backward(self, dz):
        dx = dz * self.y  # (N, D)
        dy = dz * self.x  # (N, D)
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
        Case("large and small numbers", {**draw(3, 4), "x": 1e4 * rng.standard_normal((3, 4))}),
    ]


OWN = "A multiply gate swaps: the slope by one input is the value of the other input."
NO_UPSTREAM = "This is the slope of the gate alone: where is the gradient that arrives at z?"
NO_LOCAL = "The upstream gradient is handed on as it is, as an add gate does. A multiply gate has a slope of its own."
SHARED = "The values of another gate were used here: each gate has to keep its own, on itself (self) and not on the class."
SIGN = "The size is right: look at the sign."
SUM = "Upstream gradient and local slope are multiplied, not added."
PRODUCT = "The slope of a product by one factor is the other factor alone: one factor too many."

MISTAKES = [
    Mistake("z", "x * y", "x + y", "A multiply gate multiplies its inputs; this one adds them.", "mul-plus"),
    Mistake("z", "x * y", "x / y", "A multiply gate multiplies its inputs; this one divides.", "mul-divide"),
    Mistake("dx", "dz * self.y", "dz * self.x", OWN, "mul-dx-own"),
    Mistake("dx", "dz * self.y", "self.y", NO_UPSTREAM, "mul-dx-no-upstream"),
    Mistake("dx", "dz * self.y", "dz", NO_LOCAL, "mul-dx-no-local"),
    Mistake("dx", "dz * self.y", "-dz * self.y", SIGN, "mul-dx-sign"),
    Mistake("dx", "dz * self.y", "dz + self.y", SUM, "mul-dx-sum"),
    Mistake("dx", "dz * self.y", "dz * self.x * self.y", PRODUCT, "mul-dx-product"),
    Mistake("dy", "dz * self.x", "dz * self.y", OWN, "mul-dy-own"),
    Mistake("dy", "dz * self.x", "self.x", NO_UPSTREAM, "mul-dy-no-upstream"),
    Mistake("dy", "dz * self.x", "dz", NO_LOCAL, "mul-dy-no-local"),
    Mistake("dy", "dz * self.x", "-dz * self.x", SIGN, "mul-dy-sign"),
    Mistake("dy", "dz * self.x", "dz + self.x", SUM, "mul-dy-sum"),
    Mistake("dy", "dz * self.x", "dz * self.x * self.y", PRODUCT, "mul-dy-product"),
    Mistake("dx", "self.x, self.y = x, y", "MultiplyGate.x, MultiplyGate.y = x, y", SHARED, "mul-shared"),
    Mistake("dy", "self.x, self.y = x, y", "self.x, self.y = abs(x), y", "Keep the inputs as they came: negative ones are negative slopes.", "mul-kept-abs"),
]

# Other right answers, each the text of a whole answer cell.
EQUIVALENTS = {
    "a cache as a tuple": """\
class MultiplyGate:
    def __init__(self):
        self.cache = None

    def forward(self, x, y):
        self.cache = (x, y)
        return np.multiply(x, y)

    def backward(self, dz):
        x, y = self.cache
        return y * dz, x * dz
""",
    "keeps copies": """\
class MultiplyGate:
    def forward(self, first, second):
        self.factors = [first.copy(), second.copy()]
        return first * second

    def backward(self, upstream):
        return tuple(upstream * factor for factor in self.factors[::-1])
""",
    "keeps the local slopes": """\
class MultiplyGate:
    def forward(self, x, y):
        self.slope_x = y
        self.slope_y = x
        return y * x

    def backward(self, dz):
        return [self.slope_x * dz, self.slope_y * dz]
""",
}


def torch_path(x, y, dz, v, w):
    """The same gate in torch; the gradient dz arrives at what it returns."""
    return x * y
