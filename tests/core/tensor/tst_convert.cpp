// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/test_main.h"

#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include "core/tensor/convert.h"

using namespace rankscope;

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// The value of 16 bits by the definition of the format: sign, exponent and fraction.
double byDefinition(std::uint16_t bits, int exponentBits) {
  const int fractionBits = 15 - exponentBits;
  const int bias = (1 << (exponentBits - 1)) - 1;
  const int exponent = bits >> fractionBits & ((1 << exponentBits) - 1);
  const int fraction = bits & ((1 << fractionBits) - 1);
  const double sign = bits & 0x8000 ? -1 : 1;
  if (exponent == (1 << exponentBits) - 1) return fraction ? NAN : sign * kInfinity;
  if (exponent == 0) return sign * std::ldexp(fraction, 1 - bias - fractionBits);
  return sign * std::ldexp(fraction + (1 << fractionBits), exponent - bias - fractionBits);
}

int exponentBits(DType dtype) {
  return dtype == DType::F16 ? 5 : 8;
}

std::uint16_t storedBits(double value, DType dtype) {
  std::uint16_t bits = 0;
  store(std::span<const double>(&value, 1), dtype, reinterpret_cast<std::byte*>(&bits));
  return bits;
}

std::uint16_t storedBits(float value, DType dtype) {
  std::uint16_t bits = 0;
  store(std::span<const float>(&value, 1), dtype, reinterpret_cast<std::byte*>(&bits));
  return bits;
}

double midpoint(std::uint16_t lower, DType dtype) {
  return 0.5 * (byDefinition(lower, exponentBits(dtype)) +
                byDefinition(static_cast<std::uint16_t>(lower + 1), exponentBits(dtype)));
}

} // namespace

class TestConvert : public QObject {
  Q_OBJECT

 private slots:
  void readsAll16BitPatterns_data() { dtypes_data(); }
  void readsAll16BitPatterns();
  void roundsToNearestEven_data() { dtypes_data(); }
  void roundsToNearestEven();
  void overflowsToInfinity_data() { dtypes_data(); }
  void overflowsToInfinity();
  void readsFromTheMiddleUnaligned();
  void makesMatrices();
  void narrowsDoubles();

 private:
  static void dtypes_data();
};

void TestConvert::dtypes_data() {
  QTest::addColumn<int>("dtype");
  QTest::newRow("F16") << static_cast<int>(DType::F16);
  QTest::newRow("BF16") << static_cast<int>(DType::BF16);
}

void TestConvert::readsAll16BitPatterns() {
  QFETCH(int, dtype);
  const auto type = static_cast<DType>(dtype);
  std::vector<std::uint16_t> bits(65536);
  for (std::size_t i = 0; i < bits.size(); ++i) bits[i] = static_cast<std::uint16_t>(i);
  std::vector<double> wide(bits.size());
  std::vector<float> single(bits.size());
  convert(reinterpret_cast<const std::byte*>(bits.data()), type, 0, std::span(wide));
  convert(reinterpret_cast<const std::byte*>(bits.data()), type, 0, std::span(single));
  for (std::size_t i = 0; i < bits.size(); ++i) {
    const double expected = byDefinition(bits[i], exponentBits(type));
    if (std::isnan(expected))
      QVERIFY(std::isnan(wide[i]) && std::isnan(single[i]));
    else
      QVERIFY(wide[i] == expected && single[i] == static_cast<float>(expected) &&
              std::signbit(wide[i]) == std::signbit(expected));
    if (!std::isnan(expected))
      QCOMPARE(storedBits(wide[i], type), bits[i]);
    else
      QVERIFY(std::isnan(byDefinition(storedBits(wide[i], type), exponentBits(type))));
  }
}

/// Midpoints between neighbours go to the even one, and anything nearer to one goes there: also when rounding to float
/// on the way would have made it a midpoint.
void TestConvert::roundsToNearestEven() {
  QFETCH(int, dtype);
  const auto type = static_cast<DType>(dtype);
  const int infinite = type == DType::F16 ? 0x7c00 : 0x7f80;
  for (int i = 0; i + 1 < infinite; ++i) {
    const auto lower = static_cast<std::uint16_t>(i), upper = static_cast<std::uint16_t>(i + 1);
    const double middle = midpoint(lower, type);
    const std::uint16_t even = i % 2 == 0 ? lower : upper;
    QCOMPARE(storedBits(middle, type), even);
    QCOMPARE(storedBits(-middle, type), static_cast<std::uint16_t>(even | 0x8000));
    QCOMPARE(storedBits(static_cast<float>(middle), type), even);
    QCOMPARE(storedBits(std::nextafter(middle, kInfinity), type), upper);
    QCOMPARE(storedBits(std::nextafter(middle, 0.0), type), lower);
  }
}

void TestConvert::overflowsToInfinity() {
  QFETCH(int, dtype);
  const auto type = static_cast<DType>(dtype);
  const double largest = byDefinition(type == DType::F16 ? 0x7bff : 0x7f7f, exponentBits(type));
  const double step = largest - byDefinition(type == DType::F16 ? 0x7bfe : 0x7f7e, exponentBits(type));
  QCOMPARE(rounded(largest, type), largest);
  QCOMPARE(rounded(largest + 0.49 * step, type), largest);
  QCOMPARE(rounded(largest + 0.5 * step, type), kInfinity);
  QCOMPARE(rounded(-1e300, type), -kInfinity);
  QCOMPARE(rounded(kInfinity, type), kInfinity);
}

void TestConvert::readsFromTheMiddleUnaligned() {
  for (const DType dtype : {DType::F64, DType::F32, DType::F16, DType::BF16}) {
    const std::vector<double> values{1.5, -2, 0.25, 96};
    std::vector<std::byte> bytes(1 + values.size() * byteSize(dtype));
    store(std::span<const double>(values), dtype, bytes.data() + 1);
    std::array<float, 2> middle{};
    convert(bytes.data() + 1, dtype, 1, std::span(middle));
    QCOMPARE(middle[0], -2.0f);
    QCOMPARE(middle[1], 0.25f);
  }
}

void TestConvert::makesMatrices() {
  const std::vector<float> values{1, 2, 3, 4, 5, 6};
  const MatrixView view{2, 3, DType::F32, reinterpret_cast<const std::byte*>(values.data())};
  QCOMPARE(view.smallSide(), std::int64_t{2});
  const RowMatrixF single = toFloat(view);
  const RowMatrixD wide = toDouble(view);
  QVERIFY(single.rows() == 2 && single.cols() == 3 && wide.rows() == 2 && wide.cols() == 3);
  QCOMPARE(single(1, 0), 4.0f);
  QCOMPARE(wide(0, 2), 3.0);
}

void TestConvert::narrowsDoubles() {
  const double value = 1 + std::ldexp(1, -30);
  QCOMPARE(rounded(value, DType::F32), 1.0);
  QCOMPARE(rounded(value, DType::F64), value);
  QCOMPARE(rounded(1e60, DType::F32), kInfinity);
  float single = 0;
  convert(reinterpret_cast<const std::byte*>(&value), DType::F64, 0, std::span(&single, 1));
  QCOMPARE(single, 1.0f);
}

RANKSCOPE_TEST_MAIN(TestConvert)
#include "tst_convert.moc"
