"""Files from the internet: fetched once, kept in one folder, never taken for whole unless length and checksum agree.

A download grows in `NAME.part`. If the connection breaks, the next attempt (the next mirror, or the next call) goes on
where it stopped. Only a file whose checksum is right is moved to `NAME`, in one step. pooch does the checksum and the
move; it is imported only when something must be downloaded, so a folder that is filled already needs numpy alone.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from urllib.parse import urlsplit

FOLDER_VARIABLE = "FLATGRADE_DATA"
CHUNK = 1 << 16
CONNECT_SECONDS, SILENCE_SECONDS = 10, 60
_WITHOUT = "shapes10() and digits() need no download."


class DownloadError(OSError):
    """A file is not here and could not be fetched; the message says why and what to do."""


@dataclass(frozen=True)
class RemoteFile:
    """A file of the registry: its name, its length in bytes, its MD5 checksum in hexadecimal digits."""

    name: str
    size: int
    md5: str

    def is_whole(self, path: Path) -> bool:
        """Whether the file at `path` has the right length and checksum."""
        if not path.is_file() or path.stat().st_size != self.size:
            return False
        with path.open("rb") as file:
            return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest() == self.md5


@dataclass(frozen=True)
class Source:
    """A downloaded data set: its files, the folders on the web that hold them, and its numbers of pictures."""

    name: str
    files: tuple[RemoteFile, ...]
    mirrors: tuple[str, ...]
    train: int
    test: int


@cache
def registry() -> dict[str, Source]:
    """Read `registry.toml`: the data sets by name."""
    table = tomllib.loads(files("flatgrade_data").joinpath("registry.toml").read_text(encoding="utf-8"))
    return {
        name: Source(
            name=name,
            files=tuple(RemoteFile(file, facts["bytes"], facts["md5"]) for file, facts in entry["files"].items()),
            mirrors=tuple(entry["mirrors"]),
            train=entry["train"],
            test=entry["test"],
        )
        for name, entry in table.items()
    }


def data_folder(folder: str | os.PathLike[str] | None = None) -> Path:
    """Where files are kept: `folder`, else the folder that FLATGRADE_DATA names, else ~/.cache/flatgrade."""
    chosen = folder or os.environ.get(FOLDER_VARIABLE) or Path.home() / ".cache" / "flatgrade"
    return Path(chosen).expanduser().resolve()


def fetch(source: Source, folder: Path) -> list[Path]:
    """Return the files of a data set on this machine, in the registry's order; download what is missing, with a bar.

    Raises DownloadError with one message that names every mirror and its reason, or that says what to install.
    """
    for file in source.files:
        if not file.is_whole(folder / file.name):
            _download(source, file, folder)
    return [folder / file.name for file in source.files]


def _download(source: Source, file: RemoteFile, folder: Path) -> None:
    """Bring one file into the folder, from the first mirror that gives it whole."""
    try:
        import pooch
        import tqdm  # type: ignore[import-untyped]  # noqa: F401 -- asked for here, where it can still be explained
    except ImportError:
        raise DownloadError(
            f"{source.name}() must download {file.name} ({_amount(file.size)}) once, and what downloads it is not "
            f"installed: pip install 'flatgrade[download]'. {_WITHOUT}"
        ) from None
    pooch.get_logger().setLevel("WARNING")  # the bar says already what it would say
    reasons = []
    for mirror in source.mirrors:
        try:
            pooch.retrieve(mirror + file.name, f"md5:{file.md5}", file.name, folder, downloader=_Resuming(folder, file))
        except (OSError, ValueError) as error:
            reasons.append(f"{urlsplit(mirror).netloc}: {_reason(error)}")
        else:
            return
    raise DownloadError(
        f"{source.name}() could not download {file.name} ({_amount(file.size)}): {'; '.join(reasons)}. Check the "
        f"network and call it again (what has arrived is kept), or put the file into {folder} yourself. {_WITHOUT}"
    )


class _Resuming:
    """A downloader as pooch calls it: goes on with `NAME.part`, and hands it over when it has the right length."""

    def __init__(self, folder: Path, file: RemoteFile) -> None:
        self.part = folder / f"{file.name}.part"
        self.file = file

    def __call__(self, url: str, output_file: str, _pooch: object) -> None:
        if self._arrived() < self.file.size:
            self._go_on(url)
        if self._arrived() < self.file.size:
            raise OSError(f"the connection broke after {_amount(self._arrived())}")
        self.part.replace(output_file)

    def _go_on(self, url: str) -> None:
        import requests  # pooch depends on it

        size, have = self.file.size, self._arrived()
        # identity: a .gz must arrive as it lies on the server, not unpacked on the way.
        headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
        with requests.get(url, headers=headers, stream=True, timeout=(CONNECT_SECONDS, SILENCE_SECONDS)) as answer:
            answer.raise_for_status()
            if answer.status_code != requests.codes.partial_content:
                have = 0  # this server knows no ranges and sends the file from its start
            offered = have + int(answer.headers.get("Content-Length", size - have))
            if offered != size:
                raise OSError(f"it offers {offered:,} bytes where the file has {size:,}")
            with contextlib.suppress(requests.RequestException):  # a connection that breaks shows in the length
                self._write(answer.iter_content(CHUNK), have)

    def _arrived(self) -> int:
        """Count the bytes to build on: 0 where there are none, or too many to be a part of the file."""
        length = self.part.stat().st_size if self.part.exists() else 0
        return length if length <= self.file.size else 0

    def _write(self, chunks: Iterator[bytes], have: int) -> None:
        from tqdm import tqdm

        bar = tqdm(desc=self.file.name, initial=have, total=self.file.size, unit="B", unit_scale=True)
        with self.part.open("ab" if have else "wb") as part, bar:
            for chunk in chunks:
                part.write(chunk)
                bar.update(len(chunk))


def _reason(error: Exception) -> str:
    """Why a mirror did not give the file, in a few words: the library's own messages run over many lines."""
    import requests

    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"answers {error.response.status_code} {error.response.reason}"
    if isinstance(error, requests.Timeout):
        return "no answer in time"
    if isinstance(error, requests.RequestException):
        return "no connection"
    if isinstance(error, ValueError):  # how pooch reports a checksum
        return "what it sent has another checksum"
    return str(error)


def _amount(size: int) -> str:
    return f"{size / 1e6:.0f} MB" if size >= 1e6 else f"{size / 1e3:.0f} kB"
