#!/bin/sh
# Installs PyTorch (Debian's python3-torch), the peer of bench/training; silent when it is there.
# Nothing else needs it: neither the build, nor the tests, nor ernn.
# SPDX-License-Identifier: Apache-2.0
set -eu
/usr/bin/python3 -c 'import torch' 2>/dev/null && exit 0
root=
[ "$(id -u)" = 0 ] || root=sudo
if [ -n "$root" ] && ! command -v sudo >/dev/null; then
    echo "install-torch: python3-torch is missing and neither root nor sudo is here" >&2
    exit 1
fi
echo "installing: python3-torch"
$root apt-get update -qq
$root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3-torch >/dev/null
