"""A checkpoint written anew without loading it."""
