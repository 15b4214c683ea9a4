// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QDateTime>
#include <QMap>
#include <QString>
#include <QStringList>
#include <QVector>

#include "core/compress/quality.h"
#include "core/tensor/stored_matrix.h"

namespace rankscope::ui {

/// What the program remembers between sessions, in the platform's usual place. Plain functions over one QSettings
/// (settings_file.h); of the GUI thread.
namespace settings {

struct RecentFile {
  QString path;
  QString name;   ///< what the model is called
  QString detail; ///< architecture and size, as words
  QDateTime opened;
};
QVector<RecentFile> recentFiles();
void addRecentFile(const RecentFile& file);
void removeRecentFile(const QString& path);

/// "system", "light" or "dark".
QString theme();
void setTheme(const QString& theme);

/// "": the system's; else "en" or "pt_BR". Of the next start.
QString language();
void setLanguage(const QString& language);

VerdictThresholds thresholds();
void setThresholds(const VerdictThresholds& thresholds);

Storage factorStorage();
void setFactorStorage(Storage storage);

int rankStep(); ///< ranks chosen by dragging are multiples of it
void setRankStep(int step);

bool decimalUnits(); ///< MB of 10^6 bytes instead of MiB of 2^20
void setDecimalUnits(bool decimal);

int cacheMebibytes(); ///< how large the cache of spectra may become
void setCacheMebibytes(int size);

int cores(); ///< 0: all
void setCores(int cores);

QString text(const QString& key, const QString& otherwise);
void setText(const QString& key, const QString& value);

QByteArray bytes(const QString& key); ///< window geometry and the like
void setBytes(const QString& key, const QByteArray& value);

/// Arrangements of the docks by name.
QMap<QString, QByteArray> layouts();
void setLayouts(const QMap<QString, QByteArray>& layouts);

bool flag(const QString& key, bool otherwise);
void setFlag(const QString& key, bool value);

int number(const QString& key, int otherwise);
void setNumber(const QString& key, int value);

} // namespace settings
} // namespace rankscope::ui
