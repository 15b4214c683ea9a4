// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/document/output_spectra.h"

#include <algorithm>

#include "core/linalg/svd.h"
#include "core/model/architecture.h"
#include "ui/document/document.h"
#include "ui/document/settings.h"
#include "ui/document/words.h"
#include "ui/jobs/job_runner.h"

namespace rankscope::ui {

OutputSpectra::OutputSpectra(Document& document, JobRunner& jobs, QObject* parent)
    : QObject(parent), m_document(document), m_jobs(jobs) {
  connect(&document, &Document::aboutToChange, this, [this] {
    m_text.reset();
    m_modelObstacle.clear();
    forget();
  });
  connect(&document, &Document::opened, this,
          [this] { m_modelObstacle = QString::fromStdString(whyNotRunnable(*m_document.checkpoint())); });
  connect(&document, &Document::calibrated, this, [this] {
    if (m_text && *m_text != m_document.calibrator().choice()) ask();
  });
  connect(&document, &Document::selectionChanged, this, &OutputSpectra::preferSelected);
}

void OutputSpectra::ask() {
  if (!m_document.isOpen() || !m_modelObstacle.isEmpty()) return;
  const CalibrationChoice text = m_document.calibrator().choice();
  if (m_text != text) {
    forget();
    m_text = text;
  }
  if (m_obstacle.isEmpty() && !m_job && !missing().empty()) start();
}

std::shared_ptr<const Spectrum> OutputSpectra::spectrum(LayerId layer) const {
  const auto found = m_spectra.find(layer);
  return found == m_spectra.end() ? nullptr : found->second;
}

QString OutputSpectra::obstacle(LayerId layer) const {
  if (!m_modelObstacle.isEmpty()) return m_modelObstacle;
  const auto found = m_obstacles.find(layer);
  return found == m_obstacles.end() ? m_obstacle : found->second;
}

void OutputSpectra::forget() {
  ++m_generation;
  if (m_job) m_jobs.cancel(*m_job);
  m_job.reset();
  m_spectra.clear();
  m_obstacles.clear();
  m_obstacle.clear();
  emit changed();
}

std::vector<LayerId> OutputSpectra::missing() const {
  std::vector<LayerId> layers = m_document.allLayers();
  std::erase_if(layers, [this](LayerId id) { return m_spectra.contains(id) || m_obstacles.contains(id); });
  return layers;
}

void OutputSpectra::preferSelected() {
  if (!m_schedule) return;
  std::vector<std::size_t> wanted;
  for (const LayerId id : m_document.selection())
    if (const auto at = std::ranges::find(m_order, id); at != m_order.end())
      wanted.push_back(static_cast<std::size_t>(at - m_order.begin()));
  m_schedule->prefer(wanted);
}

void OutputSpectra::start() {
  Job job;
  job.title = tr("Spectra of outputs");
  job.asksBeforeStop = false;
  job.yields = true;
  job.prepare = [this, generation = m_generation] {
    m_order = missing();
    std::vector<double> costs;
    for (const LayerId id : m_order)
      costs.push_back(singularValuesFlops(m_document.layer(id).rows, m_document.layer(id).cols));
    m_schedule.emplace(std::move(costs));
    preferSelected();
    return [this, generation, layers = m_order, schedule = *m_schedule, calibrator = m_document.sharedCalibrator(),
            cores = settings::cores()](const Progress& progress) {
      const auto post = [this, generation](std::function<void()> letter) {
        m_jobs.deliver([this, generation, letter = std::move(letter)] {
          if (generation == m_generation) letter();
        });
      };
      constexpr double kCalibration = 0.4;
      const auto method = calibrator->fit({Method::Aware}, progress.slice(0, kCalibration));
      runScheduled(schedule, cores, progress.slice(kCalibration, 1), [&](std::size_t item, int threads) {
        const LayerId id = layers[item];
        if (!method->knows(id)) {
          post([this, id] {
            m_obstacles[id] = tr("No block of the forward pass has this matrix, so no text says what it is fed");
            emit arrived(id);
          });
          return;
        }
        try {
          const auto found = std::make_shared<const Spectrum>(method->outputSpectrum(id, progress.silent(), threads));
          post([this, id, found] {
            m_spectra[id] = found;
            emit arrived(id);
          });
        } catch (const Error& error) {
          post([this, id, what = words::trouble(error).what] {
            m_obstacles[id] = what;
            emit arrived(id);
          });
        }
      });
    };
  };
  job.ended = [this, generation = m_generation](JobState outcome, const std::optional<Error>& error) {
    if (generation != m_generation) return;
    m_job.reset();
    m_schedule.reset();
    if (outcome == JobState::Failed) m_obstacle = words::trouble(*error).what;
    emit changed();
  };
  m_job = m_jobs.enqueue(std::move(job));
}

} // namespace rankscope::ui
