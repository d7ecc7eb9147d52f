"""Batch normalization of maps, in training: staged reference, hidden cases, known mistakes, equivalents, torch path."""

import numpy as np

from flatgrade.core import Case, Mistake


def spatial_batchnorm_forward(x, gamma, beta, eps):
    N, C, H, W = x.shape
    rows = x.transpose(0, 2, 3, 1).reshape(N * H * W, C)  # (M, C)
    mu = rows.mean(axis=0)  # (C,)
    var = rows.var(axis=0)  # (C,)
    ivar = 1 / np.sqrt(var + eps)  # (C,)
    xhat = (rows - mu) * ivar  # (M, C)
    out = (gamma * xhat + beta).reshape(N, H, W, C).transpose(0, 3, 1, 2)  # (N, C, H, W)
    cache = (gamma, ivar, xhat)
    return out, cache


def spatial_batchnorm_backward(dout, cache):
    gamma, ivar, xhat = cache
    N, C, H, W = dout.shape
    dout_rows = dout.transpose(0, 2, 3, 1).reshape(N * H * W, C)  # (M, C)
    dbeta = dout_rows.sum(axis=0)  # (C,)
    dgamma = (dout_rows * xhat).sum(axis=0)  # (C,)
    dxhat = dout_rows * gamma  # (M, C)
    drows = ivar * (dxhat - dxhat.mean(axis=0) - xhat * (dxhat * xhat).mean(axis=0))  # (M, C)
    dx = drows.reshape(N, H, W, C).transpose(0, 3, 1, 2)  # (N, C, H, W)
    return dx, dgamma, dbeta


def cases(rng):
    """Hidden inputs: all sizes unequal, gamma far from 1, an eps that counts, and a channel that hardly varies."""

    def draw(N, C, H, W, eps=1e-5, spread=1.0, offset=0.0):
        return {
            "x": spread * rng.standard_normal((N, C, H, W)) + offset,
            "gamma": rng.standard_normal(C),
            "beta": rng.standard_normal(C),
            "eps": eps,
            "dout": rng.standard_normal((N, C, H, W)),
        }

    still = draw(3, 4, 2, 5)
    still["x"][:, 2] = 3.0 + 1e-4 * rng.standard_normal((3, 2, 5))
    scales = np.array([1e-2, 1.0, 50.0]).reshape(3, 1, 1)
    return [
        Case("typical sizes", draw(5, 3, 4, 7, eps=0.03), generic=True),
        Case("more channels than examples", draw(2, 6, 5, 3, eps=0.11, spread=1.7, offset=0.4), generic=True),
        Case("a usual eps", draw(3, 4, 2, 6)),
        Case("one channel hardly varies", still),
        Case("channels of very different size", draw(4, 3, 5, 2, spread=scales)),
        Case("maps of one number", draw(7, 4, 1, 1)),
        Case("one example", draw(1, 3, 4, 5)),
        Case("one channel", draw(3, 1, 4, 2, eps=1e-3)),
    ]


_ROWS = "x.transpose(0, 2, 3, 1).reshape(N * H * W, C)"
_DROWS = "dxhat - dxhat.mean(axis=0) - xhat * (dxhat * xhat).mean(axis=0)"

