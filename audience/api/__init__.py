"""People, lists and inboxes over HTTP."""
