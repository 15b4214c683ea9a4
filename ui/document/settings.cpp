// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/document/settings.h"

#include <QSettings>

namespace rankscope::ui::settings {

namespace {
constexpr int kRecentFiles = 12;

template <typename T>
T value(const QString& key, const T& otherwise) {
  return QSettings().value(key, QVariant::fromValue(otherwise)).template value<T>();
}

void store(const QVector<RecentFile>& files) {
  QSettings settings;
  settings.beginWriteArray(QStringLiteral("recent"), static_cast<int>(files.size()));
  for (int i = 0; i < files.size(); ++i) {
    settings.setArrayIndex(i);
    settings.setValue(QStringLiteral("path"), files[i].path);
    settings.setValue(QStringLiteral("name"), files[i].name);
    settings.setValue(QStringLiteral("detail"), files[i].detail);
    settings.setValue(QStringLiteral("opened"), files[i].opened);
  }
  settings.endArray();
}
} // namespace

QVector<RecentFile> recentFiles() {
  QSettings settings;
  QVector<RecentFile> files;
  const int count = settings.beginReadArray(QStringLiteral("recent"));
  for (int i = 0; i < count; ++i) {
    settings.setArrayIndex(i);
    files.append({settings.value(QStringLiteral("path")).toString(), settings.value(QStringLiteral("name")).toString(),
                  settings.value(QStringLiteral("detail")).toString(),
                  settings.value(QStringLiteral("opened")).toDateTime()});
  }
  settings.endArray();
  return files;
}

void addRecentFile(const RecentFile& file) {
  QVector<RecentFile> files = recentFiles();
  files.removeIf([&](const RecentFile& other) { return other.path == file.path; });
  files.prepend(file);
  if (files.size() > kRecentFiles) files.resize(kRecentFiles);
  store(files);
}

void removeRecentFile(const QString& path) {
  QVector<RecentFile> files = recentFiles();
  files.removeIf([&](const RecentFile& other) { return other.path == path; });
  store(files);
}

QString theme() {
  return value<QString>(QStringLiteral("theme"), QStringLiteral("system"));
}
void setTheme(const QString& theme) {
  QSettings().setValue(QStringLiteral("theme"), theme);
}

VerdictThresholds thresholds() {
  const VerdictThresholds usual;
  VerdictThresholds own{
      value(QStringLiteral("verdict/excellent"), usual.excellent), value(QStringLiteral("verdict/good"), usual.good),
      value(QStringLiteral("verdict/fair"), usual.fair), value(QStringLiteral("verdict/poor"), usual.poor)};
  const bool ordered = own.excellent > own.good && own.good > own.fair && own.fair > own.poor && own.poor > 0;
  return ordered ? own : usual;
}

void setThresholds(const VerdictThresholds& thresholds) {
  QSettings settings;
  settings.setValue(QStringLiteral("verdict/excellent"), thresholds.excellent);
  settings.setValue(QStringLiteral("verdict/good"), thresholds.good);
  settings.setValue(QStringLiteral("verdict/fair"), thresholds.fair);
  settings.setValue(QStringLiteral("verdict/poor"), thresholds.poor);
}

Storage factorStorage() {
  const std::string name = value<QString>(QStringLiteral("factor_dtype"), QStringLiteral("f16")).toStdString();
  return parseStorage(name).value_or(Storage::F16);
}

void setFactorStorage(Storage storage) {
  const std::string_view word = name(storage);
  QSettings().setValue(QStringLiteral("factor_dtype"),
                       QString::fromUtf8(word.data(), static_cast<qsizetype>(word.size())));
}

int rankStep() {
  return std::max(1, value(QStringLiteral("rank_step"), 1));
}
void setRankStep(int step) {
  QSettings().setValue(QStringLiteral("rank_step"), step);
}

bool decimalUnits() {
  return value(QStringLiteral("decimal_units"), false);
}
void setDecimalUnits(bool decimal) {
  QSettings().setValue(QStringLiteral("decimal_units"), decimal);
}

int cacheMebibytes() {
  return std::max(0, value(QStringLiteral("cache_mebibytes"), 256));
}
void setCacheMebibytes(int size) {
  QSettings().setValue(QStringLiteral("cache_mebibytes"), size);
}

int cores() {
  return std::max(0, value(QStringLiteral("cores"), 0));
}
void setCores(int cores) {
  QSettings().setValue(QStringLiteral("cores"), cores);
}

QByteArray bytes(const QString& key) {
  return QSettings().value(key).toByteArray();
}
void setBytes(const QString& key, const QByteArray& value) {
  QSettings().setValue(key, value);
}

bool flag(const QString& key, bool otherwise) {
  return value(key, otherwise);
}
void setFlag(const QString& key, bool on) {
  QSettings().setValue(key, on);
}

int number(const QString& key, int otherwise) {
  return value(key, otherwise);
}
void setNumber(const QString& key, int number) {
  QSettings().setValue(key, number);
}

} // namespace rankscope::ui::settings
