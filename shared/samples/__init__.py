"""The sample images that ship with celltally: two real micrographs, five drawn pictures."""
