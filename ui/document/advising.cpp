// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/document/advising.h"

#include <cstdlib>

#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "ui/document/document.h"

namespace rankscope::ui {

namespace {

std::string kindOf(const std::string& json) {
  const nlohmann::json parsed = nlohmann::json::parse(json, nullptr, false);
  return parsed.is_object() ? parsed.value("kind", "") : std::string();
}

/// The newest entry of a kind that a run has, "" without one.
std::string newest(const RunContents& contents, const std::string& kind) {
  int last = -1;
  std::string found;
  for (const auto& [number, json] : contents.evaluations) {
    const int at = std::atoi(number.c_str());
    if (at <= last || kindOf(json) != kind) continue;
    last = at;
    found = json;
  }
  return found;
}

} // namespace

Advising::Advising(Document& document, QObject* parent) : QObject(parent), m_document(document) {
  connect(&document, &Document::aboutToChange, this, [this] { m_predictor.reset(); });
  connect(&document, &Document::opened, this, &Advising::predictorChanged);
  connect(&document, &Document::closed, this, &Advising::predictorChanged);
  connect(&document, &Document::runRead, this, &Advising::take);
}

void Advising::take(const RunContents& contents) {
  try {
    if (const std::string json = newest(contents, "predictor"); !json.empty())
      m_predictor = std::make_shared<const PlanPredictor>(parsePredictor(json, *m_document.checkpoint()));
  } catch (const Error&) {
    // Written by a later version: the model can be advised on anew.
  }
  emit predictorChanged();
}

std::optional<PlanPrediction> Advising::prediction() const {
  return m_predictor && m_document.isOpen() ? m_predictor->predict(m_document.resolved()) : std::nullopt;
}

std::optional<double> Advising::effect(LayerId layer) const {
  if (!m_predictor || !m_document.isOpen()) return std::nullopt;
  return m_predictor->effect(layer, m_document.resolved().layers[layer.value]);
}

} // namespace rankscope::ui
