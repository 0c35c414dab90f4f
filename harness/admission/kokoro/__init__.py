"""What is asked of Kokoro voices beside what is asked of every model."""
