"""The readers of IDX and of binary CIFAR-10: true files are read exactly, anything else is one clear error."""

import gzip
import io
import re
import tarfile
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from support.picture_files import AVAILABLE, cifar_archive, cifar_batches, idx

from flatgrade_data.formats import FormatError, read_cifar10, read_idx, read_mnist


def archive_at(folder, batches):
    path = Path(folder) / "cifar-10-binary.tar.gz"
    path.write_bytes(cifar_archive({name: array.tobytes() for name, array in batches.items()}))
    return path


def refused(message):
    return pytest.raises(FormatError, match=f"^{re.escape(message)}$")


# --- IDX --------------------------------------------------------------------------------------------------------------


@given(hnp.arrays(np.uint8, hnp.array_shapes(min_dims=1, max_dims=4, max_side=6)))
def test_an_idx_file_gives_its_array_back(array):
    """Writing and reading is the identity for every shape of bytes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.gz"
        path.write_bytes(idx(array))
        assert np.array_equal(read_idx(path, array.shape), array)


@given(st.data())
def test_a_cut_idx_file_is_an_error_and_never_an_array(data):
    """Wherever the file ends too early, inside the compression or inside the content, FormatError says so."""
    whole = idx(np.arange(60, dtype=np.uint8).reshape(3, 4, 5))
    content = gzip.decompress(whole)
    cut = data.draw(
        st.one_of(
            st.integers(0, len(whole) - 1).map(lambda n: whole[:n]),
            st.integers(0, len(content) - 1).map(lambda n: gzip.compress(content[:n])),
        )
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.gz"
        path.write_bytes(cut)
        with pytest.raises(FormatError):
            read_idx(path, (3, 4, 5))


@given(st.binary(max_size=80))
def test_noise_is_no_idx_file(noise):
    """Random bytes, gzipped or not, give FormatError and no other exception."""
    with tempfile.TemporaryDirectory() as folder:
        for content in (noise, gzip.compress(noise)):
            path = Path(folder) / "a.gz"
            path.write_bytes(content)
            with pytest.raises(FormatError):
                read_idx(path, (3, 4, 5))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"no gzip", "t.gz cannot be unpacked: Not a gzipped file (b'no')."),
        (
            gzip.compress(b"\0\0\x0d\x02" + bytes(20)),
            "t.gz starts with the bytes 00 00 0d 02; an IDX file has 00 00 08 02 here.",
        ),
        (idx(np.zeros((3, 2), np.uint8)), "t.gz states the shape (3, 2); (2, 3) is expected."),
        (
            gzip.compress(gzip.decompress(idx(np.zeros((2, 3), np.uint8))) + b"!"),
            "t.gz has 7 bytes after its header; its shape (2, 3) needs 6.",
        ),
    ],
    ids=["no gzip", "magic", "shape", "length"],
)
def test_each_fault_of_an_idx_file_has_its_message(tmp_path, content, message):
    """File, what was found, what belongs there."""
    path = tmp_path / "t.gz"
    path.write_bytes(content)
    with refused(message):
        read_idx(path, (2, 3))


def test_mnist_pictures_are_scaled_and_keep_their_labels(tmp_path):
    """Pictures (n, 28, 28, 1) float32 in 0..1, labels int64; the first `wanted` of the files."""
    rng = np.random.default_rng(0)
    pixels, labels = rng.integers(0, 256, (5, 28, 28), np.uint8), np.array([3, 1, 4, 1, 9], np.uint8)
    (tmp_path / "i.gz").write_bytes(idx(pixels))
    (tmp_path / "l.gz").write_bytes(idx(labels))
    X, y = read_mnist(tmp_path / "i.gz", tmp_path / "l.gz", 5, 3)
    assert (X.shape, X.dtype, y.dtype) == ((3, 28, 28, 1), np.float32, np.int64)
    assert np.array_equal(np.rint(X[..., 0] * 255), pixels[:3])
    assert y.tolist() == [3, 1, 4]


def test_a_label_of_ten_or_more_is_refused(tmp_path):
    """The picture is named, also one that was not asked for."""
    (tmp_path / "i.gz").write_bytes(idx(np.zeros((3, 28, 28), np.uint8)))
    (tmp_path / "l.gz").write_bytes(idx(np.array([3, 1, 10], np.uint8)))
    with refused("l.gz has the label 10 at picture 2; labels are 0 to 9."):
        read_mnist(tmp_path / "i.gz", tmp_path / "l.gz", 3, 1)


# --- CIFAR-10 ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wanted", [{"train": 10, "test": 3}, {"train": 5, "test": 1}, {"train": 0, "test": 3}, {"train": 2, "test": 0}]
)
def test_cifar10_is_read_in_the_order_of_its_batches(tmp_path, wanted):
    """Batch after batch whatever the archive's order; channels last, red first; rows top to bottom."""
    batches = cifar_batches()
    data = read_cifar10(archive_at(tmp_path, batches), AVAILABLE, wanted)
    train = np.concatenate([batches[f"data_batch_{i}.bin"] for i in range(1, 6)])
    for part, records in (("train", train), ("test", batches["test_batch.bin"])):
        X, y = data[part]
        assert (X.shape, X.dtype, y.dtype) == ((wanted[part], 32, 32, 3), np.float32, np.int64)
        assert y.tolist() == records[: wanted[part], 0].tolist()
        for picture, record in zip(X, records, strict=False):
            red, green, blue = record[1:].reshape(3, 32, 32)
            assert np.array_equal(np.rint(picture * 255), np.stack([red, green, blue], axis=-1))


