"""Which network: manifests, and the words for what is seen."""

from models.manifest import InputSpec, ModelError, ModelManifest, find_manifest, read_manifest

__all__ = ["InputSpec", "ModelError", "ModelManifest", "find_manifest", "read_manifest"]
