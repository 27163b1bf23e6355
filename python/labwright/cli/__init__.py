"""The command line: `labwright run`, `graph`, `compile` and the rest."""
