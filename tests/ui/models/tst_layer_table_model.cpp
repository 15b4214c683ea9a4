// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/layer_table_model.h"

#include <QAbstractItemModelTester>
#include <QSignalSpy>

#include "core/tensor/convert.h"
#include "tests/ui/ui_models.h"
#include "tests/ui/window_test.h"
#include "ui/document/words.h"
#include "ui/models/layer_delegates.h"
#include "ui/models/layer_groups.h"
#include "ui/models/layer_proxy.h"

using namespace rankscope;
using namespace rankscope::ui;
using rankscope::test::layerNamed;

class TestLayerTableModel final : public QObject {
  Q_OBJECT

 private slots:
  void initTestCase() {
    QLocale::setDefault(QLocale(QLocale::English, QLocale::UnitedStates));
    m_model = test::writeSmallModel(m_folder / "neo", test::SmallFamily::GptNeo,
                                    {.blocks = 2, .hidden = 24, .intermediate = 60});
  }

  void tellsLayersAtOnceAndSpectraLater() {
    JobRunner jobs;
    Document document(jobs);
    LayerTableModel table(document);
    QAbstractItemModelTester tester(&table, QAbstractItemModelTester::FailureReportingMode::QtTest);
    QCOMPARE(table.rowCount(), 0);
    document.open(m_model);
    QCOMPARE(table.rowCount(), static_cast<int>(document.checkpoint()->layers().size()));
    const int row = static_cast<int>(layerNamed(document, "h.1.attn.attention.k_proj").value);
    const auto cell = [&](LayerTableModel::Column column) { return table.index(row, column).data().toString(); };
    QCOMPARE(cell(LayerTableModel::Name), QStringLiteral("h.1.attn.attention.k_proj"));
    QCOMPARE(cell(LayerTableModel::Role), QStringLiteral("key"));
    QCOMPARE(cell(LayerTableModel::Block), QStringLiteral("1"));
    QCOMPARE(cell(LayerTableModel::Shape), QStringLiteral("24 × 24"));
    QCOMPARE(cell(LayerTableModel::Size), QStringLiteral("2.3 KiB"));
    QCOMPARE(cell(LayerTableModel::Rank), QStringLiteral("dense"));
    const auto stableRank = LayerTableModel::columnOf(Diagnostic::StableRank);
    QCOMPARE(cell(stableRank), QStringLiteral("…"));
    QCOMPARE(cell(LayerTableModel::Verdict), QStringLiteral("–"));
    QVERIFY(test::waitIdle(jobs));
    const auto spectrum = document.spectrum(LayerId{static_cast<std::size_t>(row)});
    QVERIFY(spectrum);
    QCOMPARE(cell(stableRank), words::real(spectrum->stableRank()));
  }

