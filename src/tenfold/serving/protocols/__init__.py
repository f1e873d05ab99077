"""The languages a client may ask in: MLflow's scoring protocol, Open Inference (V2), KServe V1. One file each.

Each reads a body into rows in the order of a signature and writes an `Answer` back; none knows a model or a socket.
"""
