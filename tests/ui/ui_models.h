// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QAbstractItemModel>
#include <QElapsedTimer>
#include <QStringList>
#include <QtTest>

#include "tests/support/small_models.h"
#include "tests/support/temporary.h"
#include "ui/document/document.h"
#include "ui/file_actions.h"
#include "ui/jobs/job_runner.h"

namespace rankscope::test {

/// A table as lines of cells joined by " | ", for expectations that read like the table.
inline QStringList tableText(const QAbstractItemModel& model, const std::vector<int>& columns) {
  QStringList lines;
  for (int row = 0; row < model.rowCount(); ++row) {
    QStringList cells;
    for (const int column : columns) cells.append(model.index(row, column).data().toString());
    lines.append(cells.join(QStringLiteral(" | ")));
  }
  return lines;
}

/// True once nothing runs and everything delivered was taken.
inline bool waitIdle(const ui::JobRunner& jobs, int milliseconds = 30000) {
  return QTest::qWaitFor([&] { return !jobs.isBusy(); }, milliseconds);
}

/// Opens a model in the window and waits for it; false when it was refused.
inline bool opened(ui::FileActions& files, const QString& path) {
  QSignalSpy ended(&files, &ui::FileActions::openEnded);
  files.open(path);
  return (!ended.isEmpty() || ended.wait(30000)) && ended.front().front().toBool();
}

inline LayerId layerNamed(const ui::Document& document, std::string_view part) {
  for (const LayerInfo& layer : document.checkpoint()->layers()) {
    if (layer.name.find(part) != std::string::npos) return layer.id;
  }
  QTest::qFail("no such layer", __FILE__, __LINE__);
  return {};
}

} // namespace rankscope::test
