"""ONNX files, read without a runtime: messages, tensors, the graph, and what makes a graph the one that is known."""
