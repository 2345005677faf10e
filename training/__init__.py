"""How the network of `celltally-net` is trained; no part of what is installed."""
