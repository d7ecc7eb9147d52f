"""Gradients without answers: the gradient check, and whether a backward pass fits its own forward pass."""
