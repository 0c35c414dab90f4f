"""What is checked about a model before anything of it is loaded: pure parsing, nothing executed, no byte trusted."""
