"""Small files in the published formats of MNIST (IDX) and CIFAR-10 (binary version)."""

import gzip
import io
import struct
import tarfile

import numpy as np

from flatgrade_data.formats import CIFAR10_RECORD

AVAILABLE = {"train": 10, "test": 3}  # two pictures in each of five batches


def idx(array):
    """The file of an array of bytes in the published format, gzipped."""
    header = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
    return gzip.compress(header + array.tobytes())


def cifar_archive(batches):
    """The .tar.gz of named files, in the published folder, beside a text file and the folder itself."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz", compresslevel=1) as archive:
        folder = tarfile.TarInfo("cifar-10-batches-bin")
        folder.type = tarfile.DIRTYPE
        archive.addfile(folder)
        for name, data in {"batches.meta.txt": b"airplane\n", **batches}.items():
            member = tarfile.TarInfo(f"cifar-10-batches-bin/{name}")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return content.getvalue()


def cifar_batches(seed=0):
    """True batches of AVAILABLE, by name in the mixed order of the published archive."""
    rng = np.random.default_rng(seed)
    records = {f"data_batch_{i}.bin": rng.integers(0, 256, (2, CIFAR10_RECORD), np.uint8) for i in (1, 3, 4)}
    records["test_batch.bin"] = rng.integers(0, 256, (3, CIFAR10_RECORD), np.uint8)
    records |= {f"data_batch_{i}.bin": rng.integers(0, 256, (2, CIFAR10_RECORD), np.uint8) for i in (5, 2)}
    for array in records.values():
        array[:, 0] %= 10
    return records
