"""A model's entry in a bill of materials: CycloneDX 1.6, from a sign-off's statement. Pure.

Source: CycloneDX 1.6 (ECMA-424), component type ``machine-learning-model`` with a model card.
"""

from __future__ import annotations

import json
import uuid
from typing import Final

from harness.signing.statement import path_order
from harness.signing.testresult import POLICY, Stated

SPEC_VERSION: Final = "1.6"


def to_mlbom(stated: Stated, *, attestation: str, attestation_sha256: str, version: str) -> bytes:
    """The bill of materials of one model.

    Args:
        stated: What was signed off.
        attestation: File name of the sign-off.
        attestation_sha256: Its digest (hex): the bill refers to it.
        version: Of Soundcheck.

    Returns:
        JSON, ASCII, sorted keys; the same statement gives the same bytes.
    """
    about = stated.about
    model = {
        "type": "machine-learning-model",
        "bom-ref": f"model:{about.model_digest}",
        "name": about.model,
        "version": about.model_digest[:12],
        "hashes": [{"alg": "SHA-256", "content": about.model_digest}],
        "modelCard": {
            "modelParameters": {"task": "text-to-speech", "modelArchitecture": about.engine},
            "quantitativeAnalysis": {
                "performanceMetrics": [
                    {
                        "type": "share of phrases that could hide a trigger, 95 % bound",
                        "slice": family,
                        "value": f"{bound.miss_bound:.4f}",
                    }
                    for family, bound in sorted(about.coverage.items())
                ]
            },
            "considerations": {
                "technicalLimitations": [
                    "A trigger that is in no probed phrase was not woken.",
                    *(
                        f"Accepted: {one.rule} on {one.subject} until {one.expires}: {one.reason}"
                        for one in about.waivers
                    ),
                ]
            },
        },
        "components": [
            {"type": "file", "name": name, "hashes": [{"alg": "SHA-256", "content": stated.files[name]}]}
            for name in sorted(stated.files, key=path_order)
        ],
        "externalReferences": [
            {
                "type": "attestation",
                "url": attestation,
                "hashes": [{"alg": "SHA-256", "content": attestation_sha256}],
            }
        ],
        "properties": [
            {"name": f"soundcheck:{name}", "value": value}
            for name, value in (
                ("run", about.run_id),
                ("isolation", about.isolation),
                ("alpha", f"{about.alpha:g}"),
                ("policy", stated.digest(POLICY) or "none"),
            )
        ],
    }
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": SPEC_VERSION,
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'{attestation_sha256}:{about.model_digest}')}",
        "version": 1,
        "metadata": {
            "timestamp": about.signed_on,
            "tools": {"components": [{"type": "application", "name": "pytest-soundcheck", "version": version}]},
            "component": model,
        },
    }
    return json.dumps(document, indent=1, sort_keys=True, allow_nan=False).encode() + b"\n"
