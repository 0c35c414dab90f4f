"""What launches a worker, watches it, bounds it and ends it. Nothing here runs in the hostile process."""
