// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>

#include <QWidget>

#include "ui/plots/layer_map.h"

class QComboBox;

namespace rankscope::ui {

class Advising;
class Document;

/// The cells of a LayerMap, coloured by a value. A click selects a layer, a drag all in a rectangle (Ctrl adds), the
/// arrow keys move.
class MapView final : public QWidget {
  Q_OBJECT

 public:
  explicit MapView(Document& document, QWidget* parent = nullptr);

  struct Look {
    std::function<std::optional<double>(LayerId)> value;
    std::function<QString(LayerId)> text;
    QString name;
    double low = 0, high = 1; ///< ends of the colour scale
    QString lowText, highText;
  };
  void setLook(Look look);
  void rebuild();
  QString csv() const; ///< "block,role,layer,value" of what is shown
  QRect cellRect(int row, int column) const;
  const LayerMap& map() const { return m_map; }
  QSize minimumSizeHint() const override { return {220, 120}; }

 protected:
  void paintEvent(QPaintEvent* event) override;
  void mousePressEvent(QMouseEvent* event) override;
  void mouseMoveEvent(QMouseEvent* event) override;
  void mouseReleaseEvent(QMouseEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;
  bool event(QEvent* event) override;

 private:
  std::optional<std::pair<int, int>> cellAt(const QPoint& at) const;
  std::optional<std::pair<int, int>> cellOf(LayerId id) const;
  void paintScale(QPainter& painter) const;
  QRect grid() const;
  QString columnName(const LayerMap::Column& column) const;

  Document& m_document;
  LayerMap m_map;
  Look m_look;
  std::optional<std::pair<int, int>> m_from;
  std::vector<LayerId> m_before;
};

/// The map with the choice of what it shows.
class MapPanel final : public QWidget {
  Q_OBJECT

 public:
  MapPanel(Document& document, Advising& advising, QWidget* parent = nullptr);
  MapView& view() const { return *m_view; }
  QComboBox* quantity() const { return m_quantity; }

 private:
  void choose();

  Document& m_document;
  Advising& m_advising;
  QComboBox* m_quantity;
  MapView* m_view;
};

} // namespace rankscope::ui
