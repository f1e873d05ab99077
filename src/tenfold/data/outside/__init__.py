"""Data of other places: referenced where it lies, imported from there, brought up to date, and exported.

Here lives no dataset of remotes: these hold Tenfold's own packs (`data.remotes`), while here are strangers' files.
"""

from tenfold.data.outside.exporting import Exported, export
from tenfold.data.outside.importing import import_from
from tenfold.data.outside.places import Origin, origin_of
from tenfold.data.outside.referencing import reference
from tenfold.data.outside.updating import Updated, update

__all__ = ["Exported", "Origin", "Updated", "export", "import_from", "origin_of", "reference", "update"]
