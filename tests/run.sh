#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Installs what is missing, builds everything with warnings as errors and runs the whole test suite.
# Usage: tests/run.sh [ctest options], e.g. tests/run.sh -R core_plan
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
source "$root/cmake/packages.sh"
install_packages "${rankscope_build_packages[@]}" "${rankscope_test_packages[@]}"
cd "$root"
cmake --preset dev -DRANKSCOPE_WERROR=ON
cmake --build --preset dev
ctest --preset dev -j "$(nproc)" "$@"
