#!/usr/bin/env bash
# Loads the demo and serves it until Ctrl-C. Usage: demo.sh FENHE_BINARY
# Settings: FENHE_LISTEN, FENHE_DATA, FENHE_CLOCK as for `fenhe serve`; FENHE_SHARED_DATA, a folder of
# reference data, from which the demo also takes catalogs of other provinces where it exists.
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)

if [ $# -lt 1 ] || [ ! -x "$1" ]; then
  echo "Usage: demo.sh FENHE_BINARY, which \`make build\` makes." >&2
  exit 2
fi
export FENHE_DEMO_PACKAGES="${FENHE_DEMO_PACKAGES:-$here/assets/node_modules}"
if [ ! -d "$FENHE_DEMO_PACKAGES" ]; then
  echo "The demo needs the npm packages in \`$FENHE_DEMO_PACKAGES\`: make assets" >&2
  exit 1
fi
if [ -z "${FENHE_SHARED_DATA:-}" ] && [ -d "$here/../shared/data" ]; then
  FENHE_SHARED_DATA=$(cd "$here/../shared/data" && pwd)
  export FENHE_SHARED_DATA
fi
exec "$@" demo
