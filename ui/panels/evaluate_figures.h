// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include <QFrame>
#include <QStringList>

#include "ui/document/evaluation_entry.h"

class QLabel;

namespace rankscope::ui {

/// A headline figure and the lines that show what it is worth.
struct Figure {
  QString title;
  QString value;
  QStringList lines;
  QString explanation;
};

/// Headlines of one measurement: output cosine, perplexity, KL, agreement, size and speed. What has not been measured
/// is "–" or left out.
std::vector<Figure> figuresOf(const ShownParts& shown, const ByteTotals& bytes);

/// The figures as cards in a row. Stale ones are grey and struck through.
class EvaluateFigures final : public QWidget {
  Q_OBJECT

 public:
  explicit EvaluateFigures(QWidget* parent = nullptr);
  void show(const std::vector<Figure>& figures, bool stale);
  QString text() const; ///< all of it, a card a line

 protected:
  void changeEvent(QEvent* event) override;

 private:
  struct Card {
    QFrame* frame;
    QLabel* title;
    QLabel* value;
    QLabel* lines;
  };
  void restyle();

  std::vector<Card> m_cards;
  bool m_stale = false;
};

} // namespace rankscope::ui
