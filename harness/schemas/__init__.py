"""JSON Schemas (2020-12) of the formats that people and other programs read and write."""
