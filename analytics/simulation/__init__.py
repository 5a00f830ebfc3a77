"""A population of our own making, to see what a strategy that learns is worth before real people have to find out.

The people are invented; the strategies, the bandit and the learning are the ones that run in production.
"""
