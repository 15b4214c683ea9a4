// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/plan/budget.h"

#include <cmath>
#include <map>
#include <random>

#include "core/base/error.h"
#include "core/compress/compress.h"
#include "core/compress/error_curve.h"
#include "core/report/export_model.h"
#include "core/spectrum/analyse.h"
#include "tests/support/small_models.h"
#include "tests/support/temporary.h"
#include "tests/support/test_main.h"

#include <QElapsedTimer>
#include <QRegularExpression>

using namespace rankscope;

namespace {

/// Benefits are shares of energy of a random falling spectrum.
BudgetItem randomItem(std::mt19937& random, std::size_t index, std::int64_t ranks, bool stairs) {
  const auto uniform = [&] { return (random() + 0.5) / 4294967296.0; };
  const double base = 0.3 + 0.65 * uniform();
  auto energy = std::make_shared<std::vector<double>>(1, 0.0);
  double tail = 0;
  for (std::int64_t r = 0; r < 2 * ranks; ++r) tail += std::pow(base, static_cast<double>(r)) + 0.02;
  for (std::int64_t r = 0; r < ranks; ++r)
    energy->push_back(energy->back() + (std::pow(base, static_cast<double>(r)) + 0.02) / tail);
  const std::uint64_t perRank = 3 + random() % 9;
  BudgetItem item;
  item.layer = {index};
  item.largestRank = ranks;
  item.denseBytes = perRank * static_cast<std::uint64_t>(ranks) + 1 + random() % 5;
  item.benefit = [energy](std::int64_t rank) { return (*energy)[static_cast<std::size_t>(rank)]; };
  item.bytes = [perRank, stairs](std::int64_t rank) {
    const auto r = static_cast<std::uint64_t>(rank);
    return stairs ? perRank / 2 * r + (perRank - perRank / 2) * ((r + 1) / 2 * 2) : perRank * r;
  };
  if (stairs) item.denseBytes += perRank;
  return item;
}

/// Exact optimum by dynamic programming over bytes; negative when nothing fits.
double optimum(const std::vector<BudgetItem>& items, std::uint64_t limit) {
  std::vector<double> best(limit + 1, 0);
  for (const BudgetItem& item : items) {
    std::vector<double> next(limit + 1, -INFINITY);
    const auto offer = [&](std::uint64_t bytes, double benefit) {
      for (std::uint64_t used = bytes; used <= limit; ++used)
        next[used] = std::max(next[used], best[used - bytes] + benefit);
    };
    for (std::int64_t r = item.leastRank; r <= item.largestRank; r += item.step) offer(item.bytes(r), item.benefit(r));
    offer(item.denseBytes, item.denseBenefit);
    best = std::move(next);
  }
  return best[limit];
}

double largestStep(const std::vector<BudgetItem>& items) {
  double largest = 0;
  for (const BudgetItem& item : items)
    for (std::int64_t r = item.leastRank; r + item.step <= item.largestRank; r += item.step)
      largest = std::max(largest, item.benefit(r + item.step) - item.benefit(r));
  return largest;
}

std::uint64_t leastBytes(const std::vector<BudgetItem>& items) {
  std::uint64_t sum = 0;
  for (const BudgetItem& item : items) sum += std::min(item.denseBytes, item.bytes(item.leastRank));
  return sum;
}

/// A small model with all its spectra.
struct Model {
  explicit Model(test::SmallFamily family, const test::SmallShape& shape = {})
      : checkpoint(openCheckpoint(test::writeSmallModel(folder / "m", family, shape))) {
    for (const LayerInfo& layer : checkpoint->layers())
      spectra.emplace(layer.id, *analyseLayer(*checkpoint, layer.id).spectrum);
    lookup = [this](LayerId id) { return &spectra.at(id); };
  }
  ResolvedPlan resolved(const Budget& budget, const PresetOptions& options = {}, const RankPlan& pinned = {}) const {
    return resolve(planForBudget(budget, *checkpoint, lookup, options, pinned), *checkpoint, lookup);
  }

  test::TemporaryFolder folder;
  std::shared_ptr<const Checkpoint> checkpoint;
  std::map<LayerId, Spectrum> spectra;
  SpectrumLookup lookup;
};

std::string errorOf(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return {};
}

} // namespace

