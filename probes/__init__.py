"""Trigger phrases: what a candidate voice is made to say.

Curated suites lie in ``probes/suites/*.probes.yaml``, in the format of ``harness/schemas/suite.schema.json``.
A family that is generated rather than written by hand is one module here (:mod:`probes.family` says what one is,
:mod:`probes.registry` lists them) and imports nothing but ``harness.core``.
"""
