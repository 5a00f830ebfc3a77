"""django-post_office, where it is installed: the same letters to the same sink, in a project of its own."""
