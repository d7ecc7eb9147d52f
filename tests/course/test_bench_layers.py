"""`flatgrade bench layers`: what it times computes the same, and what it says is what it measured."""

import json
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest
from support.course import ROOT
from typer.testing import CliRunner

from flatgrade import cli
from flatgrade.bench import actions, hardware
from flatgrade.bench.hardware import Hardware
from flatgrade.bench.layer_report import ceilings_sentence, cells, page, picture, remarks
from flatgrade.bench.layer_times import LOOPS, NUMPY, PLAIN, TORCH, Asked, LayerBench, Row, _LayerBench, converted
from flatgrade.bench.layers import LAYERS
from flatgrade.core.contract import load_assignment
from flatgrade.core.plan import run_plan
from flatgrade.grader.reference import load_solution

every_layer = pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer.name)
HARDWARE = Hardware("a processor", 4, 1, "Linux x86_64", "3.11", "2.4", "a BLAS", "2.13", "", "", "0.1", "2026-11-21")


def solution_of(place):
    assignment, name = place.split("/")
    contract = load_assignment(ROOT / "assignments" / assignment).exercises[name]
    return load_solution(ROOT / "solutions" / assignment, contract)


def small(layer):
    """Inputs of a few examples."""
    return layer.draw(np.random.default_rng(3), layer.at(4))


def results(solution, inputs):
    kept = run_plan(solution.exercise.plan, solution.namespace, inputs)
    return [kept[name] for name in solution.exercise.returns]


@every_layer
def test_loops_and_numpy_compute_the_same(layer):
    """A ratio of times says something only where both ways give the same loss or output, and the same gradients."""
    inputs = small(layer)
    numbers = layer.numpy(**inputs) if layer.numpy else results(solution_of(layer.exercise), inputs)
    naive = results(solution_of(layer.loops), inputs) if isinstance(layer.loops, str) else layer.loops(**inputs)
    assert len(naive) == len(numbers)
    for one, other in zip(numbers, naive, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-9)


@every_layer
@pytest.mark.torch
def test_torch_and_plain_torch_compute_the_same(layer):
    """So do the course's torch path and the layer as a user of torch writes it, backward too."""
    torch = pytest.importorskip("torch", reason="torch is not installed")
    solution, inputs = solution_of(layer.exercise), small(layer)
    given = actions.tensors(torch, solution.exercise, inputs, "cpu")
    expected = dict(zip(solution.exercise.returns, results(solution, inputs), strict=True))
    for path in (lambda given: solution.torch_path(**given), lambda given: layer.plain(torch, given)):
        first = path(given)
        np.testing.assert_allclose(first.detach().numpy(), expected[solution.exercise.loss], rtol=1e-9)
        slopes = dict.fromkeys(solution.exercise.gradients.values())
        found = dict(zip(slopes, actions.torch_action(torch, solution.exercise, path, given)(), strict=True))
        for output, name in solution.exercise.gradients.items():
            np.testing.assert_allclose(found[name].numpy(), expected[output], rtol=1e-8, atol=1e-9)


@every_layer
def test_the_inputs_are_all_that_the_exercise_takes(layer):
    """In the dtype that was asked for, by the names of the contract; those with an entry an example have as many."""
    inputs = converted(layer.draw(np.random.default_rng(0), layer.at(6)), np.float32)
    assert list(inputs) == [item.name for item in solution_of(layer.exercise).exercise.inputs]
    floats = [value for value in inputs.values() if isinstance(value, np.ndarray) and value.dtype.kind == "f"]
    assert floats
    assert {value.dtype for value in floats} == {np.dtype(np.float32)}
    assert {len(inputs[name]) for name in layer.batched} == {6}
    assert {len(layer.first(inputs, 2)[name]) for name in layer.batched} == {2}


def test_loops_are_timed_on_a_part_and_multiplied(monkeypatch):
    """Slow loops run on as many examples as take the time that they are given; the figure is for all of them."""
    layer, inputs = LAYERS[3], LAYERS[3].draw(np.random.default_rng(0), LAYERS[3].at(64))
    clock = iter(np.arange(1000) * 0.1)
    monkeypatch.setattr(actions.time, "perf_counter", lambda: next(clock))
    monkeypatch.setattr(actions, "_LOOP_SECONDS", 0.05)
    asked = []
    monkeypatch.setattr(actions, "measure", lambda action, runs: asked.append(runs) or actions.Timing(2, 1, 3, 5, 1))
    timing, measured = actions.time_loops(layer, None, inputs, 64)
    assert measured == 1
    assert (timing.low, timing.median, timing.high) == (64, 128, 192)


