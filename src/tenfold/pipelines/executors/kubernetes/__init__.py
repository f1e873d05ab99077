"""Kubernetes: an attempt is a Job of batch/v1, by the official client.

The Job and its pods have labels that name the run, the step and the attempt. What the attempt must know goes along as a
Secret that the Job owns; what came of it is the pod's termination message; what it prints is the pod's log. A Job is
never started again by Kubernetes: a second attempt is the scheduler's to start.
"""
