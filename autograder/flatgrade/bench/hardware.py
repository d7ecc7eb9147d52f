"""What a figure was measured on: processor, threads, versions, GPU, date.

It is in every result, so that none stands alone.
"""

from __future__ import annotations

import datetime as dt
import os
import platform
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from flatgrade import __version__
from flatgrade.core.profiles import INSTALL_TORCH
from flatgrade.grader.machine import cores

THREAD_SETTINGS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
_CPUINFO = Path("/proc/cpuinfo")
_SMI = ("--query-compute-apps=pid", "--format=csv,noheader")
_IDLE_MIB = 1024  # what a driver and an empty context take is less


@dataclass(frozen=True)
class Hardware:
    """Names and versions; `gpu`, `cuda` and `torch` are "" where there are none. BLAS and torch use `threads`."""

    processor: str
    cores: int
    threads: int
    system: str
    python: str
    numpy: str
    blas: str
    torch: str
    gpu: str
    cuda: str
    flatgrade: str
    date: str

    def sentence(self) -> str:
        """One line for a page or a terminal."""
        parts = [f"{self.processor}, {self.cores} cores, {self.threads} thread{'s' if self.threads > 1 else ''}"]
        if self.gpu:
            parts.append(f"{self.gpu}, CUDA {self.cuda}")
        parts.append(f"{self.system}; Python {self.python}, NumPy {self.numpy} with {self.blas}")
        if self.torch:
            parts.append(f"torch {self.torch}")
        return f"{'; '.join(parts)}; {self.date}"


def installed_torch() -> Any:
    """The module torch, or None where it is not installed."""
    try:
        import torch  # an extra, and slow to import
    except ImportError:
        return None
    return torch


def hardware(torch: Any = None, *, cuda: bool = False) -> Hardware:
    """This machine as this process uses it; `torch` is the module, where it is installed."""
    gpu = cuda and torch is not None and torch.cuda.is_available()
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    return Hardware(
        processor=processor(),
        cores=cores(),
        threads=threads(),
        system=f"{platform.system()} {platform.machine()}",
        python=platform.python_version(),
        numpy=np.__version__,
        blas=f"{blas.get('name', 'an unknown BLAS')} {blas.get('version', '')}".strip(),
        torch=str(torch.__version__) if torch is not None else "",
        gpu=torch.cuda.get_device_name() if gpu else "",
        cuda=str(torch.version.cuda) if gpu else "",
        flatgrade=__version__,
        date=dt.datetime.now(dt.UTC).date().isoformat(),
    )


def processor() -> str:
    """The processor's name."""
    lines = _CPUINFO.read_text(encoding="utf-8", errors="replace").splitlines() if _CPUINFO.is_file() else []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.processor() or platform.machine()


def threads() -> int:
    """How many threads the libraries of this process use: what was set for them before they were loaded."""
    told = [int(value) for name in THREAD_SETTINGS if (value := os.environ.get(name, "")).isdigit()]
    return min([cores(), *told])


def thread_settings(count: int) -> dict[str, str]:
    """The environment that pins BLAS and torch to so many threads, if they are loaded under it."""
    return dict.fromkeys(THREAD_SETTINGS, str(count))


def busy_machine() -> str:
    """A sentence if more is at work here than there are cores, so that times are longer than they need be; else ""."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    if load > cores():
        return f"This machine is busy (load {load:.1f} on {cores()} cores): times are longer than they need be."
    return ""


def no_cuda(torch: Any) -> str:
    """Why CUDA cannot be used, in one sentence with what mends it; "" if it can."""
    if torch is None:
        return f"torch is not installed: {INSTALL_TORCH}"
    if torch.cuda.is_available():
        return ""
    if torch.version.cuda is None:
        return f"torch {torch.__version__} was built without CUDA: install a build with it, or use --device cpu"
    return "torch finds no CUDA device: is there a GPU, and does nvidia-smi show it? Or use --device cpu"


def busy_gpu(torch: Any) -> str:
    """A sentence if others use the GPU, whose figures would then be theirs, too; "" if nobody is seen to."""
    free, total = torch.cuda.mem_get_info()
    taken = (total - free - torch.cuda.memory_reserved()) >> 20
    others = _gpu_processes() - {os.getpid()}
    if others or taken > _IDLE_MIB:
        told = f"{len(others)} other process{'es' if len(others) != 1 else ''}" if others else "others"
        return f"The GPU is in use by {told} ({taken} MiB taken): times may be longer than they need be."
    return ""


def _gpu_processes() -> set[int]:
    program = shutil.which("nvidia-smi")
    if not program:
        return set()
    told = subprocess.run([program, *_SMI], capture_output=True, text=True, check=False, timeout=30)  # noqa: S603 -- the driver's own tool
    return {int(line) for line in told.stdout.split() if line.isdigit()}
