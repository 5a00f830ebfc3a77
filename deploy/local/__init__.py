"""Carillon on one machine: from a Python to a running system, with the standard library alone.

`cli` reads the command line; `bootstrap` installs; `services` runs PostgreSQL and Valkey from their wheels;
`table` lists the processes; `supervisor` keeps them running. Nothing here imports Django or any package.
"""
