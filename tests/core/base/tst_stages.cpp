// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/stages.h"

#include <cmath>

#include "tests/support/test_main.h"

using namespace rankscope;

class TestStages final : public QObject {
  Q_OBJECT

 private slots:
  void init() { m_seen.clear(); }

  void sharesAreCosts() {
    Stages stages(progress(), {1, 0, 3, 4});
    for (int i = 0; i < 4; ++i) {
      const Progress stage = stages.next();
      stage.report(0.5);
      stage.report(1);
    }
    expect({0.0625, 0.125, 0.125, 0.125, 0.3125, 0.5, 0.75, 1});
  }

  void whatIsLeftIsSharedAnew() {
    Stages stages(progress(), {1, 1, 2});
    stages.next().report(1);
    stages.expect({3, 1, 0});
    for (int i = 0; i < 3; ++i) stages.next().report(1);
    expect({0.25, 0.8125, 1, 1});
  }

  void stagesNest() {
    Stages stages(progress(), {1, 1});
    stages.next();
    Stages inner(stages.next(), {1, 4});
    inner.next().report(1);
    inner.next().report(0.5);
    expect({0.6, 0.8});
  }

  void nothingToDoIsDone() {
    Stages stages(progress(), {0, 0});
    stages.next().report(1);
    stages.next().report(1);
    expect({0.5, 1});
  }

 private:
  Progress progress() {
    return Progress({}, [this](double fraction, std::string_view) { m_seen.push_back(fraction); });
  }
  void expect(const std::vector<double>& fractions) {
    QCOMPARE(m_seen.size(), fractions.size());
    for (std::size_t i = 0; i < fractions.size(); ++i) QVERIFY(std::abs(m_seen[i] - fractions[i]) < 1e-12);
  }

  std::vector<double> m_seen;
};

RANKSCOPE_TEST_MAIN(TestStages)
#include "tst_stages.moc"