class TestBudget : public QObject {
  Q_OBJECT
 private slots:
  void agreesWithDynamicProgramming_data();
  void agreesWithDynamicProgramming();
  void everythingFits();
  void nothingFits();
  void itemsWithoutRanks();
  void largeModelIsQuick();
  void keepShare_data();
  void keepShare();
  void keepBytesIsTheWholeModel();
  void pinsStay();
  void ranksWithinLimits();
  void correctionsOfABase();
  void paysForFittedParts_data();
  void paysForFittedParts();
  void relativeEnergyNotNorms();
  void badBudgets();
};

void TestBudget::agreesWithDynamicProgramming_data() {
  QTest::addColumn<int>("items");
  QTest::addColumn<int>("ranks");
  QTest::addColumn<bool>("stairs");
  for (const bool stairs : {false, true}) {
    QTest::addRow("two%s", stairs ? ", stairs" : "") << 2 << 12 << stairs;
    QTest::addRow("five%s", stairs ? ", stairs" : "") << 5 << 17 << stairs;
    QTest::addRow("twelve%s", stairs ? ", stairs" : "") << 12 << 40 << stairs;
  }
}

void TestBudget::agreesWithDynamicProgramming() {
  QFETCH(int, items);
  QFETCH(int, ranks);
  QFETCH(bool, stairs);
  std::mt19937 random(3);
  double worst = 0;
  for (int round = 0; round < 60; ++round) {
    std::vector<BudgetItem> all;
    std::uint64_t dense = 0;
    for (int i = 0; i < items; ++i) {
      all.push_back(randomItem(random, static_cast<std::size_t>(i), ranks, stairs));
      dense += all.back().denseBytes;
    }
    const std::uint64_t least = leastBytes(all);
    const std::uint64_t limit = least + random() % (dense - least + 1);
    const BudgetSolution solution = solveBudget(all, limit);
    QVERIFY(solution.feasible && solution.bytes <= limit);
    double benefit = 0;
    std::uint64_t bytes = 0;
    for (std::size_t i = 0; i < all.size(); ++i) {
      const auto rank = solution.ranks[i];
      QVERIFY(!rank || (*rank >= 1 && *rank <= ranks));
      benefit += rank ? all[i].benefit(*rank) : 1.0;
      bytes += rank ? all[i].bytes(*rank) : all[i].denseBytes;
    }
    QCOMPARE(bytes, solution.bytes);
    QVERIFY(std::abs(benefit - solution.benefit) < 1e-9);
    const double gap = optimum(all, limit) - benefit;
    QVERIFY2(gap < largestStep(all) && gap > -1e-9, qPrintable(QString::number(gap)));
    worst = std::max(worst, gap / benefit);
  }
  qInfo("largest gap %.2e of the benefit", worst);
}

void TestBudget::everythingFits() {
  std::mt19937 random(4);
  std::vector<BudgetItem> items;
  std::uint64_t dense = 0;
  for (std::size_t i = 0; i < 6; ++i) {
    items.push_back(randomItem(random, i, 9, false));
    dense += items.back().denseBytes;
  }
  const BudgetSolution all = solveBudget(items, dense);
  QCOMPARE(all.bytes, dense);
  QCOMPARE(all.benefit, 6.0);
  QVERIFY(solveBudget(items, dense - 1).benefit < 6);
}

void TestBudget::nothingFits() {
  std::mt19937 random(4);
  std::vector<BudgetItem> items;
  for (std::size_t i = 0; i < 6; ++i) items.push_back(randomItem(random, i, 9, false));
  const std::uint64_t least = leastBytes(items);
  const BudgetSolution exactly = solveBudget(items, least);
  QVERIFY(exactly.feasible && exactly.bytes == least);
  const BudgetSolution solution = solveBudget(items, least - 1);
  QVERIFY(!solution.feasible);
  QCOMPARE(solution.bytes, least);
  QVERIFY(solveBudget({}, 0).feasible);
}

void TestBudget::itemsWithoutRanks() {
  std::mt19937 random(4);
  std::vector<BudgetItem> items{randomItem(random, 0, 9, false), randomItem(random, 1, 9, false)};
  items[0].largestRank = 0; // every rank is past break-even
  const BudgetSolution solution = solveBudget(items, items[0].denseBytes + items[1].bytes(4));
  QVERIFY(solution.feasible && !solution.ranks[0]);
  QCOMPARE(solution.ranks[1], std::optional<std::int64_t>(4));
}

