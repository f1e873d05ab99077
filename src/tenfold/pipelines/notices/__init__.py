"""Who is told when a run ends, is late, or an alarm opens: each message made once, delivered at least once."""
