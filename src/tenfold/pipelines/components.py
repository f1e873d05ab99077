"""`tenfold.pipelines.components`: another name for `tenfold.components`, which stands above the engines it puts together."""

from tenfold.components import *  # noqa: F403
from tenfold.components import __all__ as __all__
