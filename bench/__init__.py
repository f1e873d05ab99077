"""The budgets, measured: `make bench`, or `python -m bench start tracking` for some of them."""
