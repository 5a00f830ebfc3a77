"""The provider sandbox: one process of our own that plays the outside world for `up`, the demo and the tests.

It imports nothing of Django and nothing of the rest of the project: it only ever sees us the way a provider does.
"""
