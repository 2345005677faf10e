"""Everything that changes data, one verb a module; only these write, enqueue or announce."""
