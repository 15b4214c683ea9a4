// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <vector>

#include <QObject>
#include <QString>

#include "core/base/schedule.h"
#include "core/checkpoint/layer.h"
#include "core/spectrum/spectrum.h"
#include "ui/document/calibrator.h"

namespace rankscope::ui {

class Document;
class JobRunner;

/// The spectra of the open model's layers as its calibration text sees them (σ of W·√C), found when they are first
/// asked for: those of the selection first. Belongs to the GUI thread.
class OutputSpectra final : public QObject {
  Q_OBJECT

 public:
  OutputSpectra(Document& document, JobRunner& jobs, QObject* parent = nullptr);

  /// From now on, until another model is opened, spectra are kept for the text that the document has chosen.
  void ask();
  std::shared_ptr<const Spectrum> spectrum(LayerId layer) const; ///< null while it is not known
  /// Why there is none and will be none; "" while it may come.
  QString obstacle(LayerId layer) const;
  /// Why the open model can have none at all; "" where it can.
  QString modelObstacle() const { return m_modelObstacle; }

 signals:
  void arrived(rankscope::LayerId layer);
  void changed(); ///< all are out of date, or no more will come

 private:
  void start();
  void forget();
  void preferSelected();
  std::vector<LayerId> missing() const;

  Document& m_document;
  JobRunner& m_jobs;
  std::map<LayerId, std::shared_ptr<const Spectrum>> m_spectra;
  std::map<LayerId, QString> m_obstacles;
  QString m_modelObstacle;                 ///< known as soon as it is open
  QString m_obstacle;                      ///< why the last try failed
  std::optional<CalibrationChoice> m_text; ///< that they are found for; none before they were asked for
  std::optional<int> m_job;
  std::vector<LayerId> m_order; ///< the running job's layers, as its schedule counts them
  std::optional<Schedule> m_schedule;
  int m_generation = 0;
};

} // namespace rankscope::ui
