"""Argo Workflows: pipelines written as WorkflowTemplate and CronWorkflow (`exporting`)."""
