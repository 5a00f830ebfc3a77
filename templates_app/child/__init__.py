"""Processes that fill in what strangers wrote: they may die of it, the worker must not.

`python -m templates_app.child` is a small server without threads that forks a child whenever it is asked to. The worker
(`templates_app.children`) talks to the children directly. None of this knows Django, settings or secrets.
"""
