"""Where people land when they follow a link or look at a message: no login, no cookies, no script."""