MISTAKES = [
    Mistake("rows", _ROWS, "x.reshape(N * H * W, C)", "`reshape` alone mixes the channels: bring their axis to the end first.", "sbn-reshape"),
    Mistake("rows", _ROWS, "x.transpose(0, 3, 2, 1).reshape(N * H * W, C)", "The places have to come in the order in which the maps are put together again: row by row.", "sbn-order"),
    Mistake("mu", "rows.mean(axis=0)", "rows.mean()", "Each channel has a mean of its own; this is one mean for all.", "sbn-mu-all"),
    Mistake("mu", "rows.mean(axis=0)", "rows.sum(axis=0) / N", "The mean is over all places of all examples: N * H * W numbers, not N.", "sbn-mu-N"),
    Mistake("mu", "rows.mean(axis=0)", "rows.sum(axis=0)", "This is the sum over all places, not their mean.", "sbn-mu-sum"),
    Mistake("mu", "rows.mean(axis=0)", "rows[: H * W].mean(axis=0)", "The mean is over all examples of the batch, not over the first one.", "sbn-mu-first"),
    Mistake("var", "rows.var(axis=0)", "rows.var()", "Each channel has a variance of its own; this is one for all.", "sbn-var-all"),
    Mistake("var", "rows.var(axis=0)", "rows.var(axis=0, ddof=1)", "Here the variance is divided by the number of places, not by one less.", "sbn-ddof1"),
    Mistake("var", "rows.var(axis=0)", "rows.std(axis=0)", "This is the standard deviation; the variance is its square, and the root comes later.", "sbn-std"),
    Mistake("var", "rows.var(axis=0)", "(rows * rows).mean(axis=0)", "The variance measures the distance from the mean, not from 0.", "sbn-var-raw"),
    Mistake("var", "rows.var(axis=0)", "rows.var(axis=0) * H * W", "The mean is over all places of all examples: N * H * W numbers, not N.", "sbn-var-N"),
    Mistake("ivar", "np.sqrt(var + eps)", "(np.sqrt(var) + eps)", "eps is added to the variance, inside the root; this adds it to the root.", "sbn-epsout"),
    Mistake("ivar", "np.sqrt(var + eps)", "np.sqrt(var)", "A channel that does not vary would be divided by 0: eps is missing.", "sbn-noeps"),
    Mistake("ivar", "np.sqrt(var + eps)", "(var + eps)", "Divide by the standard deviation, the root of the variance, and not by the variance.", "sbn-noroot"),
    Mistake("ivar", "1 / np.sqrt", "np.sqrt", "`ivar` is one divided by the root.", "sbn-notinverse"),
    Mistake("xhat", "(rows - mu) * ivar", "rows * ivar", "The mean of each channel must be taken away first.", "sbn-nocentre"),
    Mistake("xhat", "(rows - mu) * ivar", "rows - mu", "The spread of each channel must be divided away.", "sbn-noscale"),
    Mistake("xhat", "(rows - mu) * ivar", "(rows - mu) / ivar", "`ivar` is the inverse of the deviation already: multiply.", "sbn-divided"),
    Mistake("xhat", "(rows - mu) * ivar", "rows * ivar - mu", "Take the mean away first, then divide by the spread.", "sbn-centre-late"),
    Mistake("out", "gamma * xhat + beta", "xhat", "The normalized numbers are scaled by gamma and shifted by beta.", "sbn-plain"),
    Mistake("out", "gamma * xhat + beta", "gamma * xhat", "The shift by beta is missing.", "sbn-nobeta"),
    Mistake("out", "gamma * xhat + beta", "xhat + beta", "The scale gamma is missing.", "sbn-nogamma"),
    Mistake("out", "gamma * xhat + beta", "gamma * (xhat + beta)", "First scale by gamma, then shift by beta: beta itself is not scaled.", "sbn-beta-scaled"),
    Mistake("out", ".reshape(N, H, W, C).transpose(0, 3, 1, 2)", ".reshape(N, C, H, W)", "`reshape` alone mixes the channels: make maps with the channels at the end, and then move their axis.", "sbn-out-reshape"),
    Mistake("out", ".reshape(N, H, W, C).transpose(0, 3, 1, 2)", ".reshape(N, W, H, C).transpose(0, 3, 2, 1)", "The places have to go back in the order in which they were taken: row by row.", "sbn-out-order"),
    Mistake("dout_rows", "dout.transpose(0, 2, 3, 1).reshape(N * H * W, C)", "dout.reshape(N * H * W, C)", "`reshape` alone mixes the channels, on the way back as on the way forward.", "sbn-dreshape"),
    Mistake("dout_rows", "dout.transpose(0, 2, 3, 1).reshape(N * H * W, C)", "dout.transpose(0, 3, 2, 1).reshape(N * H * W, C)", "The slopes have to come in the order in which the numbers did: row by row.", "sbn-dorder"),
    Mistake("dbeta", "dout_rows.sum(axis=0)", "dout_rows.mean(axis=0)", "beta is added at every place, and those slopes add up: no division.", "sbn-dbeta-mean"),
    Mistake("dbeta", "dout_rows.sum(axis=0)", "dout_rows.sum(axis=0) / N", "beta is added at every place of every example, and those slopes add up: no division by N.", "sbn-dbeta-N"),
    Mistake("dbeta", "dout_rows.sum(axis=0)", "np.full(C, dout_rows.sum())", "Each channel has its own beta: add up over the places only.", "sbn-dbeta-all"),
    Mistake("dbeta", "dout_rows.sum(axis=0)", "(dout_rows * gamma).sum(axis=0)", "beta is added after the scaling: gamma has no part in its slope.", "sbn-dbeta-gamma"),
    Mistake("dgamma", "dout_rows * xhat", "dout_rows", "gamma was multiplied by the normalized numbers: they are missing here.", "sbn-dgamma-noxhat"),
    Mistake("dgamma", "(dout_rows * xhat).sum(axis=0)", "(dout_rows * xhat).mean(axis=0)", "gamma is used at every place, and those slopes add up: no division.", "sbn-dgmean"),
    Mistake("dgamma", "(dout_rows * xhat).sum(axis=0)", "(dout_rows * xhat).sum(axis=0) / N", "gamma is used at every place of every example, and those slopes add up: no division by N.", "sbn-dgN"),
    Mistake("dgamma", "dout_rows * xhat", "dout_rows * xhat / ivar", "gamma was multiplied by the normalized numbers, not by those before they were divided by the spread.", "sbn-dgx"),
    Mistake("dgamma", "dout_rows * xhat", "dout_rows * gamma * xhat", "The slope of out by gamma is xhat alone: gamma itself is no part of it.", "sbn-dgamma-gamma"),
    Mistake("dxhat", "dout_rows * gamma", "dout_rows + 0", "xhat was multiplied by gamma on the way there, so its slope is too.", "sbn-dnogamma"),
    Mistake("dxhat", "dout_rows * gamma", "dout_rows / gamma", "xhat was multiplied by gamma on the way there: multiply, do not divide.", "sbn-divgamma"),
    Mistake("dxhat", "dout_rows * gamma", "dout_rows * gamma * xhat", "The slope of out by xhat is gamma alone: xhat itself is no part of it.", "sbn-dxhat-value"),
    Mistake("drows", _DROWS, "dxhat", "Mean and variance are no constants: both depend on every number of the channel.", "sbn-const"),
    Mistake("drows", " - dxhat.mean(axis=0)", "", "The mean depends on every number of the channel: its way back is missing.", "sbn-nomean"),
    Mistake("drows", " - xhat * (dxhat * xhat).mean(axis=0)", "", "The variance depends on every number of the channel: its way back is missing.", "sbn-novar"),
    Mistake("drows", " - xhat * (dxhat * xhat).mean(axis=0)", " - xhat * (dxhat * xhat).mean(axis=0) / 2", "The derivative of a square brings a factor 2, which takes away the 1/2 of the root.", "sbn-no2"),
    Mistake("drows", _DROWS, "dxhat - dxhat.sum(axis=0) - xhat * (dxhat * xhat).sum(axis=0)", "Mean and variance are means over all places: their ways back are divided by the number of places.", "sbn-sums"),
    Mistake("drows", _DROWS, "dxhat - dxhat.sum(axis=0) / N - xhat * (dxhat * xhat).sum(axis=0) / N", "A channel has N * H * W numbers, not N: divide by all of them.", "sbn-axes"),
    Mistake("drows", _DROWS, "dxhat - dxhat.mean(axis=0) + xhat * (dxhat * xhat).mean(axis=0)", "A larger variance makes the numbers smaller: its way back has a minus.", "sbn-var-sign"),
    Mistake("drows", _DROWS, "dxhat + dxhat.mean(axis=0) - xhat * (dxhat * xhat).mean(axis=0)", "The mean is subtracted: its way back has a minus.", "sbn-mean-sign"),
    Mistake("drows", "ivar * (", "(", "The numbers were divided by the spread, so their slopes are too.", "sbn-noivar"),
    Mistake("drows", "- xhat * (dxhat * xhat).mean(axis=0)", "- (dxhat * xhat).mean(axis=0)", "How far a number moves the variance depends on where it lies: xhat is missing once.", "sbn-var-noxhat"),
    Mistake("dx", ".reshape(N, H, W, C).transpose(0, 3, 1, 2)", ".reshape(N, C, H, W)", "`reshape` alone mixes the channels: make maps with the channels at the end, and then move their axis.", "sbn-dx-reshape"),
    Mistake("dx", ".reshape(N, H, W, C).transpose(0, 3, 1, 2)", ".reshape(N, W, H, C).transpose(0, 3, 2, 1)", "The places have to go back in the order in which they were taken: row by row.", "sbn-dx-order"),
]

