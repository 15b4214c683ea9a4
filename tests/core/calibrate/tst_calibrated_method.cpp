// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/calibrate/calibrated_method.h"

#include "core/base/error.h"
#include "core/evaluate/comparison.h"
#include "core/spectrum/analyse.h"
#include "tests/support/small_models.h"
#include "tests/support/temporary.h"
#include "tests/support/test_main.h"
#include "tests/support/token_sequences.h"

using namespace rankscope;
using test::SmallFamily;

namespace {

struct Fixture {
  explicit Fixture(SmallFamily family)
      : checkpoint(openCheckpoint(test::writeSmallModel(folder / "m", family))), model(checkpoint) {}

  CalibratedMethod method(Method which) const {
    const auto texts = test::tokenSequences(20, 30, 1);
    return {checkpoint, calibrate(model, texts), which, hashOf(texts)};
  }

  /// KL of the compressed model on other text.
  double divergence(const ResolvedPlan& plan, const Factoriser& factoriser) const {
    Substitutes substitutes;
    compress(*checkpoint, plan, {},
             {{},
              factoriser,
              [&](CompressedLayer&& layer) {
                if (const LinearPtr linear = linearOf(*checkpoint, layer)) substitutes[layer.layer] = linear;
              }},
             {});
    std::vector<Window> windows;
    for (const std::vector<int>& tokens : test::tokenSequences(20, 30, 2))
      windows.push_back({tokens, std::vector<int>(tokens.size(), 0)});
    return compare(model, model.with(substitutes), windows).kl.mean;
  }

  /// What every linear of the blocks reads of the text that method() is fitted to.
  std::map<LayerId, RowMatrixF> inputs() const {
    std::map<LayerId, RowMatrixF> met;
    model.forward(batchOf(test::tokenSequences(20, 30, 1)),
                  {[&](LayerId layer, Eigen::Ref<const RowMatrixF> x) { met[layer] = x; }, {}, {}});
    return met;
  }

  test::TemporaryFolder folder;
  std::shared_ptr<const Checkpoint> checkpoint;
  Model model;
};

} // namespace

class TestCalibratedMethod final : public QObject {
  Q_OBJECT

 private slots:
  void namesRoundTrip();
  void costsLessThanPlainAtTheSameBytes_data();
  void costsLessThanPlainAtTheSameBytes();
  void spectraOfOutputsSayWhatTruncationKeeps_data();
  void spectraOfOutputsSayWhatTruncationKeeps();
  void outputsAreMeasuredAsStored_data();
  void outputsAreMeasuredAsStored();
  void marksOnlyCompressedLayers();
  void correctsABase();
  void biasesTakeUpTheMean_data();
  void biasesTakeUpTheMean();
  void budgetsOfCorrections();
};

void TestCalibratedMethod::namesRoundTrip() {
  for (const Method method : kMethods) {
    QCOMPARE(parseMethod(name(method)), method);
    QCOMPARE(methodOf(std::string(name(method)) + " 0123"), method);
  }
  QCOMPARE(methodOf(""), Method::Plain);
  QVERIFY(!parseMethod("magic"));
}

void TestCalibratedMethod::costsLessThanPlainAtTheSameBytes_data() {
  QTest::addColumn<SmallFamily>("family");
  QTest::newRow("gpt2") << SmallFamily::Gpt2;
  QTest::newRow("llama") << SmallFamily::Llama;
}

