"""A Dask cluster on loopback: a real scheduler, and real worker processes that a test can kill."""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

DASK = Path(sys.executable).parent / "dask"
PATIENCE = 60.0  # seconds until a test gives up waiting for a process; never a measure of speed


class LocalDask:
    """A scheduler and `workers` workers of one thread each, in processes of their own. A context manager."""

    def __init__(self, folder, workers=2, *, tls=(), **environment):
        self.folder, self.count, self.tls = folder, workers, list(tls)
        self.environment = {**os.environ, "DASK_TEMPORARY_DIRECTORY": str(folder / "dask"), **environment}
        self.processes = []

    def __enter__(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        self.file = self.folder / "scheduler.json"
        self.scheduler = self._start(
            "scheduler", "--host", "tls://127.0.0.1" if self.tls else "127.0.0.1", "--port", "0",
            "--scheduler-file", self.file, "--no-dashboard", "--dashboard-address", ":0", *self.tls,
        )  # fmt: skip
        until(lambda: self.file.exists() and self.file.read_text(), "the scheduler started")
        self.address = json.loads(self.file.read_text())["address"]
        self.port = int(self.address.rsplit(":", 1)[1])
        self.workers = [self.add_worker() for _ in range(self.count)]
        for worker in self.workers:
            self.address_of(worker)
        return self

    def __exit__(self, *_):
        for process in reversed(self.processes):
            process.kill()
        for process in self.processes:
            process.wait()

    def add_worker(self, *options, **environment):
        """Start one more worker; returns its process, whose output is in the file `log`."""
        command = ("worker", "--scheduler-file", self.file, "--nthreads", "1", "--no-nanny", "--no-dashboard")
        return self._start(*command, "--local-directory", self.folder, *self.tls, *options, **environment)

    def address_of(self, worker):
        """The address of a worker, as soon as it has one and has joined."""
        until(lambda: "Registered to" in worker.log.read_text(), "a worker registered")
        return re.search(r"Start worker at: +(\S+)", worker.log.read_text())[1]

    def _start(self, *arguments, **environment):
        log = self.folder / f"{len(self.processes)}.log"
        with log.open("w") as file:
            process = subprocess.Popen(
                [DASK, *map(str, arguments)],
                stdout=file,
                stderr=subprocess.STDOUT,
                env={**self.environment, **environment},
            )
        process.log = log
        self.processes.append(process)
        return process


def until(found, what):
    """Wait until `found()` is true; fails with `what` did not happen."""
    end = time.monotonic() + PATIENCE
    while not found():
        assert time.monotonic() < end, f"waited in vain: {what}"
        time.sleep(0.05)


def certificates(folder):
    """An authority of our own, and one certificate that it signed for scheduler, workers and client."""
    ca, cert, key = folder / "ca.pem", folder / "cert.pem", folder / "key.pem"
    made = ["-newkey", "rsa:2048", "-nodes", "-days", "1"]
    _openssl("req", "-x509", *made, "-keyout", folder / "ca.key", "-out", ca, "-subj", "/CN=flatgrade tests")
    _openssl("req", *made, "-keyout", key, "-out", folder / "request", "-subj", "/CN=127.0.0.1")
    _openssl("x509", "-req", "-in", folder / "request", "-CA", ca, "-CAkey", folder / "ca.key", "-CAcreateserial",
            "-days", "1", "-out", cert)  # fmt: skip
    return ca, cert, key


def _openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


def child_programs(pid):
    """The command lines of all processes that descend from a process."""
    found = []
    for path in Path("/proc").glob(f"{pid}/task/*/children"):
        for child in path.read_text().split():
            command = Path(f"/proc/{child}/cmdline").read_bytes().replace(b"\0", b" ").decode()
            found += [command, *child_programs(child)]
    return found
