"""Fuzz the targets with atheris: `python tests/fuzz/run.py SECONDS [TARGET ...]`, each for so many seconds.

What is learnt goes on in build/fuzz/<target>; an input that breaks a promise is kept in tests/fuzz/crashes/<target>,
where the fast tests find it, too. The exit code is 1 if there was one.
"""

import hashlib
import re
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
LEARNT = ROOT / "build" / "fuzz"
ONE = "--one"  # first argument of the process that fuzzes one target
_OPTIONS = ("-rss_limit_mb=2048", "-timeout=20", "-max_len=4096", "-print_final_stats=1")
_PROGRESS = re.compile(r"cov: (\d+) ft: (\d+)")
_ROW = "{:10} {:>12} {:>12} {:>9} {:>9}  {}"


def main(seconds, names):
    """Fuzz each target in a process of its own, and print a row for each; returns 1 if one was broken."""
    print(_ROW.format("target", "executions", "per second", "coverage", "features", "broken by"), flush=True)
    broken = False
    for name in names:
        began, crashes = time.time(), HERE / "crashes" / name
        crashes.mkdir(parents=True, exist_ok=True)
        (LEARNT / name).mkdir(parents=True, exist_ok=True)
        done = subprocess.run(
            [sys.executable, __file__, ONE, str(seconds), name],
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        found = [path for path in sorted(crashes.iterdir()) if path.stat().st_mtime >= began]
        count = re.search(r"number_of_executed_units: (\d+)", done.stderr)
        covered = _PROGRESS.findall(done.stderr) or [("?", "?")]
        runs = int(count[1]) if count else 0
        files = ", ".join(str(path.relative_to(ROOT)) for path in found) or "nothing"
        print(_ROW.format(name, runs, round(runs / (time.time() - began)), *covered[-1], files), flush=True)
        if found or done.returncode:
            broken = True
            print(done.stdout[-4000:], done.stderr[-4000:], sep="\n", flush=True)
        if not any(crashes.iterdir()):
            crashes.rmdir()
    return int(broken)


def fuzz(seconds, name):
    """Fuzz one target in this process; does not return."""
    import atheris

    sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
    with atheris.instrument_imports(include=["flatgrade"]):
        from fuzz.targets import TARGETS
    target, crashes = TARGETS[name], HERE / "crashes" / name

    def keep_what_breaks(data):
        try:
            target(data)
        except BaseException:  # libFuzzer writes the same file, but not where the process ends otherwise
            (crashes / f"crash-{hashlib.sha1(data).hexdigest()}").write_bytes(data)
            raise

    target((HERE / "seeds" / name / "0").read_bytes())  # what is made once is no slow input
    folders = [str(LEARNT / name), str(HERE / "seeds" / name), str(crashes)]
    options = [*_OPTIONS, f"-max_total_time={seconds}", f"-artifact_prefix={crashes}/"]
    atheris.Setup([sys.argv[0], *options, *folders], keep_what_breaks)
    atheris.Fuzz()


if __name__ == "__main__":
    if sys.argv[1] == ONE:
        fuzz(int(sys.argv[2]), sys.argv[3])
    else:
        sys.exit(main(int(sys.argv[1]), sys.argv[2:] or sorted(path.name for path in (HERE / "seeds").iterdir())))
