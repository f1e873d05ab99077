"""DVC repositories as they are: read, added to, reproduced, pushed and pulled, so that `dvc` on the same clone agrees.

What lives here: the verbs, each a file; `files/` are DVC's own files to the byte, `content/` is data by md5 in the cache and
at remotes, `stages/` runs what dvc.yaml says, `looking/` changes nothing. Not here: Tenfold's own datasets; `importing` only
hands the history of a repository to them. Nothing of DVC need be installed. Files of DVC 3 are written; those of DVC 2 are read.
"""

from tenfold.doors.dvc.repo import Repo, open_repo

__all__ = ["Repo", "open_repo"]
