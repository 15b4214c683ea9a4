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
class JobRunner;
struct ModelMoved;

/// Everything that reads or writes a file at the user's wish: asks for the place, does it, says how it went.
class FileActions final : public QObject {
  Q_OBJECT

 public:
  FileActions(Document& document, JobRunner& jobs, Banner& banner, QWidget* window);

  /// Opens a model or a run; false, with a message, when it cannot.
  bool open(const QString& path);
  /// Opens a run whose model is now at `model`: the same model by its contents, or nothing happens but a message.
  bool openMoved(const QString& run, const QString& model);
  /// After a crash: offers what was open then.
  void offerLost();
  /// True when nothing runs that would be lost, or the user agrees to stop it.
  bool mayStop();
  void close();
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
  void remember(const QString& path);
  void offerToLocate(const ModelMoved& moved);
  QString lastFolder() const;
  void keepFolder(const QString& path) const;

  Document& m_document;
  JobRunner& m_jobs;
  Banner& m_banner;
  QWidget* m_window;
};

/// The demo that came with the program: a trained model if it is there, else an empty string.
QString demoModelPath();

} // namespace rankscope::ui
