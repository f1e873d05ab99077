"""DVC repositories as they are: read, added to, reproduced, pushed and pulled, so that `dvc` on the same clone agrees.

What lives here: DVC's files to the byte (`yaml12`, `dvc_files`, `lock_files`, `objects`), its templates (`context`,
`pipeline_files`), its cache and remotes, and the verbs on them. Not here: Tenfold's own datasets; `importing` only hands
the history of a repository to them. Nothing of DVC need be installed. Files of DVC 3 are written; those of DVC 2 are read.
"""

from tenfold.doors.dvc.repo import Repo, open_repo

__all__ = ["Repo", "open_repo"]
