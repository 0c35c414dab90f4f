"""What is asked of the whole model beside its probes: one module per kind of check, and the registry of all of them."""
