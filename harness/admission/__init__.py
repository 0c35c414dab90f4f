"""What is checked about a model before anything of it is loaded: pure parsing, nothing is executed, no byte is trusted."""
