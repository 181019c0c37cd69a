"""Which network: manifests, the class vocabulary, and where weights are kept."""

from models.manifest import InputSpec, ModelError, ModelManifest, find_manifest, read_manifest

__all__ = ["InputSpec", "ModelError", "ModelManifest", "find_manifest", "read_manifest"]
