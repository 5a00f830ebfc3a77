"""The log of everything that happened, who reads it and how far, and the bells that wake workers."""
