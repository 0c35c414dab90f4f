"""What each of Piper's modules is called in Coqui's ``Vits``. Knows names, not files and not numbers."""

from __future__ import annotations

import re


def coqui_name(piper: str) -> str | None:
    """Return the name in Coqui's ``Vits`` of a weight of Piper's; None for what is not a named weight."""
    part, _, rest = piper.partition(".")
    if not rest or part not in ("enc_p", "dp", "flow", "dec"):
        return None
    if part == "flow":  # every second flow only flips channels: Coqui does not count those
        return re.sub(r"^flows\.(\d+)", lambda m: f"flow.flows.{int(m[1]) // 2}", rest)
    if part == "dp":  # flow 0 is the affine one; of the others every second one flips
        rest = re.sub(r"^flows\.(\d+)", lambda m: f"flows.{(int(m[1]) + 1) // 2}", rest)
        return "duration_predictor." + rest.replace("flows.0.m", "flows.0.translation")
    return {"enc_p": "text_encoder.", "dec": "waveform_decoder."}[part] + rest
