"""What `celltally` can do, one module a command; `shared.cli` names them."""
