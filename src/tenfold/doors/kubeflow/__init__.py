"""Kubeflow Pipelines: pipelines written as IR YAML (`exporting`, `program`), and compiled ones run here (`importing`).

Of a compiled one, `loading` reads the file, `drawing` unfolds its DAGs, `tasks` draws a task, `recipes` notes where its inputs come
from. In a task's process `task` runs it, with `values`, `cel`, `placeholders` and `installing`; `loops` has steps of its own.
"""
