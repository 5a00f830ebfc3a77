"""The editor for people who write: its page, its preview frames, and the API of words as a person at the admin."""
