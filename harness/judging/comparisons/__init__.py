"""What a candidate is held against, one module per comparison."""
