"""Words over HTTP."""