void TestCalibratedMethod::costsLessThanPlainAtTheSameBytes() {
  QFETCH(SmallFamily, family);
  const Fixture f(family);
  const KeepShare half{0.6};
  std::map<LayerId, Spectrum> spectra;
  for (const LayerInfo& layer : f.checkpoint->layers())
    spectra.emplace(layer.id, *analyseLayer(*f.checkpoint, layer.id).spectrum);
  const SpectrumLookup lookup = [&](LayerId layer) { return &spectra.at(layer); };
  const double plain = f.divergence(resolve(planForBudget(half, *f.checkpoint, lookup, {}), *f.checkpoint, lookup), {});

  const CalibratedMethod fisher = f.method(Method::Fisher);
  const auto curves = fisher.curves({});
  QCOMPARE(curves.size(), defaultScope(*f.checkpoint).size());
  PresetOptions options;
  options.method = Method::Fisher;
  ResolvedPlan plan =
      resolve(planForBudget(half, *f.checkpoint, benefitsOf(curves, Method::Fisher), options), *f.checkpoint, {});
  fisher.applyTo(plan);
  QVERIFY(scopeTotals(*f.checkpoint, plan, defaultScope(*f.checkpoint)).kept() <= 0.6);
  const double measured = f.divergence(plan, fisher.factoriser());
  QVERIFY2(measured < 0.8 * plain, qPrintable(QString("fisher %1, plain %2").arg(measured).arg(plain)));
  const double predicted = predictedDivergence(curves, plan);
  QVERIFY2(predicted > 0.3 * measured && predicted < 3 * measured,
           qPrintable(QString("%1, measured %2").arg(predicted).arg(measured)));
}

void TestCalibratedMethod::spectraOfOutputsSayWhatTruncationKeeps_data() {
  QTest::addColumn<SmallFamily>("family");
  QTest::newRow("gpt2, stored in×out") << SmallFamily::Gpt2;
  QTest::newRow("llama") << SmallFamily::Llama;
}

/// Aware factors of every rank, multiplied out, on the activations themselves.
void TestCalibratedMethod::spectraOfOutputsSayWhatTruncationKeeps() {
  QFETCH(SmallFamily, family);
  const Fixture f(family);
  const CalibratedMethod method = f.method(Method::Aware);
  const std::map<LayerId, RowMatrixF> inputs = f.inputs();
  for (const LayerId id : f.model.blockLayers()) {
    const LayerInfo& layer = f.checkpoint->layer(id);
    const RowMatrixD stored = toDouble(f.checkpoint->matrix(id).view);
    const auto outputsOf = [&](const RowMatrixD& matrix) {
      const RowMatrixD x = inputs.at(id).cast<double>();
      return layer.orientation == Orientation::OutIn ? RowMatrixD(x * matrix.transpose()) : RowMatrixD(x * matrix);
    };
    const RowMatrixD whole = outputsOf(stored);
    const Spectrum spectrum = method.outputSpectrum(id);
    QCOMPARE(spectrum.fullRank(), layer.smallSide());
    for (const std::int64_t rank : {std::int64_t{1}, layer.smallSide() / 3, layer.smallSide() - 1}) {
      LayerChoice choice = choiceFor(layer, rank, Storing{});
      choice.method = method.identity(Method::Aware);
      const LayerParts parts = method.partsOf(id, stored, method.momentsOf(id, false), choice);
      const RowMatrixD kept = outputsOf(parts.factors->a * parts.factors->b);
      QVERIFY(std::abs((whole - kept).norm() / whole.norm() - spectrum.relativeErrorAt(rank)) < 1e-4);
      const double cosine = whole.cwiseProduct(kept).sum() / (whole.norm() * kept.norm());
      QVERIFY(std::abs(cosine - spectrum.cosineAt(rank)) < 1e-4);
    }
  }
}

void TestCalibratedMethod::outputsAreMeasuredAsStored_data() {
  QTest::addColumn<SmallFamily>("family");
  QTest::newRow("gpt2, stored in×out, biases") << SmallFamily::Gpt2;
  QTest::newRow("llama") << SmallFamily::Llama;
}

