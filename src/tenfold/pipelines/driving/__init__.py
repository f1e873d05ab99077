"""One pipeline run on its way to its end: its places, the scheduler and its leases, retries, limits, what is published."""
