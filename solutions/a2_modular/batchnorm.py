"""Batch normalization, forward and backward: reference, hidden cases, known mistakes, equivalents, torch path."""

import numpy as np

from flatgrade.core import Case, Mistake


def batchnorm_forward(x, gamma, beta, bn_param):
    train = bn_param["mode"] == "train"
    eps, momentum = bn_param["eps"], bn_param["momentum"]
    # forward; in train mode it also brings bn_param["running_mean"] and bn_param["running_var"] up to date
    mu = x.mean(axis=0) if train else bn_param["running_mean"]  # (D,)
    xmu = x - mu  # (N, D)
    var = (xmu * xmu).mean(axis=0) if train else bn_param["running_var"]  # (D,)
    if train:
        bn_param["running_mean"] = momentum * bn_param["running_mean"] + (1 - momentum) * mu
        bn_param["running_var"] = momentum * bn_param["running_var"] + (1 - momentum) * var
    ivar = 1 / np.sqrt(var + eps)  # (D,)
    xhat = xmu * ivar  # (N, D)
    out = gamma * xhat + beta  # (N, D)
    cache = (gamma, xmu, ivar, xhat)
    return out, cache


def batchnorm_backward(dout, cache):
    gamma, xmu, ivar, xhat = cache
    N = dout.shape[0]
    # backward, for train mode
    dbeta = dout.sum(axis=0)  # (D,)
    dgamma = (dout * xhat).sum(axis=0)  # (D,)
    dxhat = dout * gamma  # (N, D)
    divar = (dxhat * xmu).sum(axis=0)  # (D,)
    dvar = -0.5 * ivar**3 * divar  # (D,)
    dxmu = dxhat * ivar + 2 / N * xmu * dvar  # (N, D)
    dmu = -dxmu.sum(axis=0)  # (D,)
    dx = dxmu + dmu / N  # (N, D)
    return dx, dgamma, dbeta


def cases(rng):
    """Hidden inputs in train mode. The generic ones have an eps that counts, and gamma far from 1."""

    def running(D):
        return dict(running_mean=rng.standard_normal(D), running_var=rng.uniform(0.5, 2, D))

    def draw(N, D, eps=1e-5, spread=1.0, offset=0.0):
        return dict(
            x=spread * rng.standard_normal((N, D)) + offset,
            gamma=rng.standard_normal(D),
            beta=rng.standard_normal(D),
            bn_param=dict(mode="train", eps=eps, momentum=0.9, **running(D)),
            dout=rng.standard_normal((N, D)),
        )

    flat = draw(8, 5)
    flat["x"][:, 2] = 3.0 + 1e-4 * rng.standard_normal(8)
    flat["x"][:, 4] = -1.0
    return [
        Case("typical sizes", draw(5, 7, eps=0.03), generic=True),
        Case("more examples than features", draw(13, 6, eps=0.11, spread=1.7, offset=0.4), generic=True),
        Case("a usual eps", draw(9, 4)),
        Case("one feature hardly varies, another not at all", flat),
        Case("features of very different size", draw(7, 6, spread=np.array([1e-3, 1, 50, 2e3, 0.1, 7]))),
        Case("features far from 0", draw(10, 3, offset=1000.0)),
        Case("as many examples as features", draw(6, 6)),
        Case("one feature", draw(8, 1, eps=1e-3)),
    ]


