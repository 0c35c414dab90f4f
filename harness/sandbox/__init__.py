"""The worker process: how it is launched, spoken to and watched. The candidate is loaded nowhere else."""
