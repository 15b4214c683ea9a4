// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>

#include <QObject>
#include <QString>

#include "core/base/error.h"
#include "core/report/export_model.h"

class QTimer;
class QWidget;

namespace rankscope::ui {

class Banner;
class Document;
class JobRunner;
class Opening;
struct ModelMoved;
struct OpenedModel;

/// Everything that reads or writes a file at the user's wish: asks for the place, does it, says how it went.
class FileActions final : public QObject {
  Q_OBJECT

 public:
  FileActions(Document& document, JobRunner& jobs, Banner& banner, QWidget* window);

  /// Reads a model or a run in the background and shows it; what is open stays until then, and stays when it cannot be
  /// read, with a message. The newest wish counts.
  void open(const QString& path);
  /// The same for a run whose model is now at `model`: the same model by its contents, or nothing happens but a
  /// message.
  void openMoved(const QString& run, const QString& model);
  Opening& opening() { return *m_opening; }
  /// After a crash: offers what was open then.
  void offerLost();
  /// True when nothing runs that would be lost, the user agrees to stop it, or it ends while the question is open.
  bool mayStop();
  void close();
  void askOpenFile();
  void askOpenFolder();
  void openDemo();
  void saveRun();
  void saveRunAs();
  void askExport(ExportKind kind);
  /// Unless the disk has no room for it.
  void exportTo(const QString& path, ExportKind kind, bool overwrite);
  /// The folder that askExport() proposes.
  QString exportSuggestion(ExportKind kind) const;
  void askReport();
  void askSavePlan();
  void askLoadPlan();

  void showError(const Error& error);

 signals:
  void recentChanged();
  void openEnded(bool shown); ///< of the newest wish to open

 private:
  void attempt(const std::function<void()>& work);
  void startOpening(const QString& path, std::function<OpenedModel()> read);
  void showOpening();
  void take(const OpenedModel& model);
  void remember(const QString& path);
  void offerToLocate(const ModelMoved& moved);
  QString lastFolder() const;
  void keepFolder(const QString& path) const;

  Document& m_document;
  JobRunner& m_jobs;
  Banner& m_banner;
  QWidget* m_window;
  Opening* m_opening;
  QTimer* m_slow; ///< until then nobody needs to be told that something opens
  QString m_path; ///< of what opens
};

/// The demo that came with the program: a trained model if it is there, else an empty string.
QString demoModelPath();

} // namespace rankscope::ui
