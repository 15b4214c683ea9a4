// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/document/settings.h"

#include <QSettings>

#include "ui/document/settings_file.h"

namespace rankscope::ui::settings {

namespace {
constexpr int kRecentFiles = 12;

template <typename T>
T value(const QString& key, const T& otherwise) {
  return file().value(key, QVariant::fromValue(otherwise)).template value<T>();
}

void store(const QVector<RecentFile>& files) {
  QSettings& settings = changedFile();
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
  QVector<RecentFile> files;
  const int count = file().value(QStringLiteral("recent/size")).toInt();
  for (int i = 1; i <= count; ++i) { // as arrays of QSettings are kept
    const auto part = [i](const char* key) {
      return file().value(QStringLiteral("recent/%1/%2").arg(i).arg(QLatin1String(key)));
    };
    files.append(
        {part("path").toString(), part("name").toString(), part("detail").toString(), part("opened").toDateTime()});
  }
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
  changedFile().setValue(QStringLiteral("theme"), theme);
}

QString language() {
  return value(QStringLiteral("language"), QString());
}
void setLanguage(const QString& language) {
  changedFile().setValue(QStringLiteral("language"), language);
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
  QSettings& settings = changedFile();
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
  changedFile().setValue(QStringLiteral("factor_dtype"),
                         QString::fromUtf8(word.data(), static_cast<qsizetype>(word.size())));
}

int rankStep() {
  return std::max(1, value(QStringLiteral("rank_step"), 1));
}
void setRankStep(int step) {
  changedFile().setValue(QStringLiteral("rank_step"), step);
}

bool decimalUnits() {
  return value(QStringLiteral("decimal_units"), false);
}
void setDecimalUnits(bool decimal) {
  changedFile().setValue(QStringLiteral("decimal_units"), decimal);
}

int cacheMebibytes() {
  return std::max(0, value(QStringLiteral("cache_mebibytes"), 256));
}
void setCacheMebibytes(int size) {
  changedFile().setValue(QStringLiteral("cache_mebibytes"), size);
}

int cores() {
  return std::max(0, value(QStringLiteral("cores"), 0));
}
void setCores(int cores) {
  changedFile().setValue(QStringLiteral("cores"), cores);
}

QString text(const QString& key, const QString& otherwise) {
  return value(key, otherwise);
}
void setText(const QString& key, const QString& value) {
  changedFile().setValue(key, value);
}

QMap<QString, QByteArray> layouts() {
  QMap<QString, QByteArray> all;
  const QVariantMap stored = file().value(QStringLiteral("window/layouts")).toMap();
  for (auto it = stored.begin(); it != stored.end(); ++it) all.insert(it.key(), it.value().toByteArray());
  return all;
}
void setLayouts(const QMap<QString, QByteArray>& layouts) {
  QVariantMap stored;
  for (auto it = layouts.begin(); it != layouts.end(); ++it) stored.insert(it.key(), it.value());
  changedFile().setValue(QStringLiteral("window/layouts"), stored);
}

QByteArray bytes(const QString& key) {
  return file().value(key).toByteArray();
}
void setBytes(const QString& key, const QByteArray& value) {
  changedFile().setValue(key, value);
}

bool flag(const QString& key, bool otherwise) {
  return value(key, otherwise);
}
void setFlag(const QString& key, bool on) {
  changedFile().setValue(key, on);
}

int number(const QString& key, int otherwise) {
  return value(key, otherwise);
}
void setNumber(const QString& key, int number) {
  changedFile().setValue(key, number);
}

} // namespace rankscope::ui::settings