/// Against the linear's own outputs, with integers, a correction, and a bias shift where the family has biases.
void TestCalibratedMethod::outputsAreMeasuredAsStored() {
  QFETCH(SmallFamily, family);
  const Fixture f(family);
  const CalibratedMethod method = f.method(Method::Aware);
  const LayerId id = f.model.blockLayers().back();
  const LayerInfo& layer = f.checkpoint->layer(id);
  const RowMatrixF inputs = f.inputs().at(id);
  const auto outputsOf = [&](const Linear& linear) {
    RowMatrixF y(inputs.rows(), linear.outputs());
    linear.apply(inputs.data(), inputs.rows(), y.data());
    return RowMatrixD(y.cast<double>());
  };
  const RowMatrixD whole = outputsOf(*f.model.linear(id));
  for (const bool based : {false, true}) {
    Storing storing;
    storing.method = Method::Aware;
    storing.biasShift = family == SmallFamily::Gpt2;
    if (based) storing.base = Storage::Int4;
    LayerChoice choice = choiceFor(layer, 3, storing);
    choice.method = method.identity(Method::Aware);
    const CompressedLayer compressed = compressLayer(*f.checkpoint, id, choice, nullptr, {}, 1, method.factoriser());
    QCOMPARE(compressed.stored.biasShift.empty(), family != SmallFamily::Gpt2);
    const RowMatrixD kept = outputsOf(*linearOf(layer, compressed.stored));
    const Quality quality = method.outputQuality(id, compressed.stored);
    QVERIFY(std::abs((whole - kept).norm() / whole.norm() - quality.relativeError) < 1e-4);
    const double cosine = whole.cwiseProduct(kept).sum() / (whole.norm() * kept.norm());
    QVERIFY(std::abs(cosine - quality.cosine) < 1e-4);
  }
}

void TestCalibratedMethod::marksOnlyCompressedLayers() {
  const Fixture f(SmallFamily::GptNeo);
  const CalibratedMethod aware = f.method(Method::Aware);
  PresetOptions options;
  options.method = Method::Aware;
  ResolvedPlan plan = resolve(presetPlan(Preset::Selective, *f.checkpoint, options), *f.checkpoint, {});
  aware.applyTo(plan);
  for (const LayerChoice& choice : plan.layers)
    QCOMPARE(choice.method, choice.isDense() ? "" : aware.identity(Method::Aware));
  ResolvedPlan plain = resolve(presetPlan(Preset::Selective, *f.checkpoint, {}), *f.checkpoint, {});
  aware.applyTo(plain);
  for (const LayerChoice& choice : plain.layers) QVERIFY(choice.method.empty());
  QVERIFY(aware.identity(Method::Aware) != aware.identity(Method::Fisher));
  QVERIFY(hashOf(test::tokenSequences(20, 30, 1)) != hashOf(test::tokenSequences(20, 30, 2)));
}

/// int3 with a correction that knows the text costs less than int3 with the plain one, and both less than int3 alone.
void TestCalibratedMethod::correctsABase() {
  const Fixture f(SmallFamily::Llama);
  const CalibratedMethod method = f.method(Method::Fisher);
  const auto cost = [&](std::optional<std::int64_t> rank, Method chosen) {
    PresetOptions options;
    options.base = Storage::Int3;
    options.rank = rank;
    options.method = chosen;
    ResolvedPlan plan = resolve(presetPlan(Preset::Uniform, *f.checkpoint, options), *f.checkpoint, {});
    method.applyTo(plan);
    return f.divergence(plan, method.factoriser());
  };
  const double alone = cost(std::nullopt, Method::Plain), plain = cost(4, Method::Plain),
               fitted = cost(4, Method::Fisher);
  QVERIFY2(fitted < plain && plain < alone, qPrintable(QString("%1 %2 %3").arg(alone).arg(plain).arg(fitted)));
}

void TestCalibratedMethod::biasesTakeUpTheMean_data() {
  QTest::addColumn<SmallFamily>("family");
  QTest::addColumn<bool>("base");
  QTest::newRow("gpt2, stored in×out, factors") << SmallFamily::Gpt2 << false;
  QTest::newRow("gpt-neo, int3") << SmallFamily::GptNeo << true;
}

