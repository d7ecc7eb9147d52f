# D1.2 The cell runner is replaced by one that reports success and runs nothing.
# expect: WRONG
# %%
import sys

shell = get_ipython()
for name in ("run_cell", "run_cell_async", "run_ast_nodes", "run_code"):
    setattr(shell, name, lambda *arguments, **settings: None)
for module in list(sys.modules.values()):
    for name in ("run_cell", "answer_call", "answer_trace", "run_plan"):
        if hasattr(module, name) and module.__name__.startswith("flatgrade"):
            setattr(module, name, lambda *arguments, **settings: {"status": "ok", "values": {}, "changed": []})
# %%
# <wrong answer>
