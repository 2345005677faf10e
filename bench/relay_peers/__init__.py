"""What others would have built: servers that pass on what is published, for the benchmarks."""