def bench(*options):
    return CliRunner().invoke(cli.app, ["bench", "layers", "--course", str(ROOT), *options])


def test_a_layer_is_measured_for_real(tmp_path):
    """Every way has a row with a time; ratio and rate follow from it; the picture is written."""
    drawn = tmp_path / "pictures" / "layers.png"
    result = bench("--layer", "softmax", "--size", "course", "--json", "--picture", str(drawn))
    assert result.exit_code == 0, result.stderr
    found = LayerBench.from_json(result.stdout)
    assert (
        found.command
        == "flatgrade bench layers --device cpu --threads 1 --dtype float64 --size course --layer 'softmax'"
    )
    assert found.hardware.threads == 1
    torch = [TORCH, PLAIN] if found.hardware.torch else []
    assert [row.what for row in found.rows] == [LOOPS, NUMPY, *torch]
    for row in found.rows:
        assert 0 < row.low <= row.median <= row.high
        assert row.ratio == pytest.approx(found.rows[0].median / row.median)
        assert row.rate == pytest.approx(4 * 64 * 3072 * 10 / row.median / 1e9)
    assert json.loads(found.to_json()) == json.loads(result.stdout)
    assert matplotlib.image.imread(drawn).shape[2] == 4


def test_an_unknown_layer_and_a_missing_device_are_told():
    """Exit code 2, and what mends it."""
    result = bench("--layer", "dropout")
    known = ", ".join(layer.name for layer in LAYERS)
    assert (result.exit_code, result.stderr) == (
        2,
        f"flatgrade: there is no layer 'dropout': the layers are {known}.\n",
    )
    torch = pytest.importorskip("torch", reason="torch is not installed")
    if torch.version.cuda is None:
        result = bench("--device", "cuda")
        assert result.exit_code == 2
        assert result.stderr == (
            f"flatgrade: torch {torch.__version__} was built without CUDA: install a build with it, or use --device cpu.\n"
        )


def row(**changed):
    sizes = {"N": 64, "D": 3072}
    values = {
        "layer": "SVM", "size": "course", "sizes": sizes, "what": NUMPY, "device": "cpu", "median": 0.002, "low": 0.0019,
        "high": 0.0021, "runs": 15, "ratio": 12.5, "rate": 45.0, "unit": "GFLOP/s",
    }  # fmt: skip
    return Row(**{**values, **changed})


FOUND = LayerBench(
    HARDWARE,
    {"cpu": {"GFLOP/s": 90.0, "GB/s": 30.0}},
    (
        row(what=LOOPS, median=0.025, low=0.025, high=0.025, ratio=1.0, rate=3.6, note="measured on 8 of 64 examples, and multiplied"),
        row(),
        row(what="torch, compiled", device="cuda", median=None, low=None, high=None, runs=0, ratio=None, rate=None, note="not possible here: no compiler"),
    ),
    ("This machine is busy (load 3.0 on 2 cores): times are longer than they need be.",),
    "flatgrade bench layers --device cpu --threads 1",
    "float64",
)  # fmt: skip


def test_a_row_as_it_is_shown():
    """Milliseconds, the distance of the quartiles, the ratio to the loops, the rate and its share of the ceiling."""
    assert cells(FOUND, FOUND.rows[1]) == ("NumPy", "2", "10 %", "12.5", "45 GFLOP/s", "50 %")
    assert cells(FOUND, FOUND.rows[2]) == ("torch, compiled (CUDA)", "", "", "", "", "not possible here: no compiler")


def test_the_page_has_hardware_command_and_remarks():
    """A figure on a page never stands without what it was measured on, how, and what is odd about it."""
    assert ceilings_sentence(FOUND) == (
        "Ceilings, float64: CPU 90 GFLOP/s in a large matrix product and 30 GB/s in a large copy."
    )
    assert remarks(FOUND) == [
        "This machine is busy (load 3.0 on 2 cores): times are longer than they need be.",
        "SVM, course size, loops: measured on 8 of 64 examples, and multiplied.",
    ]
    text = page(FOUND)
    assert text.startswith("`flatgrade bench layers --device cpu --threads 1` on a processor, 4 cores, 1 thread; Linux")
    assert "**SVM, course size: N=64 D=3072**" in text
    assert "| NumPy | 2 | 10 % | 12.5 | 45 GFLOP/s | 50 % |" in text
    assert text.count("- ") >= 2


