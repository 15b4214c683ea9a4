// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>

#include <QObject>

#include "core/advise/advise.h"
#include "ui/document/advice_view.h"

namespace rankscope {
struct RunContents;
}

namespace rankscope::ui {

class Document;
class JobRunner;

/// What an advice is asked for.
struct AdviceWish {
  std::filesystem::path text; ///< empty: the stories that come with the program
  AdviceBudget budget = KeepShare{0.5};
  AdviceTextOptions tokens;
  bool speed = true;
};

/// Advice on the open model: the job that measures it, the newest result (of this session or from the run file), and
/// the prediction of any plan's end-to-end cost that comes with it. Belongs to the GUI thread.
class Advising final : public QObject {
  Q_OBJECT

 public:
  Advising(Document& document, JobRunner& jobs, QObject* parent = nullptr);

  /// Layers that the plan has pinned stay in every option as they are. A finished advice stays in view until this one
  /// is finished too.
  void advise(const AdviceWish& wish);
  /// Makes an option's plan the plan, one undo step.
  void apply(const AdviceRow& row);

  const std::optional<AdviceView>& view() const { return m_view; }
  std::optional<int> job() const { return m_job; } ///< that runs now
  const PlanPredictor* predictor() const { return m_predictor.get(); }
  /// Of the plan as it is now, in microseconds; nullopt without a predictor or for choices that were not measured.
  std::optional<PlanPrediction> prediction() const;
  /// KL in nats a token that a layer alone was measured to cost at its present choice; nullopt where it was not.
  std::optional<double> effect(LayerId layer) const;

 signals:
  void changed(); ///< the view
  void predictorChanged();
  void failed(const QString& sentence);

 private:
  void take(const RunContents& contents);

  Document& m_document;
  JobRunner& m_jobs;
  std::optional<AdviceView> m_view;
  std::shared_ptr<const PlanPredictor> m_predictor;
  std::optional<int> m_job;
  int m_generation = 0;
};

} // namespace rankscope::ui
