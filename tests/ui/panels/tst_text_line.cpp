// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/text_line.h"

#include <QHBoxLayout>

#include "tests/ui/window_test.h"

using namespace rankscope::ui;

namespace {

/// Counts how often a widget is laid out.
class Layouts final : public QObject {
 public:
  int count = 0;

 protected:
  bool eventFilter(QObject* object, QEvent* event) override {
    if (event->type() == QEvent::LayoutRequest) ++count;
    return QObject::eventFilter(object, event);
  }
};

} // namespace

class TestTextLine final : public QObject {
  Q_OBJECT

 private slots:
  void aDigitMoreLaysNothingOut() {
    QWidget window;
    auto* row = new QHBoxLayout(&window);
    auto* line = new TextLine(Qt::RichText, &window);
    row->addWidget(line);
    line->setText(QStringLiteral("mean cosine <b>0.71</b>"));
    window.show();
    QVERIFY(QTest::qWaitForWindowExposed(&window));
    QCoreApplication::processEvents();
    Layouts layouts;
    window.installEventFilter(&layouts);
    const int width = line->sizeHint().width();
    for (const char* text : {"mean cosine <b>0.718</b>", "mean cosine <b>0.7</b>", "mean cosine <b>0.717</b>"}) {
      line->setText(QString::fromLatin1(text));
      QCoreApplication::processEvents();
    }
    QCOMPARE(line->sizeHint().width(), width);
    QCOMPARE(layouts.count, 0);
    line->setText(QStringLiteral("mean cosine of the layers that get factors <b>0.717</b>"));
    QCoreApplication::processEvents();
    QVERIFY(layouts.count > 0);
    QVERIFY(line->width() > width);
    QCOMPARE(line->text(), QStringLiteral("mean cosine of the layers that get factors <b>0.717</b>"));
    line->setText({});
    QCOMPARE(line->sizeHint().width(), 0);
  }

  void whatItSaysIsPainted() {
    TextLine line(Qt::RichText);
    line.resize(200, 24);
    const auto ink = [&] {
      const QImage picture = line.grab().toImage().convertToFormat(QImage::Format_RGB32);
      int count = 0;
      for (int y = 0; y < picture.height(); ++y)
        for (int x = 0; x < picture.width(); ++x) count += picture.pixel(x, y) != picture.pixel(0, 0) ? 1 : 0;
      return count;
    };
    QCOMPARE(ink(), 0);
    line.setText(QStringLiteral("0.7"));
    const int thin = ink();
    QVERIFY(thin > 0);
    line.setText(QStringLiteral("<b>0.7123</b>"));
    QVERIFY(ink() > thin);
  }
};

RANKSCOPE_WINDOW_TEST_MAIN(TestTextLine)
#include "tst_text_line.moc"
