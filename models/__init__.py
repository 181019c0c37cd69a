"""Which network: manifests, the class vocabulary, and where weights are kept."""