  /// Every diagnostic, figured out once more from the singular values and the entries.
  void diagnosticsAreWhatTheirFormulasSay() {
    JobRunner jobs;
    Document document(jobs);
    LayerTableModel table(document);
    document.open(m_model);
    QVERIFY(test::waitIdle(jobs));
    const LayerId id = layerNamed(document, "h.0.mlp.c_fc"); // 60 × 24
    const std::vector<double> sigma = document.spectrum(id)->sigma();
    const RowMatrixD w = toDouble(document.checkpoint()->matrix(id).view);
    const auto raw = [&](Diagnostic which) {
      const QModelIndex cell = table.index(static_cast<int>(id.value), LayerTableModel::columnOf(which));
      const QVariant value = cell.data(LayerTableModel::SortRole);
      return value.isValid() ? value.toDouble() : -1.0;
    };
    const auto near = [](double a, double b) { return std::abs(a - b) <= 1e-9 * std::abs(b); };
    const auto entropyRank = [&](double power) {
      double sum = 0, entropy = 0;
      for (const double s : sigma) sum += std::pow(s, power);
      for (const double s : sigma) entropy -= std::pow(s, power) / sum * std::log(std::pow(s, power) / sum);
      return std::exp(entropy);
    };
    const double energy = w.squaredNorm();
    QVERIFY(std::abs(raw(Diagnostic::StableRank) - energy / (sigma[0] * sigma[0])) < 1e-4);
    QVERIFY(near(raw(Diagnostic::EffectiveRank), entropyRank(1)));
    QVERIFY(near(raw(Diagnostic::EffectiveRankEnergy), entropyRank(2)));
    QVERIFY(near(raw(Diagnostic::BreakEven), 60.0 * 24.0 / 84.0));
    QVERIFY(near(raw(Diagnostic::LargestEntry), w.cwiseAbs().maxCoeff()));
    const RowMatrixD centred = w.array() - w.mean();
    const double variance = centred.squaredNorm() / 1440;
    QVERIFY(near(raw(Diagnostic::Kurtosis), centred.array().pow(4).sum() / 1440 / (variance * variance)));
    QVERIFY(near(raw(Diagnostic::NoiseEdge), raw(Diagnostic::NoiseScale) * (std::sqrt(60.0) + std::sqrt(24.0))));
    const auto above = [&](double edge) {
      return std::count_if(sigma.begin(), sigma.end(), [edge](double s) { return s > edge; });
    };
    QCOMPARE(raw(Diagnostic::AboveEdge), static_cast<double>(above(raw(Diagnostic::NoiseEdge))));
    QCOMPARE(raw(Diagnostic::GavishDonohoRank), static_cast<double>(above(raw(Diagnostic::GavishDonohoThreshold))));
    for (const auto& [which, cosine] :
         {std::pair(Diagnostic::RankFor85, 0.85), std::pair(Diagnostic::RankFor90, 0.9),
          std::pair(Diagnostic::RankFor95, 0.95), std::pair(Diagnostic::RankFor99, 0.99)}) {
      double kept = 0;
      int rank = 0;
      double all = 0;
      for (const double s : sigma) all += s * s;
      while (std::sqrt(kept / all) < cosine)
        kept += sigma[static_cast<std::size_t>(rank)] * sigma[static_cast<std::size_t>(rank)], ++rank;
      QCOMPARE(raw(which), static_cast<double>(rank));
    }
    double logs = 0;
    const double xmin = raw(Diagnostic::XMin);
    int tail = 0;
    for (const double s : sigma)
      if (s * s >= xmin * (1 - 1e-12)) logs += std::log(s * s / xmin), ++tail;
    QCOMPARE(raw(Diagnostic::Tail), static_cast<double>(tail));
    QVERIFY(std::abs(raw(Diagnostic::Alpha) - (1 + tail / logs)) < 1e-6);
    QVERIFY(raw(Diagnostic::Distance) > 0 && raw(Diagnostic::Distance) < 1);
  }

  void everyDiagnosticHasAHeadingAMeaningAndTheLayersOwnNumbers() {
    JobRunner jobs;
    Document document(jobs);
    LayerTableModel table(document);
    document.open(m_model);
    QVERIFY(test::waitIdle(jobs));
    const int row = static_cast<int>(layerNamed(document, "h.0.mlp.c_fc").value);
    QSet<QString> headings;
    for (int column = 0; column < LayerTableModel::ColumnCount; ++column) {
      const QString title = table.headerData(column, Qt::Horizontal).toString();
      QVERIFY2(!title.isEmpty() && !headings.contains(title), qPrintable(title));
      headings.insert(title);
      const QString meaning = table.headerData(column, Qt::Horizontal, Qt::ToolTipRole).toString();
      QVERIFY2(meaning.size() > 10, qPrintable(title));
      if (!LayerTableModel::isDiagnostic(column)) continue;
      const QModelIndex cell = table.index(row, column);
      QVERIFY2(cell.data(Qt::ToolTipRole).toString().contains(meaning), qPrintable(title));
      QVERIFY2(cell.data().toString() != QStringLiteral("…") && !cell.data().toString().isEmpty(), qPrintable(title));
    }
    const auto tip = [&](Diagnostic which) {
      return table.index(row, LayerTableModel::columnOf(which)).data(Qt::ToolTipRole).toString();
    };
    QVERIFY2(tip(Diagnostic::BreakEven).startsWith(QStringLiteral("60·24 / (60 + 24) = 17.1")),
             qPrintable(tip(Diagnostic::BreakEven)));
    QVERIFY2(tip(Diagnostic::RankFor99).contains(QStringLiteral("save nothing")),
             qPrintable(tip(Diagnostic::RankFor99))); // a random matrix
  }

