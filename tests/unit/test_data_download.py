"""Downloads against a server on this machine: mirrors, broken connections, wrong content, no network, no pooch."""

import dataclasses
import hashlib
import http.server
import re
import socket
import sys
import threading

import numpy as np
import pytest
from support.picture_files import cifar_archive, cifar_batches, idx

import flatgrade_data
from flatgrade_data import DownloadError, cifar10, download, mnist
from flatgrade_data.download import RemoteFile, Source, data_folder, fetch, registry

CONTENT = bytes(range(256)) * 1024  # four chunks: half of it is two, so that a cut loses nothing


class Server(http.server.ThreadingHTTPServer):
    """Files by path. `faults` says by path what goes wrong; `requests` lists (path, Range header)."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files, self.faults, self.requests, self.released = {}, {}, [], threading.Event()

    @property
    def host(self):
        return f"127.0.0.1:{self.server_port}"

    def mirror(self, name):
        return f"http://{self.host}/{name}/"


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers with the whole file or, asked for a range, with its rest."""

    def do_GET(self):
        self.server.requests.append((self.path, self.headers.get("Range")))
        fault = self.server.faults.get(self.path)
        content = self.server.files.get(self.path)
        if content is None:
            self.send_error(404)
            return
        if fault == "silent":
            self.server.released.wait(10)
            return
        start = 0
        if fault != "no ranges" and (asked := re.match(r"bytes=(\d+)-$", self.headers.get("Range", ""))):
            start = int(asked[1])
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        end = len(content) // 2 if fault == "cut" else len(content)
        self.wfile.write(content[start:end])

    def log_message(self, *_):
        pass


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    server = Server()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield server
    server.released.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def dead_host():
    """An address of this machine at which nobody listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{listener.getsockname()[1]}"


def remote(name, content):
    return RemoteFile(name, len(content), hashlib.md5(content).hexdigest())


def source(*mirrors, content=CONTENT):
    return Source("cifar10", (remote("a.bin", content),), mirrors, train=10, test=3)


def failed(folder, reasons):
    """Expects the whole message of a download that no mirror could give."""
    message = (
        f"cifar10() could not download a.bin (262 kB): {reasons}. Check the network and call it again (what has arrived "
        f"is kept), or put the file into {folder} yourself. shapes10() and digits() need no download."
    )
    return pytest.raises(DownloadError, match=f"^{re.escape(message)}$")


def test_a_file_is_fetched_once_with_a_bar(server, tmp_path, capsys):
    """The first call downloads and shows progress; the second asks nobody."""
    server.files["/one/a.bin"] = CONTENT
    for _ in range(2):
        (path,) = fetch(source(server.mirror("one")), tmp_path / "new" / "folder")
        assert path.read_bytes() == CONTENT
    assert server.requests == [("/one/a.bin", None)]
    assert [file.name for file in path.parent.iterdir()] == ["a.bin"]
    assert re.search(r"a\.bin: 100%.*262k/262k", capsys.readouterr().err)


def test_mirrors_are_tried_in_turn(server, dead_host, tmp_path):
    """A mirror that is down and one that lacks the file do not matter while another has it."""
    server.files["/two/a.bin"] = CONTENT
    (path,) = fetch(source(f"http://{dead_host}/", server.mirror("one"), server.mirror("two")), tmp_path)
    assert path.read_bytes() == CONTENT
    assert server.requests == [("/one/a.bin", None), ("/two/a.bin", None)]


def test_a_broken_download_is_no_file_and_is_taken_up_again(server, tmp_path):
    """Half a file never gets the file's name; the next call asks for the other half only."""
    server.files["/one/a.bin"] = CONTENT
    server.faults["/one/a.bin"] = "cut"
    with failed(tmp_path, f"{server.host}: the connection broke after 131 kB"):
        fetch(source(server.mirror("one")), tmp_path)
    assert {file.name: file.stat().st_size for file in tmp_path.iterdir()} == {"a.bin.part": 131_072}

    server.faults.clear()
    (path,) = fetch(source(server.mirror("one")), tmp_path)
    assert path.read_bytes() == CONTENT
    assert server.requests == [("/one/a.bin", None), ("/one/a.bin", "bytes=131072-")]
    assert [file.name for file in tmp_path.iterdir()] == ["a.bin"]


def test_another_mirror_takes_up_what_the_first_began(server, tmp_path):
    """Mirrors hold the same bytes, so the second sends the rest."""
    server.files |= {"/one/a.bin": CONTENT, "/two/a.bin": CONTENT}
    server.faults["/one/a.bin"] = "cut"
    (path,) = fetch(source(server.mirror("one"), server.mirror("two")), tmp_path)
    assert path.read_bytes() == CONTENT
    assert server.requests == [("/one/a.bin", None), ("/two/a.bin", "bytes=131072-")]


