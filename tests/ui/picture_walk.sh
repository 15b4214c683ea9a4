#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Runs the picture walk under Xvfb: picture_walk.sh UI_WALK THEME LANGUAGE WIDTHxHEIGHT FOLDER
# Exit status 77, which CTest takes for "skipped", where there is no Xvfb.
set -euo pipefail
if ! command -v xvfb-run >/dev/null; then
  echo "skipped: Xvfb is not installed (Debian: xvfb)"
  exit 77
fi
walk=$1 theme=$2 language=$3 size=$4 folder=$5
unset QT_QPA_PLATFORM
export QT_QPA_PLATFORM=xcb
exec xvfb-run -a -s "-screen 0 ${size}x24 -dpi 96" "$walk" "$theme" "$language" "$size" "$folder"
