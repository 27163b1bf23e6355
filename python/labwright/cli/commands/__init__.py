"""One module a command; `labwright.cli.tree` says which."""