void TestBudget::largeModelIsQuick() {
  std::mt19937 random(9);
  std::vector<BudgetItem> items;
  std::uint64_t dense = 0;
  for (std::size_t i = 0; i < 168; ++i) {
    items.push_back(randomItem(random, i, 1024, true));
    dense += items.back().denseBytes;
  }
  QElapsedTimer timer;
  timer.start();
  const BudgetSolution solution = solveBudget(items, dense / 2);
  QVERIFY(solution.feasible && solution.bytes <= dense / 2 && solution.bytes > dense / 2 - 100);
  qInfo("168 layers of 1024 ranks: %lld ms", timer.elapsed());
  QVERIFY(timer.elapsed() < 5000);
}

void TestBudget::keepShare_data() {
  QTest::addColumn<QString>("storage");
  QTest::addColumn<int>("group");
  QTest::addColumn<double>("share");
  for (const char* storage : {"f32", "bf16", "int8", "int4"})
    for (const double share : {0.3, 0.5, 0.9, 1.0}) QTest::addRow("%s %.1f", storage, share) << storage << 0 << share;
  QTest::addRow("int4/32") << "int4" << 32 << 0.5;
}

void TestBudget::keepShare() {
  QFETCH(QString, storage);
  QFETCH(int, group);
  QFETCH(double, share);
  const Model model(test::SmallFamily::GptNeo);
  PresetOptions options;
  options.factorDtype = parseStorage(storage.toStdString()).value();
  options.group = group;
  const ResolvedPlan plan = model.resolved(KeepShare{share}, options);
  const ByteTotals totals = scopeTotals(*model.checkpoint, plan, defaultScope(*model.checkpoint));
  QVERIFY(totals.kept() <= share);
  // Less is left over than any one layer could have used for a rank, or every layer is as good as it gets.
  if (options.factorDtype == Storage::F32) QVERIFY(totals.kept() > share - 0.03);
  for (const LayerInfo& layer : model.checkpoint->layers()) {
    const LayerChoice& choice = plan.layers[layer.id.value];
    QVERIFY(!choice.rank || (layer.inDefaultScope() && isBelowBreakEven(layer, choice)));
    if (share == 1.0) QVERIFY(!choice.rank);
  }
  QVERIFY(plan.notes.empty());
}

/// Bytes of the weights and the manifest that really get written.
std::uint64_t exported(const Model& model, const ResolvedPlan& plan, const Factoriser& factoriser = {}) {
  const test::TemporaryFolder folder;
  ModelExport target(model.checkpoint, plan, ExportKind::Factored, folder / "out");
  CompressionHooks hooks;
  hooks.factoriser = factoriser;
  hooks.sink = [&](CompressedLayer&& layer) { target.add(layer); };
  compress(*model.checkpoint, plan, model.lookup, hooks, {}, 1);
  target.finish({});
  return std::filesystem::file_size(folder / "out/model.safetensors") +
         std::filesystem::file_size(folder / "out/rankscope.json");
}

void TestBudget::keepBytesIsTheWholeModel() {
  const Model model(test::SmallFamily::Llama, {.blocks = 3, .hidden = 64, .intermediate = 150, .tied = false});
  const std::uint64_t wanted = model.checkpoint->bytes() * 7 / 10;
  for (const Storage storage : {Storage::F32, Storage::Int8}) {
    PresetOptions options;
    options.factorDtype = storage;
    const std::uint64_t written = exported(model, model.resolved(KeepBytes{wanted}, options));
    // In int8 every rank is as large as it may be, and what is left is too little for one more dense MLP matrix.
    const std::uint64_t left = storage == Storage::F32 ? 600 * defaultScope(*model.checkpoint).size() : 64 * 150 * 4;
    QVERIFY2(written <= wanted && written > wanted - left, qPrintable(QString("%1 of %2").arg(written).arg(wanted)));
  }
  const std::string message = errorOf([&] { model.resolved(KeepBytes{1000}); });
  const QRegularExpressionMatch least = QRegularExpression("still takes (\\d+) bytes").match(message.c_str());
  QVERIFY2(least.hasMatch(), message.c_str());
  const std::uint64_t smallest = least.captured(1).toULongLong();
  QVERIFY(smallest > 1000 && smallest < wanted);
  QVERIFY(errorOf([&] { model.resolved(KeepBytes{smallest}); }).empty());
  QVERIFY(!errorOf([&] { model.resolved(KeepBytes{smallest - 1}); }).empty());
}

