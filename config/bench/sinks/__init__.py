"""The other ends: servers that take everything and remember what they took, in processes of their own."""
