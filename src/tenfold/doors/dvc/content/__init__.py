"""Content as DVC keeps it: named by md5, in the cache and at remotes. Nothing here knows a stage."""
