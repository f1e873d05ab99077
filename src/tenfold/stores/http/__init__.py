"""The stores of a Tenfold server, over HTTP: the client's half of contracts/wire.py. What the server raises is raised here."""

from tenfold.stores.http.link import Link
from tenfold.stores.http.medium import HttpMedium
from tenfold.stores.http.open import open_http

__all__ = ["HttpMedium", "Link", "open_http"]
