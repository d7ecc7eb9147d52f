"""Layer normalization, forward and backward: reference, hidden cases, known mistakes, equivalents, torch path."""

import numpy as np

from flatgrade.core import Case, Mistake


def layernorm_forward(x, gamma, beta, eps):
    N = x.shape[0]
    # forward
    mu = x.mean(axis=1)  # (N,)
    xmu = x - mu.reshape(N, 1)  # (N, D)
    var = (xmu * xmu).mean(axis=1)  # (N,)
    ivar = 1 / np.sqrt(var + eps)  # (N,)
    xhat = xmu * ivar.reshape(N, 1)  # (N, D)
    out = gamma * xhat + beta  # (N, D)
    cache = (gamma, xmu, ivar, xhat)
    return out, cache


def layernorm_backward(dout, cache):
    gamma, xmu, ivar, xhat = cache
    N, D = dout.shape
    # backward
    dbeta = dout.sum(axis=0)  # (D,)
    dgamma = (dout * xhat).sum(axis=0)  # (D,)
    dxhat = dout * gamma  # (N, D)
    divar = (dxhat * xmu).sum(axis=1)  # (N,)
    dvar = -0.5 * ivar**3 * divar  # (N,)
    dxmu = dxhat * ivar.reshape(N, 1) + 2 / D * xmu * dvar.reshape(N, 1)  # (N, D)
    dmu = -dxmu.sum(axis=1)  # (N,)
    dx = dxmu + dmu.reshape(N, 1) / D  # (N, D)
    return dx, dgamma, dbeta


def cases(rng):
    """Hidden inputs. The generic ones have an eps that counts, gamma far from 1, and N and D that differ."""

    def draw(N, D, eps=1e-5, spread=1.0, offset=0.0):
        return dict(
            x=spread * rng.standard_normal((N, D)) + offset,
            gamma=rng.standard_normal(D),
            beta=rng.standard_normal(D),
            eps=eps,
            dout=rng.standard_normal((N, D)),
        )

    flat = draw(5, 8)
    flat["x"][2] = 3.0 + 1e-4 * rng.standard_normal(8)
    flat["x"][4] = -1.0
    return [
        Case("typical sizes", draw(5, 7, eps=0.03), generic=True),
        Case("more examples than features", draw(13, 6, eps=0.11, spread=1.7, offset=0.4), generic=True),
        Case("one example", draw(1, 6)),
        Case("one example hardly varies, another not at all", flat),
        Case("examples far from 0", draw(7, 5, offset=1000.0)),
        Case("as many examples as features", draw(6, 6)),
        Case("examples of very different size", draw(4, 9, spread=np.array([[1e-3], [1], [50], [2e3]]))),
    ]


