"""Piper voices: NAME.onnx and NAME.onnx.json, spoken by ONNX Runtime. Runs in the worker only, but for what is read."""