  void diagnosticsComeBackFromTheRunFile() {
    const auto valuesOf = [this] {
      JobRunner jobs;
      Document document(jobs);
      document.open(m_model);
      if (!test::waitIdle(jobs)) return DiagnosticValues{};
      return document.diagnostics(layerNamed(document, "h.1.mlp.c_proj"));
    };
    const DiagnosticValues first = valuesOf(), again = valuesOf();
    for (std::size_t i = 0; i < first.size(); ++i) {
      QVERIFY2(first[i] >= 0, kDiagnosticKeys[i].data()); // known
      QVERIFY2(std::abs(first[i] - again[i]) <= 1e-12 * first[i], kDiagnosticKeys[i].data());
    }
  }

  void ranksAreEditedInTheTable() {
    JobRunner jobs;
    Document document(jobs);
    LayerTableModel table(document);
    QAbstractItemModelTester tester(&table, QAbstractItemModelTester::FailureReportingMode::QtTest);
    document.open(m_model);
    QVERIFY(test::waitIdle(jobs));
    document.changePlan({}, QStringLiteral("empty"));
    const LayerId id = layerNamed(document, "h.0.mlp.c_fc");
    const QModelIndex rank = table.index(static_cast<int>(id.value), LayerTableModel::Rank);
    QVERIFY(rank.flags() & Qt::ItemIsEditable);
    QVERIFY(!(rank.siblingAtColumn(LayerTableModel::Name).flags() & Qt::ItemIsEditable));
    QVERIFY(table.setData(rank, 7));
    QCOMPARE(rank.data().toString(), QStringLiteral("7"));
    QCOMPARE(rank.siblingAtColumn(LayerTableModel::PredictedCosine).data().toString(),
             words::cosine(document.spectrum(id)->cosineAt(7)));
    // 7 · (60 + 24) numbers of 4 bytes
    QCOMPARE(rank.siblingAtColumn(LayerTableModel::BytesAfter).data(LayerTableModel::SortRole).toULongLong(),
             document.plan().factorDtype == Storage::F32 ? 2352ULL : 1176ULL);
    QVERIFY(!table.setData(rank, 0));
    QVERIFY(!table.setData(rank, QStringLiteral("many")));
    QCOMPARE(rank.data().toString(), QStringLiteral("7"));
    QVERIFY(table.setData(rank, 4000)); // more than there is: clamped
    QCOMPARE(rank.data().toString(), QStringLiteral("24"));
    document.undoStack().undo();
    document.undoStack().undo();
    QCOMPARE(rank.data().toString(), QStringLiteral("dense"));
  }

  void sortsByNumbersAndUnknownLast() {
    JobRunner jobs;
    Document document(jobs);
    LayerTableModel table(document);
    LayerProxy proxy(document);
    proxy.setSourceModel(&table);
    QAbstractItemModelTester tester(&proxy, QAbstractItemModelTester::FailureReportingMode::QtTest);
    document.open(m_model);
    QVERIFY(test::waitIdle(jobs));
    document.changePlan({}, QStringLiteral("empty"));
    document.setRank({layerNamed(document, "h.0.mlp.c_fc")}, 2);
    document.setRank({layerNamed(document, "h.1.mlp.c_fc")}, 10);
    document.setRank({layerNamed(document, "h.1.mlp.c_proj")}, 5);
    for (const Qt::SortOrder order : {Qt::AscendingOrder, Qt::DescendingOrder}) {
      proxy.sort(LayerTableModel::PredictedCosine, order);
      std::vector<double> cosines;
      for (int row = 0; row < 3; ++row) {
        const QVariant raw = proxy.index(row, LayerTableModel::PredictedCosine).data(LayerTableModel::SortRole);
        QVERIFY(raw.isValid());
        cosines.push_back(raw.toDouble());
      }
      if (order == Qt::DescendingOrder) std::reverse(cosines.begin(), cosines.end());
      QVERIFY(std::is_sorted(cosines.begin(), cosines.end()));
      QVERIFY(!proxy.index(3, LayerTableModel::PredictedCosine).data(LayerTableModel::SortRole).isValid());
    }
    proxy.sort(LayerTableModel::Rank, Qt::AscendingOrder);
    QCOMPARE(test::tableText(proxy, {LayerTableModel::Name, LayerTableModel::Rank}).mid(0, 4),
             QStringList({QStringLiteral("h.0.mlp.c_fc | 2"), QStringLiteral("h.1.mlp.c_proj | 5"),
                          QStringLiteral("h.1.mlp.c_fc | 10"),
                          proxy.index(3, 0).data().toString() + QStringLiteral(" | dense")}));
    LayerFilter filter;
    filter.words = QStringList({QStringLiteral("c_fc")});
    proxy.setFilter(filter);
    QCOMPARE(test::tableText(proxy, {LayerTableModel::Name}),
             QStringList({QStringLiteral("h.0.mlp.c_fc"), QStringLiteral("h.1.mlp.c_fc")}));
  }

