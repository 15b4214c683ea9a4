// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/document/parse_action.h"

#include <QCoreApplication>
#include <QLocale>
#include <QRegularExpression>

#include "ui/document/words.h"

namespace rankscope::ui {

namespace {
QString tr(const char* text) {
  return QCoreApplication::translate("rankscope::ui", text);
}
} // namespace

std::optional<Action> parseAction(const QString& typed) {
  const QString text = typed.trimmed().toLower();
  if (!text.isEmpty() && (QStringLiteral("dense").startsWith(text) || words::rank(std::nullopt).startsWith(text)))
    return KeepDense{};
  static const QRegularExpression form(QStringLiteral("^([^\\d]*?)\\s*([\\d.,]+)\\s*(%?).*$"));
  const auto match = form.match(text);
  if (!match.hasMatch()) return std::nullopt;
  bool isNumber = false;
  double value = QLocale().toDouble(match.captured(2), &isNumber);
  if (!isNumber) value = match.captured(2).toDouble(&isNumber);
  if (!isNumber || value <= 0) return std::nullopt;
  const QString word = match.captured(1);
  const bool percent = !match.captured(3).isEmpty();
  if (percent) value /= 100;
  if (!word.isEmpty() && (QStringLiteral("cosine").startsWith(word) || tr("cosine").startsWith(word))) {
    return value <= 1 ? std::optional<Action>(ReachCosine{value}) : std::nullopt;
  }
  if (!word.isEmpty() && (QStringLiteral("energy").startsWith(word) || tr("energy").startsWith(word))) {
    return value <= 1 ? std::optional<Action>(ReachEnergy{value}) : std::nullopt;
  }
  if (percent) return value <= 1 ? std::optional<Action>(UseFraction{value}) : std::nullopt;
  if (value != static_cast<double>(static_cast<std::int64_t>(value))) return std::nullopt;
  return UseRank{static_cast<std::int64_t>(value)};
}

} // namespace rankscope::ui
