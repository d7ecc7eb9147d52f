"""Benches that anyone can run: `flatgrade bench`. Each compares in one run, on one machine, and says what it ran."""
