// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/compress/error_curve.h"

#include <cmath>

#include "core/compress/compress.h"
#include "tests/support/small_models.h"
#include "tests/support/temporary.h"
#include "tests/support/test_main.h"

using namespace rankscope;

class TestErrorCurve final : public QObject {
  Q_OBJECT

 private slots:
  void ranksForCosines();
  void residualsAreWhatCompressionLeaves();
};

void TestErrorCurve::ranksForCosines() {
  const ErrorCurve curve{{4, 3, 1}, 100};
  QCOMPARE(curve.lost(0), 26.0);
  QCOMPARE(curve.lost(1), 10.0);
  QCOMPARE(curve.lost(3), 0.0);
  QCOMPARE(curve.rankForCosine(std::sqrt(0.73)), 0); // the base alone loses 26 of 100
  QCOMPARE(curve.rankForCosine(std::sqrt(0.75)), 1);
  QCOMPARE(curve.rankForCosine(std::sqrt(0.90) - 1e-9), 1);
  QCOMPARE(curve.rankForCosine(std::sqrt(0.90) + 1e-9), 2);
  QCOMPARE(curve.rankForCosine(1), 3);
}

/// What compression really leaves of each layer, base alone and corrected; the cosine asked for is reached.
void TestErrorCurve::residualsAreWhatCompressionLeaves() {
  const test::TemporaryFolder folder;
  const auto checkpoint = openCheckpoint(test::writeSmallModel(folder / "m", test::SmallFamily::Gpt2));
  PresetOptions options;
  options.base = Storage::Int3;
  const auto curves = residualCurves(*checkpoint, options);
  QCOMPARE(curves.size(), defaultScope(*checkpoint).size());
  const auto relativeError = [&](LayerId layer, std::int64_t rank) {
    const LayerChoice choice =
        choiceFor(checkpoint->layer(layer), rank > 0 ? std::optional(rank) : std::nullopt, storingOf(options));
    const CompressedLayer compressed = compressLayer(*checkpoint, layer, choice, nullptr, {}, 1);
    return std::pair(compressed.quality.relativeError, compressed.quality.cosine);
  };
  for (const auto& [layer, curve] : curves) {
    for (const std::int64_t rank : {0, 3, 9}) {
      const double predicted = std::sqrt(curve.lost(rank) / curve.energy);
      QVERIFY(predicted > 0.01);
      QVERIFY(std::abs(relativeError(layer, rank).first - predicted) < 1e-5);
    }
    const std::int64_t rank = curve.rankForCosine(0.99);
    QVERIFY(relativeError(layer, rank).second >= 0.99 - 1e-6);
  }
}

RANKSCOPE_TEST_MAIN(TestErrorCurve)
#include "tst_error_curve.moc"
