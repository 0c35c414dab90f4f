"""Text and seed to rendering: from the store or a worker, in batches ahead, with what each order cost."""
