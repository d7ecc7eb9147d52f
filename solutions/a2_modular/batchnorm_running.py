"""What batch normalization remembers, and test mode: reference, hidden cases, known mistakes, equivalents."""

import numpy as np

from flatgrade.core import Case, Mistake

from .batchnorm import batchnorm_forward  # noqa: F401 -- the answer, in its own cell

GIVEN = '''\
import numpy as np


def batchnorm_settings(momentum, eps, start_mean, start_var):
    """A bn_param in train mode, with the running statistics that are there at the start."""
    statistics = {"running_mean": start_mean.copy(), "running_var": start_var.copy()}
    return {"mode": "train", "momentum": momentum, "eps": eps, **statistics}


def running_statistics(bn_param):
    """Copies of the two running statistics."""
    return np.array(bn_param["running_mean"]), np.array(bn_param["running_var"])


def to_test_mode(bn_param):
    """Switch to test mode."""
    bn_param["mode"] = "test"
    return bn_param
'''


def cases(rng):
    """Hidden inputs: three batches whose statistics differ much, then test mode."""

    def draw(N, M, K, D, momentum=0.83, eps=1e-5):
        place, spread = 3 * rng.standard_normal((4, D)), rng.uniform(0.5, 3, (4, D))
        batches = [spread[i] * rng.standard_normal((size, D)) + place[i] for i, size in enumerate((N, N, M, K))]
        return dict(
            momentum=momentum,
            eps=eps,
            start_mean=rng.standard_normal(D),
            start_var=rng.uniform(0.5, 2, D),
            x1=batches[0],
            x2=batches[1],
            x3=batches[2],
            x=batches[3],
            gamma=rng.standard_normal(D),
            beta=rng.standard_normal(D),
        )

    flat = draw(6, 4, 3, 5)
    for name in ("x1", "x2", "x3"):
        flat[name][:, 1] = 2.0
    flat["start_var"][1] = 0.0
    usual = draw(7, 5, 6, 4, momentum=0.9)
    usual["start_mean"], usual["start_var"] = np.zeros(4), np.ones(4)
    return [
        Case("three batches", draw(5, 8, 4, 7, eps=0.03), generic=True),
        Case("three batches, a smaller momentum", draw(9, 6, 5, 3, momentum=0.31, eps=0.11), generic=True),
        Case("one example alone in test mode", draw(8, 5, 1, 6, eps=0.02), generic=True),
        Case("a usual start, mean 0 and variance 1", usual),
        Case("momentum 0: only the last batch counts", draw(6, 4, 3, 5, momentum=0.0)),
        Case("momentum 1: the start is kept", draw(6, 4, 3, 5, momentum=1.0)),
        Case("a feature that never varies", flat),
    ]


_MEAN = '        bn_param["running_mean"] = momentum * bn_param["running_mean"] + (1 - momentum) * mu\n'
_VAR = '        bn_param["running_var"] = momentum * bn_param["running_var"] + (1 - momentum) * var\n'
_BOTH = _MEAN + _VAR

