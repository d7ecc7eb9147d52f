"""Flatgrade: a course kit for learning backpropagation, and an autograder that reads the answer stage by stage."""

__version__ = "0.1.0"
