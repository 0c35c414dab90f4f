"""Kokoro voices: NAME.onnx and a file of style vectors, spoken by ONNX Runtime. In the worker, but for what is read."""
