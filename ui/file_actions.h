// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>

#include <QObject>
#include <QString>

#include "core/base/error.h"
#include "core/report/export_model.h"

class QWidget;

namespace rankscope::ui {

class Banner;
class Document;

/// Everything that reads or writes a file at the user's wish: asks for the place, does it, says how it went.
class FileActions final : public QObject {
  Q_OBJECT

 public:
  FileActions(Document& document, Banner& banner, QWidget* window);

  bool open(const QString& path);
  void askOpenFile();
  void askOpenFolder();
  void openDemo();
  void saveRun();
  void saveRunAs();
  void askExport(ExportKind kind);
  void askReport();
  void askSavePlan();
  void askLoadPlan();

  void showError(const Error& error);

 signals:
  void recentChanged();

 private:
  void attempt(const std::function<void()>& work);
  QString lastFolder() const;
  void keepFolder(const QString& path) const;

  Document& m_document;
  Banner& m_banner;
  QWidget* m_window;
};

/// The demo that came with the program: a trained model if it is there, else an empty string.
QString demoModelPath();

} // namespace rankscope::ui
