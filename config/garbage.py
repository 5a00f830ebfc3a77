"""How often processes that live long look for garbage."""

import gc

LOOK_AFTER = 20_000  # containers more than before: a batch makes that many; CPython's default is 700


def keep_for_good() -> None:
    """Take what is loaded out of the garbage collector's sight: it stays, and to look through all of it again and again
    was a third of what a batch cost. What a batch makes is mostly gone with it, so it is looked through rarely.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(LOOK_AFTER, 10, 10)
