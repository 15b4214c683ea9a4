// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/document/words.h"

#include <array>
#include <cmath>

#include <QCoreApplication>
#include <QLocale>

namespace rankscope::ui::words {

namespace {

bool decimalBytes = false;

QString tr(const char* text) {
  return QCoreApplication::translate("rankscope::ui::words", text);
}
QString fixed(double value, int decimals) {
  return QLocale().toString(value, 'f', decimals);
}
QString text(std::string_view view) {
  return QString::fromUtf8(view.data(), static_cast<qsizetype>(view.size()));
}

} // namespace

QString cosine(double value) {
  if (value < 0.9995 || value >= 1) return fixed(value, 3);
  // Rounded down, so that only an exact match reads as 1.
  return fixed(std::floor(value * 1e5) / 1e5, 5);
}

QString relativeError(double value) {
  const double percent = 100 * value;
  const int decimals = percent == 0 || percent >= 10 ? 1 : percent >= 0.1 ? 2 : 3;
  return tr("%1 %").arg(fixed(percent, decimals));
}

QString share(double fraction) {
  const double percent = 100 * fraction;
  return tr("%1 %").arg(fixed(percent, percent >= 10 || percent == 0 ? 0 : 1));
}

void useDecimalBytes(bool decimal) {
  decimalBytes = decimal;
}

QString bytes(std::uint64_t count) {
  static constexpr std::array binary{"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  static constexpr std::array decimal{"B", "kB", "MB", "GB", "TB", "PB"};
  const double step = decimalBytes ? 1000 : 1024;
  double value = static_cast<double>(count);
  std::size_t unit = 0;
  while (value >= step && unit + 1 < binary.size()) {
    value /= step;
    ++unit;
  }
  const char* name = decimalBytes ? decimal[unit] : binary[unit];
  return QStringLiteral("%1 %2").arg(fixed(value, unit == 0 ? 0 : 1), QLatin1String(name));
}

QString count(std::int64_t value) {
  return QLocale().toString(static_cast<qlonglong>(value));
}
QString real(double value, int decimals) {
  return fixed(value, decimals);
}
QString times(const SpeedRatio& ratio) {
  if (!std::isfinite(ratio.value)) return QStringLiteral("–");
  const QString value = QStringLiteral("× %1").arg(real(ratio.value, 2));
  return ratio.high > ratio.low ? QStringLiteral("%1 ± %2").arg(value, real(ratio.halfWidth(), 2)) : value;
}
QString nats(double kl) {
  const double size = std::abs(kl);
  if (size == 0 || !std::isfinite(kl)) return fixed(kl, 0);
  if (size >= 0.01) return fixed(kl, 3);
  if (size < 1e-5) return QLocale().toString(kl, 'e', 1).toLower();
  return fixed(kl, 1 - static_cast<int>(std::floor(std::log10(size))));
}
QString rank(const std::optional<std::int64_t>& rank) {
  return rank ? count(*rank) : tr("dense");
}
QString shape(std::int64_t rows, std::int64_t cols) {
  return QStringLiteral("%1 × %2").arg(rows).arg(cols);
}

QString duration(double seconds) {
  const auto whole = static_cast<long long>(std::ceil(std::max(0.0, seconds)));
  if (whole < 60) return tr("%1 s").arg(whole);
  if (whole < 3600) return tr("%1 min %2 s").arg(whole / 60).arg(whole % 60);
  return tr("%1 h %2 min").arg(whole / 3600).arg(whole % 3600 / 60);
}

QString verdict(Verdict verdict) {
  switch (verdict) {
  case Verdict::Excellent:
    return tr("EXCELLENT");
  case Verdict::Good:
    return tr("GOOD");
  case Verdict::Fair:
    return tr("FAIR");
  case Verdict::Poor:
    return tr("POOR");
  case Verdict::Critical:
    return tr("CRITICAL");
  }
  return {};
}

QString verdictMark(Verdict verdict) {
  switch (verdict) {
  case Verdict::Excellent:
    return QStringLiteral("★");
  case Verdict::Good:
    return QStringLiteral("●");
  case Verdict::Fair:
    return QStringLiteral("◆");
  case Verdict::Poor:
    return QStringLiteral("▲");
  case Verdict::Critical:
    return QStringLiteral("✕");
  }
  return {};
}

QString role(Role role) {
  switch (role) {
  case Role::Query:
    return tr("query");
  case Role::Key:
    return tr("key");
  case Role::Value:
    return tr("value");
  case Role::FusedQkv:
    return tr("fused qkv");
  case Role::AttentionOutput:
    return tr("attention out");
  case Role::MlpUp:
    return tr("MLP up");
  case Role::MlpGate:
    return tr("MLP gate");
  case Role::MlpDown:
    return tr("MLP down");
  case Role::Embedding:
    return tr("embedding");
  case Role::Position:
    return tr("position");
  case Role::Head:
    return tr("head");
  case Role::Pooler:
    return tr("pooler");
  case Role::Other:
    return tr("other");
  }
  return {};
}

QString storage(Storage storage) {
  switch (storage) {
  case Storage::F32:
    return tr("32-bit float");
  case Storage::F16:
    return tr("16-bit float");
  case Storage::BF16:
    return tr("bfloat16");
  case Storage::Int8:
    return tr("8-bit integer");
  case Storage::Int4:
    return tr("4-bit integer");
  case Storage::Int3:
    return tr("3-bit integer");
  }
  return {};
}

QString dtype(DType dtype) {
  return text(name(dtype)).toLower();
}

QString preset(Preset preset) {
  switch (preset) {
  case Preset::Uniform:
    return tr("Uniform");
  case Preset::Selective:
    return tr("Selective");
  case Preset::Hybrid:
    return tr("Hybrid");
  }
  return {};
}

QString choice(const LayerChoice& choice) {
  return choice.base ? text(shortForm(choice)) : rank(choice.rank);
}

QString stored(const LayerInfo& layer) {
  LayerChoice held;
  held.rank = layer.factoredRank;
  held.base = layer.base;
  return choice(held);
}

QString action(const Action& action) {
  struct Speak {
    QString operator()(const KeepDense&) const { return tr("dense"); }
    QString operator()(const UseRank& use) const { return tr("rank %1").arg(count(use.rank)); }
    QString operator()(const UseFraction& use) const {
      return tr("%1 % of full rank").arg(QLocale().toString(100 * use.fraction, 'g', 4));
    }
    QString operator()(const ReachCosine& reach) const {
      return tr("cosine %1").arg(QLocale().toString(reach.cosine, 'g', 5));
    }
    QString operator()(const ReachEnergy& reach) const {
      return tr("energy %1").arg(QLocale().toString(reach.energy, 'g', 5));
    }
  };
  return std::visit(Speak{}, action);
}

QString request(const Rule& rule) {
  if (!rule.settings.base) return action(rule.action);
  const QString base = text(name(*rule.settings.base));
  if (std::holds_alternative<KeepDense>(rule.action)) return base;
  return QStringLiteral("%1 + %2").arg(base, action(rule.action));
}

QString shortName(const LayerInfo& layer) {
  QString name = text(layer.name);
  for (const char* prefix : {"transformer.", "model.", "gpt_neox.", "bert.", "decoder.", "encoder."}) {
    if (name.startsWith(QLatin1String(prefix))) name.remove(0, static_cast<qsizetype>(std::string_view(prefix).size()));
  }
  if (name.endsWith(QLatin1String(".weight"))) name.chop(7);
  return name;
}

namespace {

QString advice(ErrorKind kind) {
  switch (kind) {
  case ErrorKind::NotFound:
    return tr("Was it moved or renamed? Choose File ▸ Open to look for it.");
  case ErrorKind::Unreadable:
    return tr("Check that you may read it.");
  case ErrorKind::Malformed:
    return tr("The file may be incomplete: download or copy it again.");
  case ErrorKind::BadValues:
    return tr("The other layers are not affected.");
  case ErrorKind::Unwritable:
    return tr("Choose another place, one that you may write to.");
  case ErrorKind::NoSpace:
    return tr("Free some space or choose another disk, then try again: what is finished is kept.");
  case ErrorKind::InUse:
    return tr("Close the other window or program that uses it, then try again.");
  case ErrorKind::Changed:
    return tr("Open the model again to work with what it is now; nothing was made of what was read halfway.");
  case ErrorKind::BadRequest:
  case ErrorKind::Unsupported:
    return {}; // the sentence itself says what can be done
  }
  return {};
}

} // namespace

Trouble trouble(const Error& error) {
  QString what = QString::fromUtf8(error.what());
  if (!what.isEmpty()) what[0] = what[0].toUpper();
  return {what, advice(error.kind())};
}

} // namespace rankscope::ui::words
