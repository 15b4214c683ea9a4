// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <QObject>

#include "ui/document/evaluation_entry.h"

namespace rankscope {
class Progress;
struct RunContents;
} // namespace rankscope

namespace rankscope::ui {

class Document;
class JobRunner;

/// Which text, and how much of it.
struct TextChoice {
  std::filesystem::path file; ///< empty: the stories that come with the program
  std::int64_t tokens = 20'000;
};

/// Everything that was measured about the open document's whole model, and the jobs that measure more. Results are in
/// the run file as soon as a job ends, also one that was stopped with something done. Belongs to the GUI thread.
class Evaluations final : public QObject {
  Q_OBJECT

 public:
  Evaluations(Document& document, JobRunner& jobs, QObject* parent = nullptr);

  /// Each queues a job on the plan as it is when the job's turn comes.
  void evaluate(const TextChoice& text, const EvaluationOptions& options);
  void study(const TextChoice& text, const StudyOptions& options);
  void generate(const std::string& prompt, const GenerateOptions& options);

  /// Why the open model cannot be run, as a sentence; "" when it can.
  const QString& obstacle() const { return m_obstacle; }
  const std::vector<EvaluationEntry>& entries() const { return m_entries; } ///< finished and stopped ones, oldest first
  const EvaluationEntry* running() const { return m_running ? &*m_running : nullptr; }
  std::optional<int> job() const { return m_job; } ///< that runs now
  const EvaluationEntry* entry(int number) const;  ///< 0: the running one
  /// The plan in the document chooses otherwise for some layer than the entry's plan did.
  bool isStale(const EvaluationEntry& entry) const;
  /// True when methods of the plan in force may be fitted to this text: only a part of it is then measured on.
  bool isFittedTo(const TextChoice& text) const;

 signals:
  void changed(int newest); ///< an entry begins (0), has come (its number) or all have (-1)
  void grew();              ///< the running entry knows more
  void failed(const QString& sentence);

 private:
  using Keep = std::function<void(const EvaluationEntry&)>;
  using Work = std::function<void(EvaluationEntry&, const Substitutes&, const std::shared_ptr<const Checkpoint>&,
                                  const Progress&, const Keep& tell)>;
  void enqueue(const QString& title, Work work);
  void finish(EvaluationEntry entry);
  void take(const RunContents& contents);

  Document& m_document;
  JobRunner& m_jobs;
  std::vector<EvaluationEntry> m_entries;
  mutable std::map<int, ResolvedPlan> m_choices; ///< of entries' plans, by number, once they were asked for
  std::optional<EvaluationEntry> m_running;
  std::optional<int> m_job;
  QString m_obstacle;
  int m_generation = 0;
  int m_unsaved = 0; ///< numbers of entries that no run file took
};

} // namespace rankscope::ui
