// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/spectrum/spectrum.h"

#include "tests/support/test_main.h"

using namespace rankscope;

class TestSpectrum : public QObject {
  Q_OBJECT

 private slots:
  void cosineAndErrorFollowFromTheValues() {
    const Spectrum spectrum(3, 5, {4, 2, 1});
    QCOMPARE(spectrum.fullRank(), 3);
    QCOMPARE(spectrum.frobeniusNorm(), std::sqrt(21.0));
    QCOMPARE(spectrum.energyAt(1), 16.0 / 21);
    QCOMPARE(spectrum.cosineAt(1), std::sqrt(16.0 / 21));
    QCOMPARE(spectrum.relativeErrorAt(1), std::sqrt(5.0 / 21));
    QCOMPARE(spectrum.relativeErrorAt(2), std::sqrt(1.0 / 21));
    QCOMPARE(spectrum.cosineAt(0), 0.0);
    QCOMPARE(spectrum.cosineAt(3), 1.0);
    QCOMPARE(spectrum.cosineAt(99), 1.0);
    QCOMPARE(spectrum.relativeErrorAt(3), 0.0);
    QCOMPARE(spectrum.stableRank(), 21.0 / 16);
  }

  void ranksAreTheSmallestThatReach() {
    const Spectrum spectrum(3, 5, {4, 2, 1});
    QCOMPARE(spectrum.rankForCosine(0), 1);
    QCOMPARE(spectrum.rankForCosine(spectrum.cosineAt(1)), 1);
    QCOMPARE(spectrum.rankForCosine(std::nextafter(spectrum.cosineAt(1), 1)), 2);
    QCOMPARE(spectrum.rankForCosine(spectrum.cosineAt(2)), 2);
    QCOMPARE(spectrum.rankForCosine(1), 3);
    QCOMPARE(spectrum.rankForEnergy(16.0 / 21 - 1e-12), 1);
    QCOMPARE(spectrum.rankForEnergy(0.8), 2);
    QCOMPARE(spectrum.rankForEnergy(1), 3);
  }

  void oneMeansNothingIsLeft() {
    QCOMPARE(Spectrum(4, 4, {1, 0.5, 1e-20, 0}).rankForCosine(1), 3);
    QCOMPARE(Spectrum(4, 4, {1, 0.5, 1e-20, 1e-30}).rankForCosine(1), 4);
  }

  void zeroMatrixIsPerfectAtEveryRank() {
    const Spectrum spectrum(2, 3, {0, 0});
    QCOMPARE(spectrum.cosineAt(1), 1.0);
    QCOMPARE(spectrum.relativeErrorAt(1), 0.0);
    QCOMPARE(spectrum.rankForCosine(0.99), 1);
    QCOMPARE(spectrum.stableRank(), 0.0);
    QCOMPARE(spectrum.effectiveRank(Spectrum::Weight::Sigma), 0.0);
    QCOMPARE(spectrum.frobeniusNorm(), 0.0);
  }

  void effectiveRankCountsEqualValues() {
    const Spectrum equal(4, 6, {3, 3, 3, 3});
    QCOMPARE(equal.effectiveRank(Spectrum::Weight::Sigma), 4.0);
    QCOMPARE(equal.effectiveRank(Spectrum::Weight::SigmaSquared), 4.0);
    QCOMPARE(Spectrum(2, 2, {5, 0}).effectiveRank(Spectrum::Weight::Sigma), 1.0);
    // p = (2/3, 1/3) and (4/5, 1/5): exp(entropy) by hand.
    const Spectrum spectrum(2, 7, {2, 1});
    QCOMPARE(spectrum.effectiveRank(Spectrum::Weight::Sigma), 3 / std::pow(2.0, 2.0 / 3));
    QCOMPARE(spectrum.effectiveRank(Spectrum::Weight::SigmaSquared), 5 / std::pow(4.0, 0.8));
  }

  void extremeScalesNeitherOverflowNorVanish() {
    for (const double scale : {1e-200, 1e200}) {
      const Spectrum spectrum(3, 3, {4 * scale, 2 * scale, scale});
      QCOMPARE(spectrum.cosineAt(1), std::sqrt(16.0 / 21));
      QCOMPARE(spectrum.frobeniusNorm() / scale, std::sqrt(21.0));
    }
  }

  void errorKeepsItsDigitsWhereCosineRoundsToOne() {
    const Spectrum spectrum(2, 2, {1, 1e-12});
    QCOMPARE(spectrum.cosineAt(1), 1.0);
    QCOMPARE(spectrum.relativeErrorAt(1), 1e-12);
  }

  void breakEvenIsNotRounded() {
    QCOMPARE(breakEvenRank(768, 768), 384.0);
    QCOMPARE(breakEvenRank(2048, 8192), 1638.4);
  }
};

RANKSCOPE_TEST_MAIN(TestSpectrum)
#include "tst_spectrum.moc"