MISTAKES = [
    Mistake("mu", "x.mean(axis=0)", "x.mean(axis=1, keepdims=True)", "Each feature is a column and has a mean of its own: the mean runs over the examples.", "bn-mu-axis"),
    Mistake("mu", "x.mean(axis=0)", "x.mean()", "Each feature has a mean of its own; this is one mean for all.", "bn-mu-all"),
    Mistake("mu", "x.mean(axis=0)", "x.sum(axis=0)", "This is the sum over the examples, not their mean.", "bn-mu-sum"),
    Mistake("mu", "x.mean(axis=0)", "np.median(x, axis=0)", "The centre of a feature is its mean here, not its median.", "bn-mu-median"),
    Mistake("mu", "x.mean(axis=0) if train else bn_param[\"running_mean\"]", "bn_param[\"running_mean\"]", "In train mode the mean is that of the batch; the running mean is for test mode.", "bn-mu-running"),
    Mistake("xmu", "x - mu", "x", "The mean of each feature must be taken away first.", "bn-nocentre"),
    Mistake("xmu", "x - mu", "x + mu", "The mean is taken away, not added.", "bn-centre-sign"),
    Mistake("xmu", "x - mu", "mu - x", "The order is turned: what lies above the mean should stay above it.", "bn-centre-turned"),
    Mistake("var", ".mean(axis=0)", ".sum(axis=0) / (x.shape[0] - 1)", "Here the variance is divided by N, not by N - 1: it is the spread of this batch, not an estimate for others.", "bn-ddof1"),
    Mistake("var", ".mean(axis=0)", ".sum(axis=0)", "The variance is a mean over the examples; this is the sum.", "bn-var-sum"),
    Mistake("var", ".mean(axis=0)", ".mean()", "Each feature has a variance of its own; this is one for all.", "bn-var-all"),
    Mistake("var", "(xmu * xmu).mean(axis=0)", "(x * x).mean(axis=0)", "The variance measures the distance from the mean, not from 0.", "bn-var-raw"),
    Mistake("var", "(xmu * xmu).mean(axis=0)", "np.sqrt((xmu * xmu).mean(axis=0))", "This is the standard deviation; the variance is its square, and the root comes later.", "bn-std"),
    Mistake("var", "(xmu * xmu).mean(axis=0)", "np.abs(xmu).mean(axis=0)", "The variance is the mean of the squared distances, not of their sizes.", "bn-var-abs"),
    Mistake("var", "(xmu * xmu).mean(axis=0) if train else bn_param[\"running_var\"]", "bn_param[\"running_var\"]", "In train mode the variance is that of the batch; the running variance is for test mode.", "bn-var-running"),
    Mistake("ivar", "np.sqrt(var + eps)", "(np.sqrt(var) + eps)", "eps is added to the variance, inside the root; this adds it to the root.", "bn-epsout"),
    Mistake("ivar", "np.sqrt(var + eps)", "np.sqrt(var)", "A feature that does not vary would be divided by 0: eps is missing.", "bn-noeps-forward"),
    Mistake("ivar", "np.sqrt(var + eps)", "(var + eps)", "Divide by the standard deviation, the root of the variance, and not by the variance.", "bn-noroot"),
    Mistake("ivar", "1 / np.sqrt", "np.sqrt", "ivar is one divided by the root.", "bn-notinverse"),
    Mistake("ivar", "var + eps", "var + 1e-5", "eps stands in bn_param; it need not be 1e-5.", "bn-eps-fixed"),
    Mistake("ivar", "var + eps", "var + eps * eps", "eps is added to the variance as it is, not squared.", "bn-eps-squared"),
    Mistake("xhat", "xmu * ivar", "xmu / ivar", "ivar is the inverse of the deviation already: multiply.", "bn-divided-twice"),
    Mistake("xhat", "xmu * ivar", "xmu", "The spread of each feature must be divided away.", "bn-noscale"),
    Mistake("xhat", "xmu * ivar", "xmu * ivar**2", "Divide by the deviation once.", "bn-scaled-twice"),
    Mistake("out", "gamma * xhat + beta", "xhat", "The normalized values are scaled by gamma and shifted by beta.", "bn-plain"),
    Mistake("out", "gamma * xhat + beta", "gamma * xhat", "The shift by beta is missing.", "bn-nobeta"),
    Mistake("out", "gamma * xhat + beta", "xhat + beta", "The scale gamma is missing.", "bn-nogamma-forward"),
    Mistake("out", "gamma * xhat + beta", "beta * xhat + gamma", "gamma and beta are mixed up: gamma scales, beta shifts.", "bn-swapped"),
    Mistake("out", "gamma * xhat + beta", "gamma * (xhat + beta)", "First scale by gamma, then shift by beta: beta itself is not scaled.", "bn-beta-scaled"),
    Mistake("out", "gamma * xhat + beta", "gamma * xhat - beta", "beta is added, not subtracted.", "bn-beta-sign"),
    Mistake("dbeta", ".sum(axis=0)", ".mean(axis=0)", "beta is used once for every example, and those gradients add: no division by N.", "bn-dbeta-mean"),
    Mistake("dbeta", "dout.sum(axis=0)", "dout.sum() * np.ones(dout.shape[1])", "Each feature has its own beta and its own gradient: add over the examples only.", "bn-dbeta-all"),
    Mistake("dbeta", "dout.sum(axis=0)", "(dout * gamma).sum(axis=0)", "beta is added after the scaling: gamma has no part in its gradient.", "bn-dbeta-gamma"),
    Mistake("dbeta", "dout.sum(axis=0)", "np.full(dout.shape[1], 1.0 * N)", "The slope of out by beta is 1, and the upstream gradient dout multiplies it.", "bn-dbeta-ones"),
    Mistake("dgamma", ".sum(axis=0)", ".mean(axis=0)", "gamma is used once for every example, and those gradients add: no division by N.", "bn-dgmean"),
    Mistake("dgamma", "dout * xhat", "dout * xmu", "gamma was multiplied with the normalized value: that is what belongs here.", "bn-dgamma-xmu"),
    Mistake("dgamma", "dout * xhat", "dout", "gamma was multiplied with the normalized value: that value is missing here.", "bn-dgamma-noxhat"),
    Mistake("dgamma", "dout * xhat", "dout * gamma * xhat", "The slope of out by gamma is xhat alone: gamma itself is no part of it.", "bn-dgamma-gamma"),
    Mistake("dgamma", "(dout * xhat).sum(axis=0)", "dout.sum(axis=0) * xhat.sum(axis=0)", "Multiply entry by entry, then add up.", "bn-dgamma-sums"),
    Mistake("dxhat", "dout * gamma", "dout", "xhat was multiplied by gamma on the way there, so its gradient is too.", "bn-nogamma"),
    Mistake("dxhat", "dout * gamma", "dout / gamma", "xhat was multiplied by gamma on the way there: multiply, do not divide.", "bn-divgamma"),
    Mistake("dxhat", "dout * gamma", "dout * gamma * xhat", "The slope of out by xhat is gamma alone: xhat itself is no part of it.", "bn-dxhat-value"),
    Mistake("dxhat", "dout * gamma", "-dout * gamma", "xhat enters out with a plus: no minus sign.", "bn-dxhat-sign"),
    Mistake("divar", "dxhat * xmu", "dxhat * xhat", "ivar was multiplied with xmu: that value belongs here, not the finished xhat.", "bn-divar-xhat"),
    Mistake("divar", "dxhat * xmu", "dxhat", "ivar was multiplied with xmu: that value is missing here.", "bn-divar-noxmu"),
    Mistake("divar", ".sum(axis=0)", ".mean(axis=0)", "ivar is used once for every example, and those gradients add: no division by N.", "bn-divar-mean"),
    Mistake("divar", "dxhat * xmu", "dout * xmu", "Go on from dxhat, the gradient below the scaling by gamma.", "bn-divar-dout"),
    Mistake("dvar", "-0.5", "0.5", "A larger variance makes the values smaller: the slope of one over a root is negative.", "bn-dvar-sign"),
    Mistake("dvar", "-0.5 * ", "-", "The power is -1/2, and it comes down as a factor.", "bn-dvar-nohalf"),
    Mistake("dvar", "ivar**3", "ivar**2", "The power goes down by one, from -1/2 to -3/2: count how often ivar enters.", "bn-dvar-power"),
    Mistake("dvar", "ivar**3", "ivar", "The power goes down by one, from -1/2 to -3/2: count how often ivar enters.", "bn-dvar-power1"),
    Mistake("dvar", " * divar", "", "The local slope is there; the gradient that arrives, divar, is missing.", "bn-dvar-noupstream"),
    Mistake("dvar", "-0.5 * ivar**3 * divar", "divar", "The slope of ivar by var is missing: var went through a root and an inverse.", "bn-dvar-nolocal"),
    Mistake("dxmu", "2 / N * xmu * dvar", "1 / N * xmu * dvar", "The derivative of a square brings a factor 2.", "bn-no2"),
    Mistake("dxmu", "2 / N * xmu * dvar", "2 * xmu * dvar", "The variance is a mean over N examples: its gradient is divided by N.", "bn-var-noN"),
    Mistake("dxmu", "2 / N * xmu * dvar", "2 / N * dvar", "The slope of the square of xmu has xmu in it.", "bn-var-noxmu"),
    Mistake("dxmu", " + 2 / N * xmu * dvar", "", "xmu is used twice, for xhat and for the variance; the second way is missing.", "bn-novar"),
    Mistake("dxmu", "dxhat * ivar + ", "", "xmu is used twice, for the variance and for xhat; the second way is missing.", "bn-nodirect"),
    Mistake("dxmu", "+ 2 / N", "- 2 / N", "Two ways lead to xmu, and their gradients add; the minus is in dvar already.", "bn-var-sign"),
    Mistake("dxmu", "dxhat * ivar", "dxhat", "xmu was multiplied by ivar on the way to xhat, so its gradient is too.", "bn-dxmu-noivar"),
    Mistake("dxmu", "dxhat * ivar", "dout * ivar", "Go on from dxhat, the gradient below the scaling by gamma.", "bn-dxmu-dout"),
    Mistake("dmu", "-dxmu", "dxmu", "The mean is subtracted: its gradient carries a minus.", "bn-dmu-sign"),
    Mistake("dmu", ".sum(axis=0)", ".mean(axis=0)", "The mean is used once for every example, and those gradients add; the 1/N comes in the next line.", "bn-dmu-mean"),
    Mistake("dx", "dxmu + dmu / N", "dxmu", "x is used twice, directly and in the mean; the second way is missing.", "bn-nomean"),
    Mistake("dx", "dmu / N", "dmu", "The mean is divided by N: so is what flows back through it.", "bn-dmu-noN"),
    Mistake("dx", "+ dmu", "- dmu", "The minus is in dmu already: two ways lead to x, and their gradients add.", "bn-dx-sign"),
    Mistake("dx", "dxmu + dmu / N", "dxhat * ivar", "Mean and variance are no constants: both depend on every x of the column.", "bn-const"),
    Mistake("dx", "dxmu + dmu / N", "dmu / N", "x is used twice, in the mean and directly; the second way is missing.", "bn-dx-nodirect"),
    # The same mistakes in the words of an equivalent below.
    Mistake("dgamma", "np.sum(dout * xhat", "np.sum(dout * x", "gamma was multiplied with the normalized value, not with x.", "bn-dgx"),
    Mistake("dvar", "(var + eps) ** -1.5", "var ** -1.5", "The root in the forward pass has eps in it, so the backward pass has it too.", "bn-noeps"),
]

