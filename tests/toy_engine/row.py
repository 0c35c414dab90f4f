"""The row of the toy engine, as docs/extending/engine.md has it."""

from __future__ import annotations

from harness.engines.registry import EngineSpec

CLICK = EngineSpec(
    name="click",
    title="a click voice (click.txt)",
    file="click.txt",
    has_checkpoint=False,
    adapter="harness.engines.click.adapter:ClickEngine",
    adapter_version=1,
    checks=("harness.admission.click.config:ConfigCheck",),
)
