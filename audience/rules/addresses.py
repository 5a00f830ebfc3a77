"""What other floors ask about addresses and people; how it is judged is in the modules beside this one."""

from audience.rules.profiles import read_profile, recipient_errors
from audience.rules.readers import BadAddress, read_email, read_phone, read_url

__all__ = ("BadAddress", "read_email", "read_phone", "read_profile", "read_url", "recipient_errors")