void TestBudget::pinsStay() {
  const Model model(test::SmallFamily::GptNeo);
  const std::vector<LayerId> scope = defaultScope(*model.checkpoint);
  RankPlan pinned;
  pinned.overrides[model.checkpoint->layer(scope[0]).name] = 2;
  pinned.overrides[model.checkpoint->layer(scope[1]).name] = std::nullopt;
  pinned.overrides[model.checkpoint->layer(scope[2]).name] = 900; // clamped, larger than dense: given by hand
  const ResolvedPlan plan = model.resolved(KeepShare{0.6}, {}, pinned);
  QCOMPARE(plan.layers[scope[0].value].rank, std::optional<std::int64_t>(2));
  QVERIFY(!plan.layers[scope[1].value].rank);
  QCOMPARE(plan.layers[scope[2].value].rank, std::optional(model.checkpoint->layer(scope[2]).smallSide()));
  QVERIFY(scopeTotals(*model.checkpoint, plan, scope).kept() <= 0.6);
  pinned.overrides["nowhere"] = 1;
  QVERIFY(errorOf([&] { model.resolved(KeepShare{0.6}, {}, pinned); }).find("nowhere") != std::string::npos);
}

void TestBudget::ranksWithinLimits() {
  const Model model(test::SmallFamily::Llama, {.blocks = 3, .hidden = 64, .intermediate = 150});
  PresetOptions options;
  options.limits = {.leastRank = 9, .largestRank = 26, .multiple = 8};
  const ResolvedPlan plan = model.resolved(KeepShare{0.6}, options);
  QVERIFY(std::ranges::any_of(plan.layers, [](const LayerChoice& choice) { return choice.rank.has_value(); }));
  for (const LayerChoice& choice : plan.layers)
    if (choice.rank) QVERIFY2(*choice.rank == 16 || *choice.rank == 24, qPrintable(QString::number(*choice.rank)));
  QVERIFY(scopeTotals(*model.checkpoint, plan, defaultScope(*model.checkpoint)).kept() <= 0.6);
  QCOMPARE((RankLimits{.leastRank = 9, .multiple = 8}.least(true)), std::int64_t{8}); // corrections may be smaller
}

/// With a base every layer is quantised at the least, and what the budget leaves goes to corrections where they gain
/// most.
void TestBudget::correctionsOfABase() {
  const Model model(test::SmallFamily::Llama, {.blocks = 2, .hidden = 64, .intermediate = 160});
  PresetOptions options;
  options.base = Storage::Int4;
  options.factorDtype = Storage::F16;
  const auto curves = residualCurves(*model.checkpoint, options);
  const BenefitLookup benefits = [&](LayerId layer) -> std::optional<BenefitCurve> {
    const ErrorCurve& curve = curves.at(layer);
    return BenefitCurve{[&curve](std::int64_t rank) { return 1 - curve.lost(rank) / curve.energy; }, 1};
  };
  const auto lost = [&](const ResolvedPlan& plan) {
    double sum = 0;
    for (const auto& [layer, curve] : curves)
      if (const LayerChoice& choice = plan.layers[layer.value]; !choice.isDense())
        sum += curve.lost(choice.rank.value_or(0)) / curve.energy;
    return sum;
  };
  double before = INFINITY;
  for (const double share : {0.15, 0.2, 0.3}) {
    const ResolvedPlan plan =
        resolve(planForBudget(KeepShare{share}, *model.checkpoint, benefits, options), *model.checkpoint, {});
    const ByteTotals totals = scopeTotals(*model.checkpoint, plan, defaultScope(*model.checkpoint));
    QVERIFY2(totals.kept() <= share && totals.kept() > share - 0.02, qPrintable(QString::number(totals.kept())));
    for (const LayerId layer : defaultScope(*model.checkpoint))
      QVERIFY(plan.layers[layer.value].isDense() || plan.layers[layer.value].base->storage == Storage::Int4);
    QVERIFY(lost(plan) < before);
    before = lost(plan);
  }
  const auto tooSmall = [&] { planForBudget(KeepShare{0.1}, *model.checkpoint, benefits, options); };
  QVERIFY(errorOf(tooSmall).find("at its smallest") != std::string::npos);
}

