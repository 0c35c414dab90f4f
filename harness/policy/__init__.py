"""What fails, what is accepted by whom until when, and what must have been covered."""