MISTAKES = [
    Mistake("mu", "x.mean(axis=1)", "np.resize(x.mean(axis=0), N)", "Each example is a row and has a mean of its own: the mean runs over the features.", "ln-axis"),
    Mistake("mu", "x.mean(axis=1)", "np.full(N, x.mean())", "Each example has a mean of its own; this is one mean for all.", "ln-mu-all"),
    Mistake("mu", "x.mean(axis=1)", "x.sum(axis=1)", "This is the sum over the features, not their mean.", "ln-mu-sum"),
    Mistake("mu", "x.mean(axis=1)", "x.sum(axis=1) / N", "The mean runs over the D features of an example: divide by how many those are.", "ln-mu-N"),
    Mistake("xmu", "x - mu.reshape(N, 1)", "x", "The mean of each example must be taken away first.", "ln-nocentre"),
    Mistake("xmu", "x - mu", "x + mu", "The mean is taken away, not added.", "ln-centre-sign"),
    Mistake("var", ".mean(axis=1)", ".sum(axis=1) / (x.shape[1] - 1)", "Here the variance is divided by D, not by D - 1.", "ln-ddof1"),
    Mistake("var", ".mean(axis=1)", ".sum(axis=1)", "The variance is a mean over the features; this is the sum.", "ln-var-sum"),
    Mistake("var", ".mean(axis=1)", ".sum(axis=1) / N", "The variance is a mean over the D features of an example: divide by how many those are.", "ln-var-N"),
    Mistake("var", "(xmu * xmu).mean(axis=1)", "(x * x).mean(axis=1)", "The variance measures the distance from the mean, not from 0.", "ln-var-raw"),
    Mistake("var", "(xmu * xmu).mean(axis=1)", "np.sqrt((xmu * xmu).mean(axis=1))", "This is the standard deviation; the variance is its square, and the root comes later.", "ln-std"),
    Mistake("var", "(xmu * xmu).mean(axis=1)", "np.abs(xmu).mean(axis=1)", "The variance is the mean of the squared distances, not of their sizes.", "ln-var-abs"),
    Mistake("ivar", "np.sqrt(var + eps)", "(np.sqrt(var) + eps)", "eps is added to the variance, inside the root; this adds it to the root.", "ln-epsout"),
    Mistake("ivar", "np.sqrt(var + eps)", "np.sqrt(var)", "An example that does not vary would be divided by 0: eps is missing.", "ln-noeps-forward"),
    Mistake("ivar", "np.sqrt(var + eps)", "(var + eps)", "Divide by the standard deviation, the root of the variance, and not by the variance.", "ln-noroot"),
    Mistake("ivar", "1 / np.sqrt", "np.sqrt", "ivar is one divided by the root.", "ln-notinverse"),
    Mistake("ivar", "var + eps", "var + 1e-5", "eps is an argument; it need not be 1e-5.", "ln-eps-fixed"),
    Mistake("xhat", "xmu * ivar.reshape(N, 1)", "xmu / ivar.reshape(N, 1)", "ivar is the inverse of the deviation already: multiply.", "ln-divided-twice"),
    Mistake("xhat", "xmu * ivar.reshape(N, 1)", "xmu", "The spread of each example must be divided away.", "ln-noscale"),
    Mistake("out", "gamma * xhat + beta", "xhat", "The normalized values are scaled by gamma and shifted by beta.", "ln-plain"),
    Mistake("out", "gamma * xhat + beta", "gamma * xhat", "The shift by beta is missing.", "ln-nobeta"),
    Mistake("out", "gamma * xhat + beta", "xhat + beta", "The scale gamma is missing.", "ln-nogamma-forward"),
    Mistake("out", "gamma * xhat + beta", "beta * xhat + gamma", "gamma and beta are mixed up: gamma scales, beta shifts.", "ln-swapped"),
    Mistake("out", "gamma * xhat + beta", "gamma * (xhat + beta)", "First scale by gamma, then shift by beta: beta itself is not scaled.", "ln-beta-scaled"),
    Mistake("dbeta", ".sum(axis=0)", ".mean(axis=0)", "beta is used once for every example, and those gradients add: no division by N.", "ln-dbeta-mean"),
    Mistake("dbeta", "dout.sum(axis=0)", "np.resize(dout.sum(axis=1), D)", "gamma and beta belong to the features, as in batch normalization: add over the examples.", "ln-dbeta-axis"),
    Mistake("dbeta", "dout.sum(axis=0)", "(dout * gamma).sum(axis=0)", "beta is added after the scaling: gamma has no part in its gradient.", "ln-dbeta-gamma"),
    Mistake("dgamma", ".sum(axis=0)", ".mean(axis=0)", "gamma is used once for every example, and those gradients add: no division by N.", "ln-dgmean"),
    Mistake("dgamma", "(dout * xhat).sum(axis=0)", "np.resize((dout * xhat).sum(axis=1), D)", "gamma and beta belong to the features, as in batch normalization: add over the examples.", "ln-dgaxis"),
    Mistake("dgamma", "dout * xhat", "dout * xmu", "gamma was multiplied with the normalized value: that is what belongs here.", "ln-dgamma-xmu"),
    Mistake("dgamma", "dout * xhat", "dout", "gamma was multiplied with the normalized value: that value is missing here.", "ln-dgamma-noxhat"),
    Mistake("dxhat", "dout * gamma", "dout", "xhat was multiplied by gamma on the way there, so its gradient is too.", "ln-nogamma"),
    Mistake("dxhat", "dout * gamma", "dout / gamma", "xhat was multiplied by gamma on the way there: multiply, do not divide.", "ln-divgamma"),
    Mistake("divar", "dxhat * xmu", "dxhat * xhat", "ivar was multiplied with xmu: that value belongs here, not the finished xhat.", "ln-divar-xhat"),
    Mistake("divar", "dxhat * xmu", "dout * xmu", "Go on from dxhat, the gradient below the scaling by gamma.", "ln-divar-dout"),
    Mistake("divar", ".sum(axis=1)", ".mean(axis=1)", "ivar is used once for every feature, and those gradients add: no division.", "ln-divar-mean"),
    Mistake("divar", "(dxhat * xmu).sum(axis=1)", "np.resize((dxhat * xmu).sum(axis=0), N)", "Each example has an ivar of its own: add over its features.", "ln-divar-axis"),
    Mistake("dvar", "-0.5", "0.5", "A larger variance makes the values smaller: the slope of one over a root is negative.", "ln-dvar-sign"),
    Mistake("dvar", "-0.5 * ", "-", "The power is -1/2, and it comes down as a factor.", "ln-dvar-nohalf"),
    Mistake("dvar", "ivar**3", "ivar**2", "The power goes down by one, from -1/2 to -3/2: count how often ivar enters.", "ln-dvar-power"),
    Mistake("dvar", " * divar", "", "The local slope is there; the gradient that arrives, divar, is missing.", "ln-dvar-noupstream"),
    Mistake("dxmu", "2 / D", "1 / D", "The derivative of a square brings a factor 2.", "ln-no2"),
    Mistake("dxmu", "2 / D", "2 / N", "The variance of an example is a mean over its D features: divide by D, not by the number of examples.", "ln-dvar-N"),
    Mistake("dxmu", "2 / D", "2", "The variance is a mean over D features: its gradient is divided by D.", "ln-var-noD"),
    Mistake("dxmu", " + 2 / D * xmu * dvar.reshape(N, 1)", "", "xmu is used twice, for xhat and for the variance; the second way is missing.", "ln-novar"),
    Mistake("dxmu", "dxhat * ivar.reshape(N, 1) + ", "", "xmu is used twice, for the variance and for xhat; the second way is missing.", "ln-nodirect"),
    Mistake("dxmu", "dxhat * ivar.reshape(N, 1)", "dxhat", "xmu was multiplied by ivar on the way to xhat, so its gradient is too.", "ln-dxmu-noivar"),
    Mistake("dmu", "-dxmu", "dxmu", "The mean is subtracted: its gradient carries a minus.", "ln-dmu-sign"),
    Mistake("dmu", ".sum(axis=1)", ".mean(axis=1)", "The mean is used once for every feature, and those gradients add; the 1/D comes in the next line.", "ln-dmu-mean"),
    Mistake("dx", "dxmu + dmu.reshape(N, 1) / D", "dxmu", "x is used twice, directly and in the mean; the second way is missing.", "ln-nomean"),
    Mistake("dx", ") / D", ")", "The mean is divided by D: so is what flows back through it.", "ln-dmu-noD"),
    Mistake("dx", ") / D", ") / N", "The mean runs over the D features: divide by D, not by the number of examples.", "ln-dmu-N"),
    Mistake("dx", "dxmu + dmu.reshape(N, 1) / D", "dxhat * ivar.reshape(N, 1)", "Mean and variance are no constants: both depend on every x of the row.", "ln-const"),
]

