"""What can be done to people, their endpoints, lists and inbox: inside the caller's scope unless said."""

from audience.services.endpoints import disable_endpoints, forget_endpoint
from audience.services.engagement import mark, read_all, see_all
from audience.services.inbox import deliver_to_inbox
from audience.services.people import Kept, erase, merge_recipients, replace_recipients, upsert_recipients
from audience.services.segments import MemberChanges, UnknownPeople, change_members, delete_segment, save_segment

__all__ = (
    "Kept",
    "MemberChanges",
    "UnknownPeople",
    "change_members",
    "delete_segment",
    "deliver_to_inbox",
    "disable_endpoints",
    "erase",
    "forget_endpoint",
    "mark",
    "merge_recipients",
    "read_all",
    "replace_recipients",
    "save_segment",
    "see_all",
    "upsert_recipients",
)
