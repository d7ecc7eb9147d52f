"""Start a zygote: `python -I -m flatgrade.worker FILE_DESCRIPTOR NAMESPACES`, as `flatgrade.grader.zygote` does.

NAMESPACES is 1 to enter them, or 0. They come before every import that may start a thread.
"""

import sys

from flatgrade.worker import namespaces

if __name__ == "__main__":
    without = namespaces.enter() if sys.argv[2] == "1" else "not asked for"

    from flatgrade.worker.zygote import serve

    serve(int(sys.argv[1]), without)
