"""Kubeflow Pipelines: pipelines written as IR YAML (`exporting`)."""
