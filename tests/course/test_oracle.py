"""torch beside every reference that has a gradient: on the CPU here and in CI, on a GPU where there is one."""

from dataclasses import replace

import pytest
from support.course import ROOT
from support.notebooks import FOLDERS

from flatgrade.core.contract import load_assignment
from flatgrade.grader.oracle import TOLERANCE, exact, torch_difference
from flatgrade.grader.reference import load_solutions

torch = pytest.importorskip("torch", reason="torch is not installed: pip install 'flatgrade[torch]'")
pytestmark = pytest.mark.torch

SOLUTIONS = {
    f"{folder.name}/{name}": solution
    for folder in FOLDERS
    for name, solution in load_solutions(ROOT / "solutions", load_assignment(folder)).items()
}
WITH_PATH = {name: solution for name, solution in SOLUTIONS.items() if solution.torch_path}

every_path = pytest.mark.parametrize("solution", WITH_PATH.values(), ids=WITH_PATH)
needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="torch sees no CUDA device")


def test_every_exercise_with_a_gradient_has_a_torch_path():
    """What has gradients by its inputs, and judges them by no rule of its own, has an oracle."""
    with_gradient = [name for name, item in SOLUTIONS.items() if item.exercise.gradients and not item.accept]
    assert len(with_gradient) >= 15
    assert [name for name in with_gradient if SOLUTIONS[name].torch_path is None] == []


@every_path
def test_autograd_agrees_on_the_cpu(solution):
    """Forward and backward agree in float64 on every public and hidden case."""
    assert torch_difference(solution, solution.cases("oracle")) <= TOLERANCE


@needs_cuda
@every_path
def test_autograd_agrees_on_cuda(solution):
    """The same on the GPU, without TF32, with deterministic algorithms."""
    assert torch_difference(solution, solution.cases("oracle"), "cuda") <= TOLERANCE


def test_a_path_that_is_off_by_a_millionth_is_seen():
    """The oracle is no formality: a part in a million is far above what it allows."""
    solution = SOLUTIONS["a1_flat_backprop/svm_loss"]
    off = replace(solution, torch_path=lambda **inputs: solution.torch_path(**inputs) * (1 + 1e-6))
    assert torch_difference(off, solution.cases("oracle")) == pytest.approx(1e-6, rel=1e-3)


def test_exact_switches_tf32_off_and_puts_the_settings_back():
    """Neither products nor convolutions round to TF32 while two results are compared; afterwards all is as before."""
    products, convolutions = torch.backends.cuda.matmul, torch.backends.cudnn

    def settings():
        return products.allow_tf32, convolutions.allow_tf32, convolutions.deterministic, convolutions.benchmark

    before = settings()
    products.allow_tf32 = True
    try:
        with exact(torch):
            assert settings() == (False, False, True, False)
        assert settings() == (True, *before[1:])
    finally:
        products.allow_tf32 = before[0]
