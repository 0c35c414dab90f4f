"""Sign-offs: from a run that passed to a statement about its model, and from a statement to whether it still holds."""
