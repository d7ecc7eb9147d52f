"""Start a zygote: `python -I -m flatgrade.worker FILE_DESCRIPTOR ORDERS`, as `flatgrade.grader.sandbox` does.

ORDERS is a JSON object (docs/protocol.md). Namespaces come before every import that may start a thread.
"""

import json
import sys

from flatgrade.worker import namespaces

if __name__ == "__main__":
    orders = json.loads(sys.argv[2])
    without = namespaces.enter() if orders["namespaces"] else "not asked for"

    from flatgrade.worker.zygote import serve

    serve(int(sys.argv[1]), orders, without)