def test_a_server_without_ranges_starts_again(server, tmp_path):
    """Where the answer is the whole file, what was there before is replaced, not lengthened."""
    server.files["/one/a.bin"] = CONTENT
    server.faults["/one/a.bin"] = "no ranges"
    (tmp_path / "a.bin.part").write_bytes(CONTENT[:1000])
    (path,) = fetch(source(server.mirror("one")), tmp_path)
    assert path.read_bytes() == CONTENT
    assert server.requests == [("/one/a.bin", "bytes=1000-")]


@pytest.mark.parametrize(("left", "requests"), [(CONTENT, 0), (CONTENT + b"more", 1)])
def test_what_an_earlier_call_left_is_used_or_dropped(server, tmp_path, left, requests):
    """A part that is complete needs no server; one that is too long is begun again."""
    server.files["/one/a.bin"] = CONTENT
    (tmp_path / "a.bin.part").write_bytes(left)
    (path,) = fetch(source(server.mirror("one")), tmp_path)
    assert path.read_bytes() == CONTENT
    assert server.requests == [("/one/a.bin", None)] * requests


def test_other_content_is_never_taken(server, tmp_path):
    """The right length with other bytes fails by checksum and leaves nothing behind; a good mirror still helps."""
    server.files |= {"/one/a.bin": CONTENT[::-1], "/two/a.bin": CONTENT}
    with failed(tmp_path, f"{server.host}: what it sent has another checksum"):
        fetch(source(server.mirror("one")), tmp_path)
    assert list(tmp_path.iterdir()) == []
    (path,) = fetch(source(server.mirror("one"), server.mirror("two")), tmp_path)
    assert path.read_bytes() == CONTENT


def test_a_wrong_beginning_does_not_spoil_the_next_mirror(server, tmp_path):
    """A part of other bytes fails once, and the next attempt begins from nothing."""
    server.files |= {"/one/a.bin": CONTENT, "/two/a.bin": CONTENT}
    (tmp_path / "a.bin.part").write_bytes(b"<html>please log in</html>")
    (path,) = fetch(source(server.mirror("one"), server.mirror("two")), tmp_path)
    assert path.read_bytes() == CONTENT
    assert server.requests == [("/one/a.bin", "bytes=26-"), ("/two/a.bin", None)]


