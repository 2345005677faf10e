"""`celltally-net`: our own network, from pixels to labels; trained by `training`."""
