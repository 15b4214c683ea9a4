#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Installs what is missing, builds the release preset and opens the window on MODEL (a checkpoint, a run file, or the
# demo when none is given). Without a display the same job is done headless and its results are listed.
# Usage: app/run.sh [MODEL]
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
model=${1:+$(realpath -s -- "$1")}
[ -z "$model" ] || [ -e "$model" ] || { echo "app/run.sh: $model does not exist" >&2; exit 1; }
source "$root/cmake/packages.sh"
install_packages "${rankscope_build_packages[@]}"
( cd "$root" && cmake --preset release -DBUILD_TESTING=OFF && cmake --build --preset release )
bin="$root/build/release/bin"

if [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; then
  exec "$bin/rankscope" ${model:+"$model"}
fi

out=${RANKSCOPE_OUT:-$PWD/rankscope-out}
mkdir -p "$out"
echo "No display: analysing, compressing and reporting into $out"
[ -n "$model" ] || model="$root/resources/demo"
export QT_QPA_PLATFORM=offscreen
"$bin/rankscope-cli" plan "$model" --preset hybrid -o "$out/plan.json"
"$bin/rankscope-cli" compress "$model" "$out/compressed" --overwrite --plan "$out/plan.json" --quant-bits 8 --run "$out/run.h5"
for kind in html md csv; do "$bin/rankscope-cli" report "$out/run.h5" -o "$out/report.$kind"; done
"$bin/rankscope" --screenshot "$out/window.png" "$out/run.h5"
cat <<EOF

model       $model
plan        $out/plan.json
compressed  $out/compressed
run file    $out/run.h5
reports     $out/report.html, report.md, report.csv
window      $out/window.png
EOF
