"""What is asked of any model's files, whoever loads them, one module per question."""
