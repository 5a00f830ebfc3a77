"""What channels and providers decide, without Django and without the network."""
