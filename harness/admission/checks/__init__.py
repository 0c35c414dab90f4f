"""What is asked of a model's files, one module per question."""
