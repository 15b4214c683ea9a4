#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Installs what is missing, builds the release preset and opens the window on MODEL (a checkpoint, a run file, or the
# demo when none is given). Without a display the same job is done headless; everything goes to rankscope-out/ in the
# current folder (or to RANKSCOPE_OUT).
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

demo=
[ -n "$model" ] || { model="$root/resources/demo"; demo=yes; }
name=$(basename -- "$model" .safetensors)
out=${RANKSCOPE_OUT:-$PWD/rankscope-out/$name}
mkdir -p "$out" 2>/dev/null && [ -w "$out" ] || out=$(mktemp -d)
echo "No display: working headless into $out"
export QT_QPA_PLATFORM=offscreen QT_LOGGING_RULES='default.warning=false'  # the plugin's own chatter
run=$model
if [[ $model != *.h5 ]]; then
  run="$out/run.h5"
  "$bin/rankscope-cli" plan "$model" --preset hybrid --quant-bits 8 -o "$out/plan.json"
  "$bin/rankscope-cli" compress "$model" "$out/compressed" --overwrite --plan "$out/plan.json" --run "$run"
  # Small enough to run at once; how long a model of one's own takes, its owner decides.
  [ -z "$demo" ] || "$bin/rankscope-cli" evaluate "$model" --plan "$out/plan.json" --run "$run" --prompt "Once upon a time"
fi
for kind in html md csv; do "$bin/rankscope-cli" report "$run" -o "$out/report.$kind"; done
"$bin/rankscope" --screenshot "$out/window.png" "$run"

echo
echo "model     $model"
[ "$run" = "$model" ] || printf '%s\n' "plan      $out/plan.json" "exported  $out/compressed" "run file  $run"
echo "reports   $out/report.html, report.md, report.csv"
echo "window    $out/window.png"
