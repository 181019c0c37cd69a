"""Which network: manifests, and the words for what is seen."""

from models.bundled import bundled_weights
from models.manifest import InputSpec, ModelError, ModelManifest, find_manifest, read_manifest

__all__ = ["InputSpec", "ModelError", "ModelManifest", "bundled_weights", "find_manifest", "read_manifest"]
