"""The roads: one file each, found by being here."""
