// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/document/advice_view.h"

#include <nlohmann/json.hpp>

#include "core/base/error.h"

namespace rankscope::ui {

namespace {

using Json = nlohmann::json;

QString text(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? QString::fromStdString(found->get<std::string>()) : QString();
}

double real(const Json& json, const char* key, double otherwise = AdviceRow::kNone) {
  const auto found = json.find(key);
  return found != json.end() && found->is_number() ? found->get<double>() : otherwise;
}

std::uint64_t whole(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
}

bool flag(const Json& json, const char* key, bool otherwise) {
  const auto found = json.find(key);
  return found != json.end() && found->is_boolean() ? found->get<bool>() : otherwise;
}

const Json& part(const Json& json, const char* key) {
  static const Json nothing = Json::object();
  const auto found = json.find(key);
  return found == json.end() || found->is_null() ? nothing : *found;
}

/// What is known of a note beside its sentence: as many as there are sentences, or none.
std::vector<AdviceRemark> remarksFrom(const Json& json) {
  const Json &sentences = part(json, "notes"), &facts = part(json, "note_facts");
  std::vector<AdviceRemark> remarks;
  for (std::size_t i = 0; sentences.is_array() && i < sentences.size(); ++i) {
    if (!sentences[i].is_string()) continue;
    AdviceRemark remark{QString::fromStdString(sentences[i].get<std::string>()), {}, {}};
    if (facts.is_array() && facts.size() == sentences.size() && facts[i].is_object()) {
      remark.why = text(facts[i], "why");
      remark.option = text(facts[i], "option");
      remark.layers = static_cast<std::int64_t>(whole(facts[i], "layers"));
      remark.of = static_cast<std::int64_t>(whole(facts[i], "of"));
    }
    remarks.push_back(std::move(remark));
  }
  return remarks;
}

AdviceRow rowFrom(const Json& json) {
  AdviceRow row;
  row.name = text(json, "name");
  row.description = text(json, "description");
  row.group = text(json, "group");
  if (const Json& plan = part(json, "plan"); !plan.empty()) {
    row.planJson = plan.dump();
    row.method = text(plan, "method");
  }
  for (const auto& [form, count] : part(json, "storage").items())
    if (count.is_number_integer()) row.storage.emplace_back(QString::fromStdString(form), count.get<std::int64_t>());
  row.bytes = whole(json, "bytes");
  row.kept = real(json, "kept");
  row.scopeKept = real(json, "scope_kept", 1);
  row.withinBudget = flag(json, "within_budget", true);
  row.meanCosine = real(json, "mean_cosine");
  row.outputCosine = real(json, "logit_cosine");
  row.predictedKl = real(part(json, "predicted"), "kl");
  row.kl = real(json, "kl_mean");
  row.perplexity = real(json, "perplexity");
  row.perplexityError = real(json, "perplexity_se");
  row.sameToken = real(json, "top1_agreement");
  row.repeated = real(json, "repeated_4grams");
  row.prefill = speedRatioFrom(json, "prefill_ratio");
  row.decode = speedRatioFrom(json, "decode_ratio");
  row.sample = text(json, "sample");
  return row;
}

} // namespace

AdviceView adviceFrom(const std::string& source) {
  const Json json = Json::parse(source, nullptr, false);
  if (!json.is_object() || json.value("kind", "") != "advice")
    throw Error(ErrorKind::Malformed, "an advice in the run file cannot be read");
  AdviceView view;
  for (const Json& option : part(json, "options")) view.rows.push_back(rowFrom(option));
  const QString recommended = text(json, "recommended");
  for (std::size_t i = 0; i < view.rows.size(); ++i)
    if (!recommended.isEmpty() && view.rows[i].name == recommended) view.recommended = i;
  view.notes = remarksFrom(json);
  for (const Json& point : part(json, "frontier")) {
    const Json& p = part(point, "predicted");
    view.frontier.push_back({text(point, "kind"), real(point, "scope_kept", 1), whole(point, "scope_bytes"),
                             real(p, "kl"), real(p, "kl_low"), real(p, "kl_high")});
  }
  for (const Json& check : part(json, "checks")) {
    const Json& p = part(check, "predicted");
    view.checks.push_back({real(p, "kl"), real(p, "kl_low"), real(p, "kl_high"), real(check, "kl_mean")});
  }
  view.medianError = real(json, "check_median_error");
  view.budget = text(json, "budget");
  view.text = text(json, "text");
  view.calibrationText = text(json, "calibration_text");
  view.calibratedOn = static_cast<std::int64_t>(whole(json, "calibration_tokens"));
  view.calibrationCovers = flag(json, "calibration_covers_width", true);
  view.probes = static_cast<std::int64_t>(whole(json, "probes"));
  view.tokens = static_cast<std::int64_t>(whole(json, "tokens"));
  view.prompt = text(json, "prompt");
  view.originalRepeated = real(json, "repeated_4grams_original");
  view.textPath = text(json, "text_path");
  view.calibrationTokens = static_cast<std::int64_t>(whole(json, "calibration_tokens_wanted"));
  view.originalPerplexity = real(json, "perplexity_original");
  view.bytesBefore = whole(json, "bytes_before");
  view.scopeBytesBefore = whole(json, "scope_bytes_before");
  view.time = QDateTime::fromString(text(json, "created"), Qt::ISODate);
  view.complete = flag(json, "complete", false);
  return view;
}

} // namespace rankscope::ui