# Other right answers, each the text of a whole answer cell.
EQUIVALENTS = {
    "the mean without what comes by way of the variance, which is zero": '''\
def batchnorm_forward(x, gamma, beta, bn_param):
    train = bn_param["mode"] == "train"
    eps, momentum = bn_param["eps"], bn_param["momentum"]
    mu = x.mean(axis=0) if train else bn_param["running_mean"]
    xmu = x - mu
    var = (xmu * xmu).mean(axis=0) if train else bn_param["running_var"]
    if train:
        bn_param["running_mean"] = momentum * bn_param["running_mean"] + (1 - momentum) * mu
        bn_param["running_var"] = momentum * bn_param["running_var"] + (1 - momentum) * var
    ivar = 1 / np.sqrt(var + eps)
    xhat = xmu * ivar
    out = gamma * xhat + beta
    cache = (gamma, xmu, ivar, xhat)
    return out, cache


def batchnorm_backward(dout, cache):
    gamma, xmu, ivar, xhat = cache
    N = dout.shape[0]
    dbeta = dout.sum(axis=0)
    dgamma = (dout * xhat).sum(axis=0)
    dxhat = dout * gamma
    divar = (dxhat * xmu).sum(axis=0)
    dvar = -0.5 * ivar**3 * divar
    dmu = -(dxhat * ivar).sum(axis=0)
    dx = dxhat * ivar + 2 / N * xmu * dvar + dmu / N
    return dx, dgamma, dbeta
''',
    "everything kept": '''\
def batchnorm_forward(x, gamma, beta, bn_param):
    train = bn_param["mode"] == "train"
    eps, momentum = bn_param["eps"], bn_param["momentum"]
    mu = np.mean(x, axis=0) if train else bn_param["running_mean"]
    xmu = x - mu
    var = np.mean(xmu ** 2, axis=0) if train else bn_param["running_var"]
    if train:
        bn_param["running_mean"] = momentum * bn_param["running_mean"] + (1 - momentum) * mu
        bn_param["running_var"] = momentum * bn_param["running_var"] + (1 - momentum) * var
    xhat = xmu / np.sqrt(var + eps)
    out = gamma * xhat + beta
    cache = (x, gamma, mu, xmu, var, eps, xhat)
    return out, cache


def batchnorm_backward(dout, cache):
    x, gamma, mu, xmu, var, eps, xhat = cache
    N = dout.shape[0]
    dbeta = np.sum(dout, axis=0)
    dgamma = np.sum(dout * xhat, axis=0)
    dxhat = dout * gamma
    dvar = np.sum(dxhat * xmu, axis=0) * -0.5 * (var + eps) ** -1.5
    dxmu = dxhat / np.sqrt(var + eps) + 2 * xmu / N * dvar
    dmu = -np.sum(dxmu, axis=0)
    dx = dxmu + dmu / N
    return dx, dgamma, dbeta
''',
    "the short formula": '''\
def batchnorm_forward(x, gamma, beta, bn_param):
    m = bn_param["momentum"]
    if bn_param["mode"] == "train":
        mean, var = x.mean(axis=0), x.var(axis=0)
        bn_param["running_mean"] = m * bn_param["running_mean"] + (1 - m) * mean
        bn_param["running_var"] = m * bn_param["running_var"] + (1 - m) * var
    else:
        mean, var = bn_param["running_mean"], bn_param["running_var"]
    std = np.sqrt(var + bn_param["eps"])
    xhat = (x - mean) / std
    return xhat * gamma + beta, (xhat, std, gamma)


def batchnorm_backward(dout, cache):
    xhat, std, gamma = cache
    N = len(dout)
    dgamma = np.sum(dout * xhat, axis=0)
    dbeta = np.sum(dout, axis=0)
    dx = gamma / (N * std) * (N * dout - dbeta - xhat * dgamma)
    return dx, dgamma, dbeta
''',
    "in the steps of a graph": '''\
def batchnorm_forward(x, gamma, beta, bn_param):
    N, D = x.shape
    if bn_param["mode"] == "test":
        xhat = (x - bn_param["running_mean"]) / np.sqrt(bn_param["running_var"] + bn_param["eps"])
        return gamma * xhat + beta, None
    mu = 1.0 / N * np.sum(x, axis=0)
    xmu = x - mu
    sq = xmu ** 2
    var = 1.0 / N * np.sum(sq, axis=0)
    sqrtvar = np.sqrt(var + bn_param["eps"])
    ivar = 1.0 / sqrtvar
    xhat = xmu * ivar
    for key, value in (("running_mean", mu), ("running_var", var)):
        bn_param[key] = bn_param["momentum"] * bn_param[key] + (1 - bn_param["momentum"]) * value
    return gamma * xhat + beta, (xhat, gamma, xmu, ivar, sqrtvar, var, bn_param["eps"])


def batchnorm_backward(dout, cache):
    xhat, gamma, xmu, ivar, sqrtvar, var, eps = cache
    N, D = dout.shape
    dbeta = np.sum(dout, axis=0)
    dgamma = np.sum(dout * xhat, axis=0)
    dxhat = dout * gamma
    divar = np.sum(dxhat * xmu, axis=0)
    dxmu1 = dxhat * ivar
    dsqrtvar = -1.0 / (sqrtvar ** 2) * divar
    dvar = 0.5 * 1.0 / np.sqrt(var + eps) * dsqrtvar
    dsq = 1.0 / N * np.ones((N, D)) * dvar
    dxmu2 = 2 * xmu * dsq
    dx1 = dxmu1 + dxmu2
    dmu = -1 * np.sum(dxmu1 + dxmu2, axis=0)
    dx2 = 1.0 / N * np.ones((N, D)) * dmu
    return dx1 + dx2, dgamma, dbeta
''',
}


def torch_path(x, gamma, beta, bn_param, dout):
    """The same in torch: x and dout (N, D), gamma and beta (D,); returns out (N, D)."""
    import torch

    # torch.nn.functional.batch_norm is this one, and refuses an eps of 0
    return torch.batch_norm(x, gamma, beta, None, None, True, 0.0, bn_param["eps"], False)
