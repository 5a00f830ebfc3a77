"""Pages for the people who receive messages: no login, no script, in their language."""