def test_a_part_not_asked_for_need_not_be_there(tmp_path):
    """Reading stops when the batches that were asked for are found."""
    batches = {"data_batch_1.bin": cifar_batches()["data_batch_1.bin"]}
    data = read_cifar10(archive_at(tmp_path, batches), AVAILABLE, {"train": 2, "test": 0})
    assert data["train"][1].tolist() == batches["data_batch_1.bin"][:, 0].tolist()


def test_each_fault_of_a_cifar10_archive_has_its_message(tmp_path):
    """Missing batch, wrong length, wrong label, not an archive."""
    good = cifar_batches()
    lacking = {name: batch for name, batch in good.items() if name not in {"data_batch_2.bin", "test_batch.bin"}}
    with refused("cifar-10-binary.tar.gz lacks data_batch_2.bin, test_batch.bin."):
        read_cifar10(archive_at(tmp_path, lacking), AVAILABLE, AVAILABLE)

    short = good | {"data_batch_3.bin": good["data_batch_3.bin"][:1]}
    with refused("cifar-10-binary.tar.gz: data_batch_3.bin has 3,073 bytes; 6,146 are expected."):
        read_cifar10(archive_at(tmp_path, short), AVAILABLE, AVAILABLE)

    wrong = good | {"data_batch_4.bin": good["data_batch_4.bin"].copy()}
    wrong["data_batch_4.bin"][1, 0] = 77
    with refused("data_batch_4.bin has the label 77 at picture 1; labels are 0 to 9."):
        read_cifar10(archive_at(tmp_path, wrong), AVAILABLE, AVAILABLE)

    path = tmp_path / "cifar-10-binary.tar.gz"
    path.write_bytes(b"<html>please log in</html>")
    with refused("cifar-10-binary.tar.gz cannot be unpacked: not a gzip file."):
        read_cifar10(path, AVAILABLE, AVAILABLE)


def test_a_link_is_not_followed(tmp_path):
    """A member that is a link to a file outside counts as absent."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        member = tarfile.TarInfo("cifar-10-batches-bin/test_batch.bin")
        member.type, member.linkname = tarfile.SYMTYPE, "/etc/hostname"
        archive.addfile(member)
    path = tmp_path / "a.tar.gz"
    path.write_bytes(content.getvalue())
    with refused("a.tar.gz lacks test_batch.bin."):
        read_cifar10(path, AVAILABLE, {"train": 0, "test": 3})


WHOLE = cifar_archive({name: array.tobytes() for name, array in cifar_batches().items()})
EXACT = np.concatenate([cifar_batches()[f"data_batch_{i}.bin"][:, 1:] for i in range(1, 6)])


def pictures_of(content):
    """What the reader makes of an archive's bytes: records (10, 3072), or None where it refuses them."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.tar.gz"
        path.write_bytes(content)
        try:
            X, _ = read_cifar10(path, AVAILABLE, AVAILABLE)["train"]
        except FormatError:
            return None
    return np.rint(X * 255).transpose(0, 3, 1, 2).reshape(10, -1)


@settings(deadline=None)
@given(st.integers(0, len(WHOLE)))
def test_a_cut_archive_is_refused_or_was_cut_behind_the_pictures(length):
    """An archive that ends too early gives FormatError, or exactly the true pictures."""
    read = pictures_of(WHOLE[:length])
    assert (read is None and length < len(WHOLE)) or np.array_equal(read, EXACT)


@settings(deadline=None)
@given(st.integers(0, len(WHOLE) - 1), st.integers(0, 255))
def test_a_changed_byte_lets_no_other_exception_out(place, byte):
    """FormatError, or pictures (the checksum of the download is what guards their content)."""
    read = pictures_of(WHOLE[:place] + bytes([byte]) + WHOLE[place + 1 :])
    assert read is None or read.shape == EXACT.shape
