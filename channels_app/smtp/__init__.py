"""How we speak SMTP: connections that keep deadlines, and a pool of them."""
