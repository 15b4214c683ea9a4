#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Takes new and changed strings of the window into the .ts files; what is unfinished then waits for a translation.
# lupdate does not see the namespace around a class in a .cpp file, which the running program puts before its name.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
lupdate=$(command -v lupdate6 || echo /usr/lib/qt6/bin/lupdate)
for file in resources/translations/rankscope_*.ts; do
  plurals=(); [[ $file == *_en.ts ]] && plurals=(-pluralonly)
  sed -i 's|<name>rankscope::ui::\([A-Z]\)|<name>\1|' "$file"
  "$lupdate" -silent -locations none -no-obsolete "${plurals[@]}" ui app/main.cpp -ts "$file" 2>/dev/null
  sed -i 's|<name>\([A-Z]\)|<name>rankscope::ui::\1|' "$file"
done
grep -c 'type="unfinished"' resources/translations/rankscope_*.ts || true