def test_the_picture_has_a_mark_for_each_way(tmp_path):
    """Ways differ by their marks, not by colour alone; a way without a time is left out."""
    path = Path(tmp_path / "layers.png")
    picture(FOUND, path)
    assert path.stat().st_size > 5000


@pytest.mark.torch
def test_what_does_not_fit_into_the_device_is_halved_and_told(monkeypatch):
    """Out of device memory: half the examples, and a note in words; what cannot be captured is a row without a time."""
    torch = pytest.importorskip("torch", reason="torch is not installed")
    layer = next(item for item in LAYERS if item.name == "affine")
    asked = Asked(ROOT, "cuda", 1, ("course",), (layer.name,), "float32")
    bench = _LayerBench(layer, solution_of(layer.exercise), None, "course", asked, torch)
    on_cpu, seen = actions.tensors, []

    def timed(_torch, _device, action):
        seen.append(action)
        if len(seen) == 2:
            raise torch.cuda.OutOfMemoryError("too large")
        return actions.Timing(0.001, 0.0009, 0.0011, 15, 1)

    monkeypatch.setattr(
        actions, "tensors", lambda torch, exercise, inputs, _, **__: on_cpu(torch, exercise, inputs, "cpu")
    )
    monkeypatch.setattr(actions, "time_on", timed)
    monkeypatch.setattr(actions, "captured", lambda *_: (_ for _ in ()).throw(RuntimeError("no graph\nhere")))
    rows = list(bench._on_cuda(64))
    assert [(row.what, row.sizes["N"]) for row in rows] == [
        ("copy to the device", 64),
        ("copy to the device", 32),
        ("torch", 32),
        ("plain torch", 32),
        ("torch, TF32", 32),
        ("torch, bf16", 32),
        ("torch, captured graph", 32),
        ("torch, compiled", 32),
    ]
    assert {row.note for row in rows[1:6]} == {"half the examples: 64 did not fit into the device's memory"}
    assert (rows[6].median, rows[6].note) == (None, "not possible here: RuntimeError: no graph here")
    assert rows[0].rate is None
    assert rows[2].rate == pytest.approx(6 * 32 * 1024 * 256 / 0.001 / 1e9)


@pytest.mark.torch
def test_every_way_has_a_time_on_cuda(tmp_path):
    """On a GPU: eager, TF32, bf16, captured and compiled all run, and the device stands in every row of theirs."""
    torch = pytest.importorskip("torch", reason="torch is not installed")
    if not torch.cuda.is_available():
        pytest.skip("torch sees no CUDA device")
    result = bench("--device", "cuda", "--size", "filling", "--json")
    assert result.exit_code == 0, result.stderr
    found = LayerBench.from_json(result.stdout)
    assert found.hardware.gpu
    assert {row.layer for row in found.rows if row.device == "cuda" and row.what == TORCH} == {x.name for x in LAYERS}
    assert [row.note for row in found.rows if row.median is None] == []


def test_a_gpu_in_use_and_a_busy_machine_are_told(monkeypatch):
    """Other processes' memory and programs on the GPU, and more work than cores, stand beside the figures."""

    class Cuda:
        @staticmethod
        def mem_get_info():
            return 10 << 30, 80 << 30

        @staticmethod
        def memory_reserved():
            return 0

    class Torch:
        cuda = Cuda

    monkeypatch.setattr(hardware, "_gpu_processes", lambda: {1, 2})
    assert hardware.busy_gpu(Torch) == (
        "The GPU is in use by 2 other processes (71680 MiB taken): times may be longer than they need be."
    )
    monkeypatch.setattr(hardware.os, "getloadavg", lambda: (3.04, 0, 0))
    monkeypatch.setattr(hardware, "cores", lambda: 2)
    assert hardware.busy_machine() == (
        "This machine is busy (load 3.0 on 2 cores): times are longer than they need be."
    )
    monkeypatch.setattr(hardware.os, "getloadavg", lambda: (1.5, 0, 0))
    assert hardware.busy_machine() == ""
