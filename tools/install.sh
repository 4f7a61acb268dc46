#!/bin/sh
# Installs the Debian packages of tools/packages.txt (or of the list $1, relative to the project) that
# are missing; silent when nothing is.
# SPDX-License-Identifier: Apache-2.0
set -eu
cd "$(dirname "$0")/.."
missing=
while read -r package; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done < "${1:-tools/packages.txt}"
[ -n "$missing" ] || exit 0
root=
[ "$(id -u)" = 0 ] || root=sudo
if [ -n "$root" ] && ! command -v sudo >/dev/null; then
    echo "install: these Debian packages are missing and neither root nor sudo is here:$missing" >&2
    exit 1
fi
echo "installing:$missing"
$root apt-get update -qq
# shellcheck disable=SC2086
$root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
