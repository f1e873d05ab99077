"""Numbers that say how good answers are: plain NumPy over arrays, one file a task.

Here live the definitions, with the paper or library each follows. No table, no store, no slice and no verdict: what is
judged, over which rows and whether it is good enough stands in evaluation/ and monitoring/, which both read these.

Each task is a frozen value of arrays with `sums` (what each group of rows adds up to), `finish` (metrics of such sums)
and `rest` (what is no function of sums). Slices and bootstrap draws are groups, so one formula serves all three.
"""
