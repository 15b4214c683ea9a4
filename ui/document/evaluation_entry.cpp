// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/document/evaluation_entry.h"

#include <QCoreApplication>
#include <QLocale>

#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/evaluate/evaluation_json.h"
#include "ui/document/words.h"

namespace rankscope::ui {

namespace {

QString tr(const char* text) {
  return QCoreApplication::translate("rankscope::ui", text);
}

QString when(const QDateTime& time) {
  const QDateTime local = time.toLocalTime();
  const QString clock = QLocale().toString(local.time(), QLocale::ShortFormat);
  if (local.date() == QDate::currentDate()) return tr("today %1").arg(clock);
  return QStringLiteral("%1 %2").arg(QLocale().toString(local.date(), QLocale::ShortFormat), clock);
}

QString kind(const EvaluationEntry& entry) {
  if (entry.evaluation) return tr("Evaluation");
  if (entry.study) return tr("Study");
  return tr("Texts");
}

const Comparison* comparisonOf(const EvaluationEntry& entry) {
  if (entry.evaluation) return &entry.evaluation->comparison;
  return entry.study && entry.study->together ? &*entry.study->together : nullptr;
}

const GeneratedPair* textsOf(const EvaluationEntry& entry) {
  if (entry.texts) return &*entry.texts;
  return entry.evaluation && entry.evaluation->generation ? &*entry.evaluation->generation : nullptr;
}

} // namespace

bool EvaluationEntry::complete() const {
  if (evaluation) return evaluation->complete;
  return study ? study->complete : texts.has_value();
}

std::string toJson(const EvaluationEntry& entry) {
  nlohmann::json json;
  if (entry.evaluation)
    json = rankscope::toJson(*entry.evaluation);
  else if (entry.study)
    json = rankscope::toJson(*entry.study);
  else if (entry.texts)
    json = rankscope::toJson(*entry.texts);
  if (entry.texts) json["kind"] = "generation";
  addStamp(json, {entry.time.toUTC().toString(Qt::ISODate).toStdString(), entry.planJson, entry.bytes});
  return json.dump();
}

EvaluationEntry entryFrom(int number, const std::string& text) {
  const nlohmann::json json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object()) throw Error(ErrorKind::Malformed, "an evaluation in the run file is no JSON object");
  EvaluationEntry entry;
  entry.number = number;
  const auto kind = json.value("kind", nlohmann::json());
  if (kind == "study")
    entry.study = studyFrom(json);
  else if (kind == "generation")
    entry.texts = generatedPairFrom(json);
  else if (kind == "evaluation")
    entry.evaluation = evaluationFrom(json);
  else
    throw Error(ErrorKind::Malformed, "an entry of the run file is no evaluation, study or text");
  const auto created = json.value("created", nlohmann::json());
  if (created.is_string())
    entry.time = QDateTime::fromString(QString::fromStdString(created.get<std::string>()), Qt::ISODate);
  const auto plan = json.value("plan", nlohmann::json());
  if (plan.is_object()) entry.planJson = plan.dump();
  const auto bytes = [&](const char* key) {
    const auto value = json.value(key, nlohmann::json());
    return value.is_number_unsigned() ? value.get<std::uint64_t>() : 0;
  };
  entry.bytes = {bytes("bytes_before"), bytes("bytes_after")};
  return entry;
}

QString title(const EvaluationEntry& entry) {
  QStringList parts{kind(entry)};
  if (entry.bytes.before > 0)
    parts += tr("%1, %2 kept").arg(words::bytes(entry.bytes.after), words::share(entry.bytes.kept()));
  if (const Comparison* comparison = comparisonOf(entry)) parts += tr("KL %1").arg(words::nats(comparison->kl.mean));
  if (entry.texts) parts += QStringLiteral("“%1”").arg(QString::fromStdString(entry.texts->prompt).left(40));
  if (entry.number == 0)
    parts += tr("running");
  else if (!entry.complete())
    parts += tr("stopped before the end");
  if (entry.time.isValid()) parts += when(entry.time);
  return parts.join(QStringLiteral(" · "));
}

ShownParts shownParts(const std::vector<EvaluationEntry>& entries, const EvaluationEntry& selected) {
  ShownParts shown;
  const auto take = [&](const EvaluationEntry& entry) {
    if (!shown.evaluation && entry.evaluation) shown.evaluation = &*entry.evaluation;
    if (!shown.study && entry.study) shown.study = &*entry.study;
    if (!shown.texts) shown.texts = textsOf(entry);
  };
  take(selected);
  for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry) {
    if (!selected.planJson.empty() && entry->planJson == selected.planJson) take(*entry);
  }
  if (shown.evaluation)
    shown.comparison = &shown.evaluation->comparison;
  else if (shown.study && shown.study->together)
    shown.comparison = &*shown.study->together;
  return shown;
}

std::string normalisedPlan(const std::string& json) {
  return nlohmann::json::parse(json).dump();
}

} // namespace rankscope::ui
