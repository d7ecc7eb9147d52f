"""Inside the sandbox: confinement, cell runner, the judge's counterpart. Holds no answer."""