def test_a_page_instead_of_the_file_is_refused_before_it_is_stored(server, tmp_path):
    """A login page of a network answers every address; its length gives it away."""
    server.files["/one/a.bin"] = b"<html>please log in</html>"
    with failed(tmp_path, f"{server.host}: it offers 26 bytes where the file has 262,144"):
        fetch(source(server.mirror("one")), tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("present", [CONTENT[:1000], CONTENT[::-1]])
def test_a_damaged_file_in_the_folder_is_replaced(server, tmp_path, present):
    """Too short or changed: the file is fetched again."""
    server.files["/one/a.bin"] = CONTENT
    (tmp_path / "a.bin").write_bytes(present)
    (path,) = fetch(source(server.mirror("one")), tmp_path)
    assert path.read_bytes() == CONTENT


def test_offline_is_one_sentence_that_names_every_mirror(server, dead_host, tmp_path, monkeypatch):
    """No connection, no file, no answer: each mirror with its reason, and what to do."""
    monkeypatch.setattr(download, "SILENCE_SECONDS", 0.2)
    server.files["/slow/a.bin"] = CONTENT
    server.faults["/slow/a.bin"] = "silent"
    reasons = f"{dead_host}: no connection; {server.host}: answers 404 Not Found; {server.host}: no answer in time"
    with failed(tmp_path, reasons) as caught:
        fetch(source(f"http://{dead_host}/", server.mirror("none"), server.mirror("slow")), tmp_path)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("library", ["pooch", "tqdm"])
def test_without_pooch_the_line_to_type_is_given(tmp_path, monkeypatch, library):
    """What is missing, and the line that mends it."""
    monkeypatch.setitem(sys.modules, library, None)
    message = (
        "cifar10() must download a.bin (262 kB) once, and what downloads it is not installed: pip install "
        "'flatgrade[download]'. shapes10() and digits() need no download."
    )
    with pytest.raises(DownloadError, match=f"^{re.escape(message)}$"):
        fetch(source("http://127.0.0.1:9/"), tmp_path)


def test_a_file_that_is_there_needs_neither_pooch_nor_network(tmp_path, monkeypatch):
    """A teacher may fill the folder by hand."""
    monkeypatch.setitem(sys.modules, "pooch", None)
    (tmp_path / "a.bin").write_bytes(CONTENT)
    assert fetch(source(), tmp_path) == [tmp_path / "a.bin"]


def test_the_folder_is_the_argument_else_the_variable_else_the_cache(tmp_path, monkeypatch):
    """Three places, in this order; ~ is the home folder."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.delenv("FLATGRADE_DATA", raising=False)
    assert data_folder() == tmp_path / ".cache" / "flatgrade"
    monkeypatch.setenv("FLATGRADE_DATA", "~/class")
    assert data_folder() == tmp_path / "class"
    assert data_folder(tmp_path / "mine") == tmp_path / "mine"


# --- through the door: the true formats, in small ---------------------------------------------------------------------


def serve(server, monkeypatch, name, train, test, files):
    """Puts small files of data set `name` on the server and into the registry."""
    server.files |= {f"/data/{file}": content for file, content in files.items()}
    small = Source(name, tuple(remote(*item) for item in files.items()), (server.mirror("data"),), train, test)
    monkeypatch.setattr(flatgrade_data, "registry", lambda: registry() | {name: small})


def test_cifar10_comes_from_its_archive(server, tmp_path, monkeypatch):
    """Downloaded, read, scaled, named; the second call makes nothing anew and asks nobody."""
    batches = cifar_batches()
    archive = cifar_archive({name: array.tobytes() for name, array in batches.items()})
    serve(server, monkeypatch, "cifar10", 10, 3, {"cifar-10-binary.tar.gz": archive})
    data = cifar10(10, 3, folder=tmp_path)
    assert repr(data).startswith("cifar10: 10 training and 3 test pictures of 32 x 32 x 3")
    assert data.y_train.tolist() == [label for i in range(1, 6) for label in batches[f"data_batch_{i}.bin"][:, 0]]
    first = batches["data_batch_1.bin"][0, 1:].reshape(3, 32, 32)
    assert np.array_equal(np.rint(data.X_train[0] * 255), first.transpose(1, 2, 0))
    assert data.classes[0] == "airplane"
    assert data.classes[9] == "truck"
    assert not data.X_train.flags.writeable
    assert cifar10(10, 3, folder=tmp_path) is data
    assert np.array_equal(cifar10(4, 0, folder=tmp_path).X_train, data.X_train[:4])
    assert len(server.requests) == 1


def test_mnist_comes_from_its_four_files(server, tmp_path, monkeypatch):
    """Pictures and labels of both parts, from the folder that the variable names."""
    rng = np.random.default_rng(1)
    parts = {
        part: (rng.integers(0, 256, (n, 28, 28), np.uint8), rng.integers(0, 10, n, np.uint8))
        for part, n in (("train", 6), ("t10k", 4))
    }
    files = {}
    for part, (pixels, labels) in parts.items():
        files |= {f"{part}-images-idx3-ubyte.gz": idx(pixels), f"{part}-labels-idx1-ubyte.gz": idx(labels)}
    serve(server, monkeypatch, "mnist", 6, 4, files)
    monkeypatch.setenv("FLATGRADE_DATA", str(tmp_path))
    data = mnist(6, 4)
    for X, y, part in ((data.X_train, data.y_train, "train"), (data.X_test, data.y_test, "t10k")):
        assert np.array_equal(np.rint(X[..., 0] * 255), parts[part][0])
        assert np.array_equal(y, parts[part][1])
    assert (
        sorted(file.name for file in tmp_path.iterdir())
        == sorted(files)
        == sorted(file.name for file in registry()["mnist"].files)
    )


def test_the_registry_names_the_published_files():
    """Lengths and checksums as published; the binary version of CIFAR-10, which holds no pickle; https only."""
    stated = {name: [dataclasses.astuple(file) for file in entry.files] for name, entry in registry().items()}
    assert stated == {
        "cifar10": [("cifar-10-binary.tar.gz", 170052171, "c32a1d4ab5d03f1284b67883e8d87530")],
        "mnist": [
            ("train-images-idx3-ubyte.gz", 9912422, "f68b3c2dcbeaaa9fbdd348bbdeb94873"),
            ("train-labels-idx1-ubyte.gz", 28881, "d53e105ee54ea40749a09fcbcd1e9432"),
            ("t10k-images-idx3-ubyte.gz", 1648877, "9fb629c4189551a2d022fa330f9573f3"),
            ("t10k-labels-idx1-ubyte.gz", 4542, "ec29112dd5afa0611ce80d1b7f02629c"),
        ],
    }
    mirrors = [mirror for entry in registry().values() for mirror in entry.mirrors]
    assert len(mirrors) == 3
    assert all(mirror.startswith("https://") and mirror.endswith("/") for mirror in mirrors)
    assert [(entry.train, entry.test) for entry in registry().values()] == [(50_000, 10_000), (60_000, 10_000)]
