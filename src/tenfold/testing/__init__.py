"""Conformance suites, one a contract, and bundles of stores to run them on. Shipped, so that a store made elsewhere can
be held to the same promises: inherit a suite and give a pytest fixture `stores`.
"""
