"""A net of two layers with one number in each: reference, hidden cases, known mistakes, equivalents, torch path."""

import numpy as np

from flatgrade.core import Case, Mistake


def two_layer_scalar(x, y, w1, w2):
    # forward
    f = w1 * x  # ()
    g = np.maximum(0, f)  # ()
    yhat = w2 * g  # ()
    L = 0.5 * (yhat - y) ** 2  # ()
    # backward
    grad_yhat = yhat - y  # ()
    grad_w2 = grad_yhat * g  # ()
    grad_g = grad_yhat * w2  # ()
    grad_f = grad_g * (f > 0)  # ()
    grad_w1 = grad_f * x  # ()
    grad_x = grad_f * w1  # ()
    return L, grad_w1, grad_w2, grad_x


def cases(rng):
    """Hidden inputs. Only the generic ones name mistakes; the others decide verdicts."""

    def draw(open_relu, slope=1.0):
        """Where the ReLU is open or not, and grad_g has the sign of `slope`: what only looks like the mask must differ."""
        x, w1, w2 = map(float, rng.uniform(0.5, 2.0, 3) * rng.choice([-1.0, 1.0], 3))
        w1 = abs(w1) if open_relu == (x > 0) else -abs(w1)
        yhat, error = w2 * max(0.0, w1 * x), float(slope * np.sign(w2) * rng.uniform(0.5, 2.0))
        return {"x": x, "y": yhat - error, "w1": w1, "w2": w2}

    exact = {"x": 2.0, "y": -6.0, "w1": 1.5, "w2": -2.0}
    return [
        Case("the ReLU is open", draw(True), generic=True),
        Case("the ReLU is open, other numbers", draw(True, slope=-1.0), generic=True),
        Case("the ReLU is closed", draw(False), generic=True),
        Case("a perfect prediction", exact),
        Case("a second weight of zero", {**draw(True), "w2": 0.0}),
        Case("a right answer of zero", {**draw(True), "y": 0.0}),
        Case("whole numbers", {"x": 3, "y": 1, "w1": 2, "w2": -1}),
    ]


OWN_INPUT = "Upstream times the wrong input: a multiply gate swaps, so the slope of an input is the value of the *other* input."
NO_LOCAL = "The gradient that arrives is handed on as it is: a multiply gate has a slope of its own, which is not 1."
NO_UPSTREAM = "This is the slope of the gate alone: where is the gradient that arrives there?"
SIGN = "The size is right: look at the sign."
MASK = "This goes past the ReLU: what arrives at f may be nothing, and then the first layer must get nothing."
PAST = "Between yhat and the first layer lies the second weight: this gradient did not pass it."

