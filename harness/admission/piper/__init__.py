"""What the files of a Piper voice can do."""