void TestBudget::paysForFittedParts_data() {
  QTest::addColumn<bool>("base");
  QTest::newRow("factors and shifted biases") << false;
  QTest::newRow("quantised, corrected, shifted") << true;
}

/// The bytes of scales, shifts and their place in the header are part of what --bytes promises.
void TestBudget::paysForFittedParts() {
  QFETCH(bool, base);
  const Model model(test::SmallFamily::GptNeo, {.blocks = 3, .hidden = 64, .intermediate = 150});
  PresetOptions options;
  options.method = Method::Aware;
  if (base) options.base = Storage::Int4;
  options.factorDtype = Storage::F16;
  const BenefitLookup benefits = [](LayerId) {
    return BenefitCurve{[](std::int64_t rank) { return std::sqrt(static_cast<double>(rank)); }, 1000};
  };
  const Factoriser zeros = [&](LayerId id, const LayerChoice& choice, const Progress&, int) {
    const LayerInfo& layer = model.checkpoint->layer(id);
    LayerParts parts;
    if (choice.base) parts.base = storeMatrix(RowMatrixD::Zero(layer.rows, layer.cols), *choice.base);
    if (choice.rank)
      parts.factors =
          FactorValues{RowMatrixD::Zero(layer.rows, *choice.rank), RowMatrixD::Zero(*choice.rank, layer.cols)};
    if (choice.biasShift) parts.biasShift.assign(static_cast<std::size_t>(layer.outputs()), 0.0f);
    return parts;
  };
  const std::uint64_t wanted = model.checkpoint->bytes() * (base ? 4 : 6) / 10;
  const ResolvedPlan plan =
      resolve(planForBudget(KeepBytes{wanted}, *model.checkpoint, benefits, options), *model.checkpoint, {});
  QVERIFY(std::ranges::any_of(plan.layers, &LayerChoice::biasShift));
  const std::uint64_t written = exported(model, plan, zeros);
  QVERIFY2(written <= wanted && written > wanted * 9 / 10, qPrintable(QString("%1 of %2").arg(written).arg(wanted)));
}

/// A layer a thousand times as large in norm gets no more than its twin.
void TestBudget::relativeEnergyNotNorms() {
  const test::TemporaryFolder folder;
  test::SmallModel small = test::smallModel(test::SmallFamily::GptNeo, {.blocks = 1});
  test::SmallTensor* query = nullptr;
  test::SmallTensor* key = nullptr;
  for (test::SmallTensor& tensor : small.tensors) {
    if (tensor.spec.name.find("q_proj.weight") != std::string::npos) query = &tensor;
    if (tensor.spec.name.find("k_proj.weight") != std::string::npos) key = &tensor;
  }
  QVERIFY(query && key);
  for (std::size_t i = 0; i < query->values.size(); ++i) key->values[i] = 1024 * query->values[i];
  test::writeModel(folder / "m", small);
  const auto checkpoint = openCheckpoint(folder / "m");
  std::map<LayerId, Spectrum> spectra;
  for (const LayerInfo& layer : checkpoint->layers())
    spectra.emplace(layer.id, *analyseLayer(*checkpoint, layer.id).spectrum);
  const RankPlan plan = planForBudget(
      KeepShare{0.4}, *checkpoint, [&](LayerId id) { return &spectra.at(id); }, PresetOptions{});
  const auto q = plan.overrides.at(query->spec.name).rank();
  const auto k = plan.overrides.at(key->spec.name).rank();
  QVERIFY(q && k && std::abs(*q - *k) <= 1);
}

void TestBudget::badBudgets() {
  const Model model(test::SmallFamily::GptNeo);
  for (const double share : {0.0, -0.5, 1.01, std::nan("")})
    QVERIFY(!errorOf([&] { model.resolved(KeepShare{share}); }).empty());
  QVERIFY(errorOf([&] { model.resolved(KeepShare{0.001}); }).find("still take") != std::string::npos);
  std::vector<std::string> notes;
  const RankPlan plan = planForBudget(
      KeepShare{1}, *model.checkpoint, [](LayerId) { return nullptr; }, {}, {}, &notes);
  QCOMPARE(notes.size(), defaultScope(*model.checkpoint).size());
  QVERIFY(plan.overrides.empty());
}

RANKSCOPE_TEST_MAIN(TestBudget)
#include "tst_budget.moc"
