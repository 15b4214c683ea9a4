// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/layer_filter.h"

#include "tests/support/test_main.h"

using namespace rankscope;
using namespace rankscope::ui;

namespace {

bool shows(const QString& typed, const char* name, int block, Role role = Role::Query,
           std::optional<Verdict> verdict = {}) {
  LayerInfo layer;
  layer.name = name;
  layer.block = block;
  layer.role = role;
  const auto filter = parseLayerFilter(typed, nullptr);
  return filter && accepts(*filter, layer, QStringLiteral("query"), verdict);
}

} // namespace

class TestLayerFilter final : public QObject {
  Q_OBJECT

 private slots:
  void allWordsMustOccur() {
    QVERIFY(shows(QStringLiteral("attn Q_PROJ"), "h.0.attn.q_proj.weight", 0));
    QVERIFY(!shows(QStringLiteral("attn k_proj"), "h.0.attn.q_proj.weight", 0));
    QVERIFY(shows(QStringLiteral("query"), "h.0.attn.c.weight", 0));
    QVERIFY(shows(QString(), "anything", 0));
  }

  void expressionsAreSearchedInTheWholeName() {
    QVERIFY(shows(QStringLiteral("/h\\.(0|23)\\./"), "transformer.h.23.attn.q_proj.weight", 23));
    QVERIFY(!shows(QStringLiteral("/h\\.(0|23)\\./"), "transformer.h.3.attn.q_proj.weight", 3));
    QVERIFY(shows(QStringLiteral("attn /q_proj/ block:0-1"), "h.1.attn.q_proj.weight", 1));
  }

  void blocksAreRanges() {
    QVERIFY(shows(QStringLiteral("block:2"), "x", 2));
    QVERIFY(!shows(QStringLiteral("block:2"), "x", 3));
    QVERIFY(shows(QStringLiteral("block:4-2"), "x", 3));
  }

  void aBadExpressionIsSaid() {
    QString error;
    QVERIFY(!parseLayerFilter(QStringLiteral("/(/"), &error));
    QVERIFY(!error.isEmpty());
  }

  void roleAndVerdictMustBeEqual() {
    LayerFilter filter;
    filter.role = Role::Key;
    filter.verdict = Verdict::Poor;
    LayerInfo layer;
    layer.role = Role::Key;
    QVERIFY(accepts(filter, layer, {}, Verdict::Poor));
    QVERIFY(!accepts(filter, layer, {}, Verdict::Good));
    QVERIFY(!accepts(filter, layer, {}, std::nullopt));
    layer.role = Role::Value;
    QVERIFY(!accepts(filter, layer, {}, Verdict::Poor));
  }
};

RANKSCOPE_TEST_MAIN(TestLayerFilter)
#include "tst_layer_filter.moc"
