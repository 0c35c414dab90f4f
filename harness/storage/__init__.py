"""What lasts: renderings by content, run directories, sound as Opus, and things built once and pinned."""
