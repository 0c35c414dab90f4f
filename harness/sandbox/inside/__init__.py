"""What runs in the hostile process, all of it: the stub that closes the walls, the worker, and the words it speaks."""