  void manyChangesTouchTheWholeRangeOnce() {
    JobRunner jobs;
    Document document(jobs);
    LayerTableModel table(document);
    document.open(m_model);
    QVERIFY(test::waitIdle(jobs));
    document.changePlan({}, QStringLiteral("empty"));
    QSignalSpy changed(&table, &QAbstractItemModel::dataChanged);
    document.setRank({layerNamed(document, "h.0.mlp.c_fc"), layerNamed(document, "h.1.mlp.c_fc")}, 3);
    QCOMPARE(changed.size(), 2);
  }

  void typedRanksAreUnderstood() {
    QCOMPARE(parseRank(QStringLiteral(" 96 "))->toLongLong(), 96);
    QVERIFY(parseRank(QStringLiteral("d")).has_value() && !parseRank(QStringLiteral("d"))->isValid());
    QVERIFY(parseRank(QStringLiteral("Dense")).has_value());
    for (const char* bad : {"", "0", "-3", "12x", "1.5"}) QVERIFY2(!parseRank(QString::fromLatin1(bad)), bad);
  }

  void groupsShowSumsAndLeadToTheirLayers() {
    JobRunner jobs;
    Document document(jobs);
    LayerTableModel table(document);
    LayerProxy proxy(document);
    proxy.setSourceModel(&table);
    LayerGroups groups(document);
    QAbstractItemModelTester tester(&groups, QAbstractItemModelTester::FailureReportingMode::QtTest);
    groups.setSourceModel(&proxy);
    document.open(m_model);
    QVERIFY(test::waitIdle(jobs));
    document.changePlan({}, QStringLiteral("empty"));
    QCOMPARE(groups.rowCount(), 3); // two blocks, and what belongs to none
    const QModelIndex first = groups.index(0, LayerTableModel::Name);
    QVERIFY2(first.data().toString().startsWith(QStringLiteral("block 0 · 6")), qPrintable(first.data().toString()));
    QCOMPARE(groups.rowCount(first), 6);
    QCOMPARE(groups.headerData(LayerTableModel::Rank, Qt::Horizontal),
             table.headerData(LayerTableModel::Rank, Qt::Horizontal));
    QVERIFY(!first.data(LayerTableModel::LayerRole).isValid());
    const std::vector<LayerId> layers = groups.layersOf(first);
    QCOMPARE(layers.size(), std::size_t{6});
    QSignalSpy changes(&groups, &QAbstractItemModel::dataChanged);
    document.setRank({layers[0], layers[1]}, 4);
    QVERIFY(!changes.isEmpty());
    document.setRank({layers[2]}, 6);
    QCOMPARE(first.siblingAtColumn(LayerTableModel::Rank).data().toString(), QStringLiteral("4–6"));
    std::uint64_t after = 0;
    for (const LayerId id : layers) after += document.bytesAfter(id);
    QCOMPARE(first.siblingAtColumn(LayerTableModel::BytesAfter).data().toString(), words::bytes(after));
    groups.setBy(LayerGroups::By::Role);
    QCOMPARE(groups.layersOf(groups.index(0, 0)).size(), std::size_t{2});
    const QModelIndex child = groups.index(1, 0, groups.index(0, 0));
    QCOMPARE(groups.mapFromSource(groups.mapToSource(child)), child);
    LayerFilter filter;
    filter.role = Role::Key;
    proxy.setFilter(filter);
    QCOMPARE(groups.rowCount(), 1);
    document.close();
    QCOMPARE(groups.rowCount(), 0);
  }

 private:
  test::TemporaryFolder m_folder;
  std::filesystem::path m_model;
};

RANKSCOPE_WINDOW_TEST_MAIN(TestLayerTableModel)
#include "tst_layer_table_model.moc"
