"""What the files of a Coqui voice can do when Coqui loads them: its configuration's sinks, its architectures."""
