"""Every figure of the lectures that the assignments are built on stands in a public case, with its inputs and its value."""

import json

import numpy as np
import pytest
from support.course import ROOT

from flatgrade.core import load_assignment


def separate(item):
    """A figure of several cases as one figure a case; where the slides have no size, it does not fit."""
    if "cases" not in item["inputs"]:
        return [item]
    sizes = [{"fits": 0} if size is None else {"fits": 1, "size": size} for size in item["expect"]["size"]]
    pairs = zip(item["inputs"]["cases"], sizes, strict=True)
    return [{"id": f"{item['id']}_{i}", "inputs": case, "expect": size} for i, (case, size) in enumerate(pairs)]


ITEMS = json.loads((ROOT / "tests/data/lecture_figures.json").read_text())
FIGURES = {item["id"]: item for several in ITEMS for item in separate(several)}
NAMES = ("a0_circuits", "a1_flat_backprop", "a2_modular", "a3_convnets")
A0, A1, A2, A3 = (load_assignment(ROOT / "assignments" / name) for name in NAMES)

UPSTREAM = {"upstream": "grad_out"}
GATE = {"a": "x", "b": "y", "upstream": "dz", "out": "z", "grad_a": "dx", "grad_b": "dy"}
STEPS = {"step": "rates", "step_epochs": "epochs", "step_factor": "factor"}
SQUARE = {"size": "", "stride": ""}  # one number for both directions there, a pair here
SHAPE = {"out_shape": ("H_out", "W_out", "C_out")}
# figure -> the exercises that hold it, each with the contract's names for the slides' names where they differ
HELD = {
    "add_then_multiply": [(A0, "add_then_multiply", {})],
    "sigmoid_circuit": [(A0, "sigmoid_circuit", {})],
    "sigmoid_circuit_expanded": [(A0, "sigmoid_circuit_expanded", {"exp": "exp_neg", "grad_exp": "grad_exp_neg"})],
    "add_gate": [(A0, "add_gate", UPSTREAM), (A2, "gate_add", GATE)],
    "multiply_gate": [
        (A0, "multiply_gate", UPSTREAM),
        (A2, "gate_multiply", GATE),
        (A2, "multiply_function", GATE),
    ],
    "copy_gate": [(A0, "copy_gate", {})],
    "max_gate": [(A0, "max_gate", UPSTREAM)],
    "relu_vector": [(A0, "relu_vector", {}), (A0, "relu_jacobian", {}), (A2, "gate_relu", {})],
    "matrix_multiply": [(A0, "matrix_multiply", {}), (A2, "gate_matmul", {"y": "z", "dy": "dz"})],
    "jacobian_memory": [(A0, "jacobian_memory", {})],
    "squared_norm": [(A0, "squared_norm", {})],
    "two_layer_autodiff": [(A0, "two_layer_scalar", {})],
    "numerical_gradient_first_entries": [(A0, "one_sided_gradient", {"loss": ""})],
    "hinge_and_softmax_one_example": [
        (A1, "linear_scores", {}),
        # W has one column a class there, with the biases in its last row
        (A1, "svm_loss", {"svm_loss": "loss", "W": ""}),
        (A1, "svm_loss_naive", {"svm_loss": "loss", "W": ""}),
        (A1, "softmax_loss", {"softmax_loss": "loss", "W": ""}),
        (A1, "softmax_loss_naive", {"softmax_loss": "loss", "W": ""}),
    ],
    "softmax_cat_car_frog": [(A1, "softmax_loss", {"scores": "W"}), (A1, "softmax_loss_naive", {"scores": "W"})],
    "softmax_loss_at_start": [(A1, "softmax_loss", {}), (A1, "softmax_loss_naive", {})],
    "svm_zero_softmax_not_-2_3": [
        (A1, "svm_loss", {"svm_loss": "loss", "scores": "W"}),
        (A1, "softmax_loss", {"softmax_loss": "loss", "scores": "W"}),
        (A1, "svm_loss_naive", {"svm_loss": "loss", "scores": "W"}),
        (A1, "softmax_loss_naive", {"softmax_loss": "loss", "scores": "W"}),
    ],
    "svm_zero_softmax_not_9_9": [
        (A1, "softmax_loss", {"softmax_loss": "loss", "scores": "W"}),
        (A1, "softmax_loss_naive", {"softmax_loss": "loss", "scores": "W"}),
    ],
    "svm_zero_softmax_not_-100_-100": [
        (A1, "svm_loss", {"svm_loss": "loss", "scores": "W"}),
        (A1, "softmax_loss", {"softmax_loss": "loss", "scores": "W"}),
        (A1, "svm_loss_naive", {"svm_loss": "loss", "scores": "W"}),
        (A1, "softmax_loss_naive", {"softmax_loss": "loss", "scores": "W"}),
    ],
    "hog_length": [(A1, "hog_length", {})],
    "lr_schedules": [
        (A2, "step_schedule", STEPS),
        (A2, "cosine_schedule", {"cosine": "rates"}),
        (A2, "linear_schedule", {"linear": "rates"}),
        (A2, "inverse_sqrt_schedule", {"inverse_sqrt": "rates"}),
    ],
    "max_pool_2x2_stride_2": [(A3, "max_pool", SQUARE)],
    "pooling_table": [(A3, "max_pool", {**SQUARE, "max": "out"}), (A3, "mean_pool", {**SQUARE, "mean": "out"})],
    **{f"conv_output_size_{i}": [(A3, "conv_output_size", {"S": "stride", "P": "pad"})] for i in range(7)},
    "conv_params": [(A3, "conv_params", {})],
    "one_by_one_conv": [(A3, "conv_output_shape", SHAPE)],
    "pool_shape": [(A3, "pool_output_size", SHAPE)],
    "alexnet": [(A3, "alexnet_sizes", {})],
    "kernel_3x3": [(A3, "corr2d", {"kernel": "W"}), (A3, "conv_naive", {"kernel": "w"})],
}
NOT_HELD = {
    ("softmax_cat_car_frog", "exp"),  # ours are shifted before exp
    ("svm_zero_softmax_not_9_9", "svm_loss"),  # on the kink of the hinge: several gradients are right
    *(("alexnet", name) for name in ("neurons", "parameters", "connections")),  # in round numbers there
}


