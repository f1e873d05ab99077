#!/usr/bin/env bash
# What the tests use from Debian: PostgreSQL's server, Chromium, git, XFS's mkfs, the OpenMP library. Installs what is missing; says so when it cannot.
set -euo pipefail

missing=()
compgen -G "/usr/lib/postgresql/*/bin/initdb" >/dev/null || missing+=(postgresql)
command -v chromium >/dev/null || missing+=(chromium fonts-dejavu-core)
command -v git >/dev/null || missing+=(git)
command -v mkfs.xfs >/dev/null || missing+=(xfsprogs) # a file system with reflinks
compgen -G "/usr/lib/*/libgomp.so.1" >/dev/null || missing+=(libgomp1) # LightGBM's wheel has none of its own
[ ${#missing[@]} -eq 0 ] && exit 0

if ! command -v apt-get >/dev/null; then
  echo "The tests need: ${missing[*]}. Install them with this system's package manager, then run make test again." >&2
  exit 1
fi
run=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || { echo "The tests need: ${missing[*]}. As root: apt-get install ${missing[*]}" >&2; exit 1; }
  run=(sudo)
fi
echo "Installing for the tests: ${missing[*]}" >&2
"${run[@]}" apt-get update -qq
"${run[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
