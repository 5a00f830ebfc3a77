"""Keep what people want and whom not to reach; each subject has a module beside this one."""

from preferences.services.documents import patch, put
from preferences.services.suppressions import NewSuppression, hold_still, lift, lift_where, suppress
from preferences.services.unsubscribing import (
    example_way_out,
    leaving_of,
    subscribe_again,
    unsubscribe,
    unsubscribe_url,
)

__all__ = (
    "NewSuppression",
    "example_way_out",
    "hold_still",
    "leaving_of",
    "lift",
    "lift_where",
    "patch",
    "put",
    "subscribe_again",
    "suppress",
    "unsubscribe",
    "unsubscribe_url",
)
