"""Keep what people want and whom not to reach; each subject has a module beside this one."""

from preferences.services.documents import patch, put
from preferences.services.suppressions import NewSuppression, hold_still, lift, lift_where, suppress

__all__ = ("NewSuppression", "hold_still", "lift", "lift_where", "patch", "put", "suppress")
