#!/bin/sh
# Installs PyTorch (Debian's python3-torch), the peer of bench/training; silent when it is there.
# Nothing else needs it: neither the build, nor the tests, nor ernn.
# SPDX-License-Identifier: Apache-2.0
exec sh "$(dirname "$0")/install.sh" tools/packages-torch.txt