def test_every_figure_is_accounted_for():
    """A figure is held by an exercise, or is a setting without values."""
    settings = {name for name, item in FIGURES.items() if not item["expect"]}
    assert HELD.keys() | settings == FIGURES.keys()


def same(one, other):
    """Equal numbers, as a vector or as a matrix of one row; the slides print some of them rounded."""
    one, other = np.atleast_1d(np.squeeze(one)), np.atleast_1d(np.squeeze(other))
    return one.shape == other.shape and bool(np.allclose(one, other, rtol=1e-9, atol=1e-12))


def holds(case, figure, names):
    """The names of the slides whose values this public case expects; None if its inputs are not those of the slides."""
    inputs = {names.get(name, name): value for name, value in figure["inputs"].items()}
    if any(name in case.inputs and not same(case.inputs[name], value) for name, value in inputs.items()):
        return None
    expect = {name: expected(case, names.get(name, name)) for name in figure["expect"]}
    return {name for name, value in expect.items() if value is not None and same(value, figure["expect"][name])}


def expected(case, name):
    """What the case expects for a name, or for several names together; None if it does not say."""
    values = [case.expect.get(each) for each in ([name] if isinstance(name, str) else name)]
    return None if any(value is None for value in values) else np.squeeze(values)


@pytest.mark.parametrize("figure", HELD)
def test_a_figure_of_the_lectures_is_a_public_case(figure):
    """Each of its values is expected by a case with its inputs, in each exercise that is named for it."""
    held = set()
    for assignment, exercise, names in HELD[figure]:
        found = [holds(case, FIGURES[figure], names) for case in assignment.exercises[exercise].cases]
        best = max((values for values in found if values is not None), key=len, default=None)
        assert best or (best == set() and not FIGURES[figure]["expect"]), f"{exercise} has no case of {figure}"
        held |= {(figure, name) for name in best}
    assert held | NOT_HELD >= {(figure, name) for name in FIGURES[figure]["expect"]}
