"""Strategies: which channels, in which order, how far apart. One file each; each registers itself.

Third parties add theirs through the entry-point group `carillon.strategies`.
"""