/// On the calibration text the mean of every shifted linear's outputs is the original's, and their mean squared error
/// is no larger than without a shift: from the text's own activations, not from the moments.
void TestCalibratedMethod::biasesTakeUpTheMean() {
  QFETCH(SmallFamily, family);
  QFETCH(bool, base);
  const Fixture f(family);
  const CalibratedMethod method = f.method(Method::Aware);
  std::map<LayerId, RowMatrixD> inputs;
  f.model.forward(batchOf(test::tokenSequences(20, 30, 1)),
                  {[&](LayerId layer, Eigen::Ref<const RowMatrixF> x) { inputs[layer] = x.cast<double>(); }, {}, {}});
  int shifted = 0;
  for (const LayerId id : defaultScope(*f.checkpoint)) {
    const LayerInfo& layer = f.checkpoint->layer(id);
    const auto outputError = [&](bool shift) {
      Storing storing;
      storing.method = Method::Aware;
      storing.biasShift = shift;
      if (base) storing.base = Storage::Int3;
      LayerChoice choice = choiceFor(layer, base ? std::nullopt : std::optional<std::int64_t>(5), storing);
      const LayerParts parts = method.factoriser()(id, choice, {}, 1);
      RowMatrixD error = toDouble(f.checkpoint->matrix(id).view);
      if (parts.base) error -= load(*parts.base).cast<double>();
      if (parts.factors) error -= parts.factors->a * parts.factors->b;
      RowMatrixD outputs = layer.orientation == Orientation::OutIn ? RowMatrixD(inputs.at(id) * error.transpose())
                                                                   : RowMatrixD(inputs.at(id) * error);
      if (shift)
        outputs.rowwise() -=
            Eigen::Map<const Eigen::RowVectorXf>(parts.biasShift.data(), outputs.cols()).cast<double>();
      return outputs;
    };
    if (!layer.hasBias) continue;
    ++shifted;
    const RowMatrixD with = outputError(true), without = outputError(false);
    QVERIFY(with.colwise().mean().norm() < 1e-4 * std::sqrt(with.squaredNorm() / static_cast<double>(with.rows())));
    QVERIFY2(
        with.squaredNorm() < (base ? 1.02 : 1.0) * without.squaredNorm(),
        qPrintable(
            QString("%1: %2, without %3").arg(layer.name.c_str()).arg(with.squaredNorm()).arg(without.squaredNorm())));
  }
  QVERIFY(shifted >= 4);
}

/// A budget over a base spends what rounding leaves on corrections, and they lower the KL.
void TestCalibratedMethod::budgetsOfCorrections() {
  const Fixture f(SmallFamily::Llama);
  const CalibratedMethod fisher = f.method(Method::Fisher);
  PresetOptions options;
  options.method = Method::Fisher;
  options.base = Storage::Int3;
  options.factorDtype = Storage::F16;
  const auto curves = fisher.curves(options);
  const auto cost = [&](double share) {
    ResolvedPlan plan = resolve(
        planForBudget(KeepShare{share}, *f.checkpoint, benefitsOf(curves, Method::Fisher), options), *f.checkpoint, {});
    fisher.applyTo(plan);
    const double kept = scopeTotals(*f.checkpoint, plan, defaultScope(*f.checkpoint)).kept();
    return std::tuple(f.divergence(plan, fisher.factoriser()), predictedDivergence(curves, plan), kept);
  };
  const auto [tight, tightPredicted, tightKept] = cost(0.17);
  const auto [wide, widePredicted, wideKept] = cost(0.35);
  QVERIFY(tightKept <= 0.17 && wideKept <= 0.35 && wideKept > 0.3);
  QVERIFY2(wide < 0.7 * tight, qPrintable(QString("%1 of %2").arg(wide).arg(tight)));
  QVERIFY(widePredicted < tightPredicted);
}

RANKSCOPE_TEST_MAIN(TestCalibratedMethod)
#include "tst_calibrated_method.moc"
