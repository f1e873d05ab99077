"""What a user writes: steps, pipelines, their options, order and params; and the graph that calling them draws."""
