// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <optional>

#include <QObject>

#include "core/advise/plan_predictor.h"

namespace rankscope {
struct RunContents;
}

namespace rankscope::ui {

class Document;

/// What an advice learned about the open model, from its run file: the prediction of any plan's end-to-end cost. Belongs
/// to the GUI thread.
class Advising final : public QObject {
  Q_OBJECT

 public:
  explicit Advising(Document& document, QObject* parent = nullptr);

  const PlanPredictor* predictor() const { return m_predictor.get(); }
  /// Of the plan as it is now, in microseconds; nullopt without a predictor or for choices that were not measured.
  std::optional<PlanPrediction> prediction() const;
  /// KL in nats a token that a layer alone was measured to cost at its present choice; nullopt where it was not.
  std::optional<double> effect(LayerId layer) const;

 signals:
  void predictorChanged();

 private:
  void take(const RunContents& contents);

  Document& m_document;
  std::shared_ptr<const PlanPredictor> m_predictor;
};

} // namespace rankscope::ui
