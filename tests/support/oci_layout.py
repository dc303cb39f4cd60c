# SPDX-License-Identifier: Apache-2.0
"""Writes an OCI image layout (image-spec 1.0) of given layers, as a registry client would."""

import hashlib
import json
from pathlib import Path

_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_CONFIG = "application/vnd.oci.image.config.v1+json"
_LAYER = "application/vnd.oci.image.layer.v1.tar"


def write_oci_layout(directory: Path, tag: str, layers: list[Path]) -> Path:
    blobs = directory / "blobs/sha256"
    blobs.mkdir(parents=True)

    def store(media_type: str, content: bytes) -> dict:
        digest = hashlib.sha256(content).hexdigest()
        (blobs / digest).write_bytes(content)
        return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(content)}

    def store_json(media_type: str, value: dict) -> dict:
        return store(media_type, json.dumps(value).encode())

    stored = [store(_LAYER, layer.read_bytes()) for layer in layers]
    config = store_json(_CONFIG, {
        "architecture": "amd64", "os": "linux", "config": {},
        "rootfs": {"type": "layers", "diff_ids": [layer["digest"] for layer in stored]}})
    manifest = store_json(_MANIFEST, {
        "schemaVersion": 2, "mediaType": _MANIFEST, "config": config, "layers": stored})
    manifest["annotations"] = {"org.opencontainers.image.ref.name": tag}
    (directory / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [manifest]}))
    (directory / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    return directory