MISTAKES = [
    Mistake("f", "w1 * x", "w1 + x", "Weight and input are multiplied; here they are added.", "tls-f-plus"),
    Mistake("g", "np.maximum(0, f)", "f", "The ReLU is missing: a negative f must come out as 0.", "tls-g-none"),
    Mistake("g", "np.maximum(0, f)", "np.abs(f)", "A ReLU cuts negative numbers to 0; it does not turn them round.", "tls-g-abs"),
    Mistake("g", "np.maximum(0, f)", "1 / (1 + np.exp(-f))", "Here the layer has a ReLU, not a sigmoid.", "tls-g-sigmoid"),
    Mistake("yhat", "w2 * g", "w2 + g", "Weight and input are multiplied; here they are added.", "tls-yhat-plus"),
    Mistake("yhat", "w2 * g", "w2 * f", "The second layer takes what comes out of the ReLU, not what goes in.", "tls-yhat-f"),
    Mistake("L", "0.5 * (yhat - y) ** 2", "(yhat - y) ** 2", "Here the loss is half the squared error.", "tls-L-half"),
    Mistake("L", "(yhat - y) ** 2", "(yhat - y)", "The error is squared in the loss.", "tls-L-square"),
    Mistake("L", "(yhat - y) ** 2", "np.abs(yhat - y)", "The error is squared in the loss; this is its size.", "tls-L-abs"),
    Mistake("L", "yhat - y", "yhat + y", "The error is a difference: look at the sign.", "tls-L-plus"),
    Mistake("grad_yhat", "yhat - y", "y - yhat", "A prediction that is too high has a positive slope: look at the sign.", "tls-dyhat-sign"),
    Mistake("grad_yhat", "yhat - y", "2 * (yhat - y)", "The half in the loss cancels the 2 of the square.", "tls-dyhat-2"),
    Mistake("grad_yhat", "yhat - y", "0.5 * (yhat - y)", "The square brings a factor 2, which cancels the half in the loss.", "tls-dyhat-half"),
    Mistake("grad_yhat", "yhat - y", "(yhat - y) ** 2", "The derivative of a square is no square.", "tls-dyhat-square"),
    Mistake("grad_yhat", "yhat - y", "L", "The way back hands on slopes; this is the value of the loss.", "tls-dyhat-value"),
    Mistake("grad_yhat", "yhat - y", "yhat", "The slope of the loss depends on the error, not on the prediction alone.", "tls-dyhat-no-y"),
    Mistake("grad_w2", "grad_yhat * g", "grad_yhat * w2", OWN_INPUT, "tls-dw2-own-input"),
    Mistake("grad_w2", "grad_yhat * g", "grad_yhat", NO_LOCAL, "tls-dw2-no-local"),
    Mistake("grad_w2", "grad_yhat * g", "g", NO_UPSTREAM, "tls-dw2-no-upstream"),
    Mistake("grad_w2", "grad_yhat * g", "yhat * g", "Upstream is a slope; this uses the value yhat in its place.", "tls-dw2-value"),
    Mistake("grad_w2", "grad_yhat * g", "grad_yhat * f", "What the second weight was multiplied by is the output of the ReLU, not its input.", "tls-dw2-f"),
    Mistake("grad_g", "grad_yhat * w2", "grad_yhat * g", OWN_INPUT, "tls-dg-own-input"),
    Mistake("grad_g", "grad_yhat * w2", "grad_yhat", NO_LOCAL, "tls-dg-no-local"),
    Mistake("grad_g", "grad_yhat * w2", "w2", NO_UPSTREAM, "tls-dg-no-upstream"),
    Mistake("grad_g", "grad_yhat * w2", "yhat * w2", "Upstream is a slope; this uses the value yhat in its place.", "tls-dg-value"),
    Mistake("grad_g", "grad_yhat * w2", "-grad_yhat * w2", SIGN, "tls-dg-sign"),
    Mistake("grad_f", "grad_g * (f > 0)", "grad_g", "The ReLU has a slope of its own: where f was negative, nothing gets through.", "tls-df-no-mask"),
    Mistake("grad_f", "(f > 0)", "g", "The ReLU's slope is 1 or 0, not the value that comes out.", "tls-df-value"),
    Mistake("grad_f", "(f > 0)", "f", "The ReLU's slope is 1 or 0, not the value that goes in.", "tls-df-input"),
    Mistake("grad_f", "(f > 0)", "(f < 0)", "The ReLU lets slopes through where f is positive; this is the wrong way round.", "tls-df-inverted"),
    Mistake("grad_f", "grad_g * (f > 0)", "1.0 * (f > 0)", NO_UPSTREAM, "tls-df-no-upstream"),
    Mistake("grad_f", "grad_g * (f > 0)", "np.maximum(0, grad_g)", "Whether the slope gets through depends on the sign of f on the way forward, not on the sign of the slope.", "tls-df-relu-of-slope"),
    Mistake("grad_f", "grad_g * (f > 0)", "grad_yhat * (f > 0)", "What arrives at the ReLU is grad_g; grad_yhat has not passed the second weight yet.", "tls-df-past-w2"),
    Mistake("grad_w1", "grad_f * x", "grad_f * w1", OWN_INPUT, "tls-dw1-own-input"),
    Mistake("grad_w1", "grad_f * x", "grad_f", NO_LOCAL, "tls-dw1-no-local"),
    Mistake("grad_w1", "grad_f * x", "x", NO_UPSTREAM, "tls-dw1-no-upstream"),
    Mistake("grad_w1", "grad_f * x", "grad_g * x", MASK, "tls-dw1-past-relu"),
    Mistake("grad_w1", "grad_f * x", "grad_yhat * x", PAST, "tls-dw1-past-both"),
    Mistake("grad_w1", "grad_f * x", "-grad_f * x", SIGN, "tls-dw1-sign"),
    Mistake("grad_x", "grad_f * w1", "grad_f * x", OWN_INPUT, "tls-dx-own-input"),
    Mistake("grad_x", "grad_f * w1", "grad_f", NO_LOCAL, "tls-dx-no-local"),
    Mistake("grad_x", "grad_f * w1", "w1", NO_UPSTREAM, "tls-dx-no-upstream"),
    Mistake("grad_x", "grad_f * w1", "grad_g * w1", MASK, "tls-dx-past-relu"),
    Mistake("grad_x", "grad_f * w1", "grad_yhat * w1", PAST, "tls-dx-past-both"),
    Mistake("grad_x", "grad_f * w1", "-grad_f * w1", SIGN, "tls-dx-sign"),
]

# Other right answers, each the text of a whole answer cell.
EQUIVALENTS = {
    "choices for the ReLU": """\
def two_layer_scalar(x, y, w1, w2):
    f = w1 * x
    g = max(f, 0.0)
    yhat = g * w2
    L = (yhat - y) ** 2 / 2
    grad_yhat = yhat - y
    grad_w2 = g * grad_yhat
    grad_g = w2 * grad_yhat
    grad_f = grad_g if f >= 0 else 0.0
    grad_w1 = x * grad_f
    grad_x = w1 * grad_f
    return L, grad_w1, grad_w2, grad_x
""",
    "the error turned round": """\
def two_layer_scalar(x, y, w1, w2):
    f = w1 * x
    g = f * (f > 0)
    yhat = w2 * g
    L = 0.5 * (y - yhat) ** 2
    grad_yhat = -(y - yhat)
    grad_g = grad_yhat * w2
    grad_w2 = grad_yhat * g
    grad_f = np.where(f > 0, grad_g, 0.0)
    grad_x = grad_f * w1
    grad_w1 = grad_f * x
    return L, grad_w1, grad_w2, grad_x
""",
    "multiplied out": """\
def two_layer_scalar(x, y, w1, w2):
    hidden = np.maximum(w1 * x, 0)
    error = w2 * hidden - y
    on = float(hidden > 0)
    return error**2 / 2, error * w2 * on * x, error * hidden, error * w2 * on * w1
""",
    "own names": """\
def two_layer_scalar(x, y, w1, w2):
    h = w1 * x
    if h < 0:
        h = 0.0
    e = w2 * h - y
    dh = e * w2
    if h == 0:
        dh = 0.0
    return 0.5 * e * e, dh * x, e * h, dh * w1
""",
}


def torch_path(x, y, w1, w2):
    """The same loss in torch; returns a scalar tensor."""
    return 0.5 * (w2 * (w1 * x).clamp(min=0) - y) ** 2
