// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QDialog>

class QListWidget;
class QTextBrowser;

namespace rankscope::ui {

/// The help pages of resources/help: what each panel shows, with the formulas. F1 opens the page of the panel in use.
class Help final : public QDialog {
  Q_OBJECT

 public:
  explicit Help(QWidget* parent = nullptr);
  void showPage(const QString& page);
  QString page() const;

  static QStringList pages();               ///< names of the pages, in reading order
  static QString text(const QString& page); ///< Markdown

 private:
  QListWidget* m_list;
  QTextBrowser* m_text;
};

} // namespace rankscope::ui