# Other right answers, each the text of a whole answer cell.
EQUIVALENTS = {
    "mean and variance on the way back, step by step": '''\
def spatial_batchnorm_forward(x, gamma, beta, eps):
    N, C, H, W = x.shape
    rows = x.transpose(0, 2, 3, 1).reshape(N * H * W, C)
    mu = rows.mean(axis=0)
    var = ((rows - mu) ** 2).mean(axis=0)
    ivar = 1 / np.sqrt(var + eps)
    xhat = (rows - mu) * ivar
    out = (gamma * xhat + beta).reshape(N, H, W, C).transpose(0, 3, 1, 2)
    cache = (gamma, rows, mu, ivar, xhat)
    return out, cache


def spatial_batchnorm_backward(dout, cache):
    gamma, rows, mu, ivar, xhat = cache
    N, C, H, W = dout.shape
    M = N * H * W
    dout_rows = dout.transpose(0, 2, 3, 1).reshape(M, C)
    dbeta = dout_rows.sum(axis=0)
    dgamma = (dout_rows * xhat).sum(axis=0)
    dxhat = dout_rows * gamma
    dvar = (dxhat * (rows - mu)).sum(axis=0) * -0.5 * ivar**3
    dmu = -(dxhat * ivar).sum(axis=0)
    drows = dxhat * ivar + dvar * 2 * (rows - mu) / M + dmu / M
    dx = drows.reshape(N, H, W, C).transpose(0, 3, 1, 2)
    return dx, dgamma, dbeta
''',
    "with keepdims": '''\
def spatial_batchnorm_forward(x, gamma, beta, eps):
    mean = x.mean(axis=(0, 2, 3), keepdims=True)
    root = np.sqrt(x.var(axis=(0, 2, 3), keepdims=True) + eps)
    normal = (x - mean) / root
    return gamma[:, None, None] * normal + beta[:, None, None], (gamma, root, normal)


def spatial_batchnorm_backward(dout, cache):
    gamma, root, normal = cache
    M = dout.size // len(gamma)
    dbeta = dout.sum(axis=(0, 2, 3))
    dgamma = np.einsum("nchw,nchw->c", dout, normal)
    first = dbeta[:, None, None]
    second = dgamma[:, None, None]
    dx = gamma[:, None, None] / (M * root) * (M * dout - first - normal * second)
    return dx, dgamma, dbeta
''',
    "channel by channel": '''\
def spatial_batchnorm_forward(x, gamma, beta, eps):
    out, cache = np.empty_like(x), []
    for c in range(x.shape[1]):
        spread = np.sqrt(np.var(x[:, c]) + eps)
        normal = (x[:, c] - np.mean(x[:, c])) / spread
        out[:, c] = gamma[c] * normal + beta[c]
        cache.append((gamma[c], spread, normal))
    return out, cache


def spatial_batchnorm_backward(dout, cache):
    dx = np.empty_like(dout)
    dgamma, dbeta = np.empty(len(cache)), np.empty(len(cache))
    for c, (scale, spread, normal) in enumerate(cache):
        slope = dout[:, c]
        dbeta[c], dgamma[c] = slope.sum(), (slope * normal).sum()
        dx[:, c] = scale / spread * (slope - slope.mean() - normal * (slope * normal).mean())
    return dx, dgamma, dbeta
''',
}


def torch_path(x, gamma, beta, eps, dout):
    """The same in torch; returns its output."""
    import torch

    return torch.nn.functional.batch_norm(x, None, None, gamma, beta, training=True, eps=eps)
