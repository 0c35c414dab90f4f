"""The witness: transcription and forced scoring. Whisper for real, a tone decoder for the tests."""
