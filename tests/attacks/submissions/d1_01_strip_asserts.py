# D1.1 An AST transformer takes every assert out of the cells that follow.
# expect: WRONG
# %%
import ast


class NoAsserts(ast.NodeTransformer):
    def visit_Assert(self, node):
        return ast.Pass()


get_ipython().ast_transformers.append(NoAsserts())
# %%
# <wrong answer>
