"""Readers of the two published formats: IDX (MNIST) and CIFAR-10's binary version.

Every length, magic number and label is checked: a file that is something else, or not all there, gives one FormatError
that names it. Changed pixels are the checksum's business (`download`).
"""

from __future__ import annotations

import gzip
import math
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

import numpy as np

from flatgrade_data.dataset import Bytes, Floats, Labels, scaled

IDX_BYTES = 0x08  # the code of "unsigned byte" in an IDX magic number
MNIST_SHAPE = (28, 28)  # rows, columns
CIFAR10_SHAPE = (3, 32, 32)  # channels, rows, columns
CIFAR10_RECORD = 1 + math.prod(CIFAR10_SHAPE)  # a label, then the pixels
CIFAR10_BATCHES = 5

_BROKEN_ARCHIVE = (EOFError, OSError, zlib.error, tarfile.TarError)


class FormatError(ValueError):
    """A file is not what its name says; the message names it, what was expected and what was found."""


def read_idx(path: Path, shape: tuple[int, ...]) -> Bytes:
    """Read the array in a gzipped IDX file of unsigned bytes, whose shape must be `shape`; read-only.

    The format: two zero bytes, a type code, the number of dimensions, each size as a big-endian 32-bit number, the data
    (http://yann.lecun.com/exdb/mnist/). Raises FormatError.
    """
    try:
        with gzip.open(path) as file:
            content = file.read()
    except _BROKEN_ARCHIVE as error:
        raise FormatError(f"{path.name} cannot be unpacked: {error}.") from None
    magic = bytes((0, 0, IDX_BYTES, len(shape)))
    if content[:4] != magic:
        raise FormatError(f"{path.name} starts with the bytes {_hex(content[:4])}; an IDX file has {_hex(magic)} here.")
    header = 4 + 4 * len(shape)
    stated = tuple(int.from_bytes(content[i : i + 4], "big") for i in range(4, header, 4))
    if stated != shape:
        raise FormatError(f"{path.name} states the shape {stated}; {shape} is expected.")
    found, needed = len(content) - header, math.prod(shape)
    if found != needed:
        raise FormatError(f"{path.name} has {found:,} bytes after its header; its shape {shape} needs {needed:,}.")
    return np.frombuffer(content, dtype=np.uint8, offset=header).reshape(shape)


def read_mnist(images: Path, labels: Path, available: int, wanted: int) -> tuple[Floats, Labels]:
    """Read the first pictures (wanted, 28, 28, 1) float32 in 0..1 and labels (wanted,) int64 of one part of MNIST.

    available: how many the files must hold, 60,000 or 10,000. Raises FormatError.
    """
    pixels = read_idx(images, (available, *MNIST_SHAPE))[:wanted]
    return scaled(pixels)[..., None], _checked(read_idx(labels, (available,)), labels.name)[:wanted]


def read_cifar10(
    path: Path, available: Mapping[str, int], wanted: Mapping[str, int]
) -> dict[str, tuple[Floats, Labels]]:
    """Read the first pictures and labels of each part of CIFAR-10 from `cifar-10-binary.tar.gz`.

    available: how many pictures the archive has by part, {"train": 50000, "test": 10000} for the real one; the training
    pictures lie in five files of equal length, the test pictures in one. wanted: how many to return, by part.
    Returns by part: pictures (n, 32, 32, 3) float32 in 0..1, labels (n,) int64 in 0..9. Each file is converted as it is
    read, so memory holds the result and one file. Raises FormatError.
    """
    size = {"train": available["train"] // CIFAR10_BATCHES, "test": available["test"]}
    place = {f"data_batch_{i + 1}.bin": ("train", i * size["train"]) for i in range(CIFAR10_BATCHES)}
    place["test_batch.bin"] = ("test", 0)
    lengths = {name: CIFAR10_RECORD * size[part] for name, (part, start) in place.items() if start < wanted[part]}
    data = {part: (np.empty((n, 32, 32, 3), np.float32), np.empty(n, np.int64)) for part, n in wanted.items()}
    for name, content in _members(path, lengths):
        part, start = place[name]
        pictures, labels = (array[start : start + size[part]] for array in data[part])
        records = np.frombuffer(content, dtype=np.uint8).reshape(-1, CIFAR10_RECORD)[: len(labels)]
        labels[:] = _checked(records[:, 0], name)
        pictures[:] = scaled(records[:, 1:].reshape(-1, *CIFAR10_SHAPE).transpose(0, 2, 3, 1))
    return data


def _checked(labels: Bytes, name: str) -> Labels:
    """Return labels (n,) as int64. Raises FormatError where one is not in 0..9."""
    wrong = np.flatnonzero(labels > 9)
    if wrong.size:
        raise FormatError(f"{name} has the label {labels[wrong[0]]} at picture {wrong[0]:,}; labels are 0 to 9.")
    return labels.astype(np.int64)


def _members(path: Path, lengths: Mapping[str, int]) -> Iterator[tuple[str, bytes]]:
    """Yield the files of these names and lengths from a gzipped tar archive, in its order. Raises FormatError."""
    left = dict(lengths)
    try:
        with tarfile.open(path, "r:gz") as archive:
            while left and (member := archive.next()) is not None:
                name = PurePosixPath(member.name).name
                if name not in left or not member.isreg():
                    continue
                length = left.pop(name)
                if member.size != length:
                    raise FormatError(f"{path.name}: {name} has {member.size:,} bytes; {length:,} are expected.")
                file = archive.extractfile(member)
                assert file is not None  # it is a regular file
                yield name, file.read()
    except _BROKEN_ARCHIVE as error:
        raise FormatError(f"{path.name} cannot be unpacked: {error}.") from None
    if left:
        raise FormatError(f"{path.name} lacks {', '.join(left)}.")


def _hex(content: bytes) -> str:
    return content.hex(" ")
