"""What a reference was recorded to do, and the life of that record: proposed, accepted, replaced, pruned."""
