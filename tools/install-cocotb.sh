#!/bin/sh
# install-cocotb.sh FOLDER: cocotb in a Python environment of its own (Debian 12 has no package of it);
# silent when it is there. SPDX-License-Identifier: Apache-2.0
set -eu
"$1/bin/python" -c 'import cocotb' 2>/dev/null && exit 0
echo "installing: cocotb"
/usr/bin/python3 -m venv "$1"
"$1/bin/pip" install -q --disable-pip-version-check cocotb==1.9.2
