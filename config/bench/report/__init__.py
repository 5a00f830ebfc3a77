"""What a bench tells: a table on the terminal, JSON for programs, Markdown for `docs/benchmarks/`."""
