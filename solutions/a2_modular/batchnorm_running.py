"""What batch normalization remembers, and test mode: reference, hidden cases, known mistakes, equivalents."""

import numpy as np

from flatgrade.core import Case, Mistake

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