# Other right answers, each the text of a whole answer cell.
EQUIVALENTS = {
    "columns kept as columns": '''\
def layernorm_forward(x, gamma, beta, eps):
    mu = x.mean(axis=1, keepdims=True)
    xmu = x - mu
    var = (xmu ** 2).mean(axis=1, keepdims=True)
    ivar = 1 / np.sqrt(var + eps)
    xhat = xmu * ivar
    out = gamma * xhat + beta
    cache = (gamma, xmu, ivar, xhat)
    return out, cache


def layernorm_backward(dout, cache):
    gamma, xmu, ivar, xhat = cache
    D = dout.shape[1]
    dbeta = dout.sum(axis=0)
    dgamma = (dout * xhat).sum(axis=0)
    dxhat = dout * gamma
    divar = (dxhat * xmu).sum(axis=1, keepdims=True)
    dvar = -0.5 * ivar ** 3 * divar
    dxmu = dxhat * ivar + 2 / D * xmu * dvar
    dmu = -dxmu.sum(axis=1, keepdims=True)
    dx = dxmu + dmu / D
    return dx, dgamma, dbeta
''',
    "the short formula": '''\
def layernorm_forward(x, gamma, beta, eps):
    std = np.sqrt(x.var(axis=1, keepdims=True) + eps)
    xhat = (x - x.mean(axis=1, keepdims=True)) / std
    return gamma * xhat + beta, (xhat, std, gamma)


def layernorm_backward(dout, cache):
    xhat, std, gamma = cache
    g = dout * gamma
    dx = (g - g.mean(axis=1, keepdims=True) - xhat * (g * xhat).mean(axis=1, keepdims=True)) / std
    return dx, (dout * xhat).sum(axis=0), dout.sum(axis=0)
''',
    "batch normalization lying on its side": '''\
def layernorm_forward(x, gamma, beta, eps):
    t = x.T
    mean, var = t.mean(axis=0), t.var(axis=0)
    xhat = ((t - mean) / np.sqrt(var + eps)).T
    return xhat * gamma + beta, (xhat, var + eps, gamma)


def layernorm_backward(dout, cache):
    xhat, v, gamma = cache
    D = dout.shape[1]
    t, g = xhat.T, (dout * gamma).T
    dt = (D * g - g.sum(axis=0) - t * (g * t).sum(axis=0)) / (D * np.sqrt(v))
    return dt.T, np.sum(dout * xhat, axis=0), np.sum(dout, axis=0)
''',
    "one example after the other": '''\
def layernorm_forward(x, gamma, beta, eps):
    out, kept = np.empty_like(x), []
    for i, row in enumerate(x):
        m = row.mean()
        s = np.sqrt(((row - m) ** 2).mean() + eps)
        h = (row - m) / s
        out[i] = gamma * h + beta
        kept.append((h, s))
    return out, (kept, gamma)


def layernorm_backward(dout, cache):
    kept, gamma = cache
    dx, dgamma, dbeta = np.empty_like(dout), np.zeros_like(gamma), np.zeros_like(gamma)
    for i, (h, s) in enumerate(kept):
        g = dout[i] * gamma
        dx[i] = (g - g.mean() - h * (g * h).mean()) / s
        dgamma += dout[i] * h
        dbeta += dout[i]
    return dx, dgamma, dbeta
''',
}


def torch_path(x, gamma, beta, eps, dout):
    """The same in torch: x and dout (N, D), gamma and beta (D,); returns out (N, D)."""
    xmu = x - x.mean(dim=1, keepdim=True)
    return gamma * xmu / (xmu.square().mean(dim=1, keepdim=True) + eps).sqrt() + beta