MISTAKES = [
    # in test mode; first, since some of them spoil nothing else
    Mistake("out", 'x.mean(axis=0) if train else bn_param["running_mean"]', "x.mean(axis=0)", "In test mode the mean is the running one, not that of the examples that happen to be there.", "bn-test-batchmean"),
    Mistake("out", '(xmu * xmu).mean(axis=0) if train else bn_param["running_var"]', "(xmu * xmu).mean(axis=0)", "In test mode the variance is the running one: an example alone has none.", "bn-test-batchvar"),
    Mistake("out", 'train = bn_param["mode"] == "train"\n    eps, momentum = bn_param["eps"], bn_param["momentum"]', 'train = True\n    eps, momentum = bn_param["eps"], 1.0 if bn_param["mode"] == "test" else bn_param["momentum"]', "Test mode uses the batch; one example alone then loses everything that it says. Use what was remembered.", "bn-testbatch"),
    Mistake("out", "np.sqrt(var + eps)", "(np.sqrt(var) + eps)", "eps is added to the variance, inside the root; this adds it to the root.", "bn-epsout"),
    Mistake("out", "np.sqrt(var + eps)", "np.sqrt(var)", "eps is missing: in test mode, too, it is added to the variance.", "bn-noeps-forward"),
    Mistake("out", "np.sqrt(var + eps)", "(var + eps)", "Divide by the standard deviation, the root of the running variance.", "bn-noroot"),
    Mistake("out", "np.sqrt(var + eps)", "(np.sqrt(var + eps) if train else var)", "The running variance is a variance: in test mode, too, its root is what divides.", "bn-test-noroot"),
    Mistake("out", "out = gamma * xhat + beta", "out = gamma * xhat + beta if train else xhat", "gamma and beta belong to test mode, too.", "bn-test-plain"),
    Mistake("out", "out = gamma * xhat + beta", "out = gamma * xhat + beta if train else gamma * x + beta", "In test mode the values are normalized, too, by what was remembered.", "bn-test-notnormalized"),
    # what is remembered
    Mistake("running_mean", _BOTH, _BOTH.replace("(1 - momentum)", "MOMENTUM").replace("= momentum", "= (1 - momentum)").replace("MOMENTUM", "momentum"), "momentum is the share of the old value that stays, and here it is the share of the batch.", "bn-runswap"),
    Mistake("running_mean", _BOTH, '        bn_param["running_mean"] = mu\n        bn_param["running_var"] = var\n', "Only the last batch is remembered: mix it into what was there before.", "bn-runlast"),
    Mistake("running_mean", _BOTH, '        running_mean = momentum * bn_param["running_mean"] + (1 - momentum) * mu\n        running_var = momentum * bn_param["running_var"] + (1 - momentum) * var\n', "The running statistics are never written back into bn_param.", "bn-runinit"),
    Mistake("running_mean", "(1 - momentum) * mu", "mu", "The two shares add up to 1: the batch gets what momentum leaves.", "bn-run-sum"),
    Mistake("running_mean", "(1 - momentum) * mu", "(1 - momentum) * mu * x.shape[0]", "The mean of the batch is remembered, not its sum.", "bn-run-meansum"),
    Mistake("running_mean", 'momentum * bn_param["running_mean"] +', 'bn_param["running_mean"] +', "The two shares add up to 1: of the old mean, the share momentum stays.", "bn-run-nodecay"),
    Mistake("running_mean", "(1 - momentum) * mu", "0.1 * mu", "The share of the batch depends on momentum, which need not be 0.9.", "bn-run-fixed"),
    Mistake("running_var", "(1 - momentum) * var", "(1 - momentum) * var * x.shape[0] / (x.shape[0] - 1)", "The variance that is remembered is that of the batch, divided by N and not by N - 1.", "bn-runddof1"),
    Mistake("running_var", "(1 - momentum) * var", "(1 - momentum) * np.sqrt(var)", "This remembers the standard deviation; the variance is its square.", "bn-runstd"),
    Mistake("running_var", "(1 - momentum) * var", "var", "The two shares add up to 1: the batch gets what momentum leaves.", "bn-run-sum-var"),
    Mistake("running_var", "(1 - momentum) * var", "(1 - momentum) * (var + eps)", "eps belongs to the division only: the variance is remembered without it.", "bn-run-eps"),
    Mistake("running_var", "(1 - momentum) * var", "(1 - momentum) * (x * x).mean(axis=0)", "The variance measures the distance from the mean of the batch, not from 0.", "bn-run-raw"),
    # afterwards
    Mistake("mean_after", "    if train:\n" + _BOTH, "    if train:\n" + _BOTH + '    else:\n        bn_param["running_mean"] = momentum * bn_param["running_mean"] + (1 - momentum) * x.mean(axis=0)\n        bn_param["running_var"] = momentum * bn_param["running_var"] + (1 - momentum) * x.var(axis=0)\n', "Test mode changes what was remembered: it should only use it.", "bn-test-updates"),
]

# Other right answers, each the text of a whole answer cell.
EQUIVALENTS = {
    "two branches": '''\
def batchnorm_forward(x, gamma, beta, bn_param):
    mean, var = bn_param["running_mean"], bn_param["running_var"]
    if bn_param["mode"] == "train":
        mean, var = x.mean(axis=0), x.var(axis=0)
        for name, batch in (("running_mean", mean), ("running_var", var)):
            bn_param[name] += (1 - bn_param["momentum"]) * (batch - bn_param[name])
    xhat = (x - mean) / np.sqrt(var + bn_param["eps"])
    return gamma * xhat + beta, (gamma, xhat, var + bn_param["eps"])
''',
    "names of its own, taken with get": '''\
def batchnorm_forward(x, gamma, beta, bn_param):
    mode, eps, momentum = bn_param["mode"], bn_param.get("eps", 1e-5), bn_param.get("momentum", 0.9)
    N, D = x.shape
    running_mean = bn_param.get("running_mean", np.zeros(D, dtype=x.dtype))
    running_var = bn_param.get("running_var", np.ones(D, dtype=x.dtype))
    if mode == "train":
        mu = np.mean(x, axis=0)
        var = np.var(x, axis=0)
        running_mean = momentum * running_mean + (1 - momentum) * mu
        running_var = momentum * running_var + (1 - momentum) * var
        out = gamma * ((x - mu) / np.sqrt(var + eps)) + beta
        cache = (x, mu, var, eps, gamma)
    elif mode == "test":
        out = gamma * ((x - running_mean) / np.sqrt(running_var + eps)) + beta
        cache = None
    else:
        raise ValueError(f"unknown mode {mode}")
    bn_param["running_mean"] = running_mean
    bn_param["running_var"] = running_var
    return out, cache
''',
}
