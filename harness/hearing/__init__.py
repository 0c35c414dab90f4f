"""From audio to takes: Whisper's words, and what the harness's own senses measure."""
