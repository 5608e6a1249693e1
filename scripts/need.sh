#!/usr/bin/env bash
# Says in one sentence what is missing and how to get it. Usage: need.sh COMMAND…
set -u
for command in "$@"; do
  command -v "$command" >/dev/null 2>&1 && continue
  case "$command" in
    cargo) how="install Rust 1.95 or later with rustup (https://rustup.rs)" ;;
    node | npm) how="install Node.js 20 or later (Debian: apt-get install nodejs npm)" ;;
    python3) how="apt-get install python3 python3-venv" ;;
    initdb) how="apt-get install postgresql" ;;
    *) how="apt-get install $command" ;;
  esac
  echo "Fenhe needs \`$command\`, which is not on this machine: $how." >&2
  exit 1
done
