// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

class QListWidget;

namespace rankscope::ui {

/// What is seen while nothing is open: where to drop a model, recent files, the demo.
class StartPage final : public QWidget {
  Q_OBJECT

 public:
  explicit StartPage(QWidget* parent = nullptr);
  void refresh();

 signals:
  void openWanted();
  void demoWanted();
  void fileWanted(const QString& path);

 private:
  void addHeading(const QString& text);
  void addFile(const QString& path, const QString& name, const QString& detail);

  QListWidget* m_files;
};

/// Model snapshots in the local Hugging Face cache (HF_HOME, else ~/.cache/huggingface), newest first.
struct CachedModel {
  QString name; ///< "owner/model"
  QString path;
  qint64 bytes = 0;
};
QVector<CachedModel> huggingFaceModels();

} // namespace rankscope::ui
