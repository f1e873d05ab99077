"""Looking at a repository without changing it: what changed, metrics, params and plots."""
