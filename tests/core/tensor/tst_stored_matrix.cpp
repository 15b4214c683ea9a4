// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensor/stored_matrix.h"

#include <cmath>
#include <cstring>
#include <limits>

#include "core/base/error.h"
#include "tests/support/test_main.h"
#include "tests/support/test_matrices.h"

using namespace rankscope;

namespace {

RowMatrixD matrixOf(std::int64_t rows, std::int64_t cols, std::initializer_list<double> values) {
  RowMatrixD matrix(rows, cols);
  std::copy(values.begin(), values.end(), matrix.data());
  return matrix;
}

QByteArray hex(std::span<const std::byte> bytes) {
  return QByteArray(reinterpret_cast<const char*>(bytes.data()), static_cast<qsizetype>(bytes.size())).toHex();
}

std::vector<float> scalesOf(const StoredMatrix& matrix) {
  return {matrix.scales.begin(), matrix.scales.end()};
}

/// The scale of element (i, j), written down from the contract once more and in another way.
float scaleOf(const StoredMatrix& m, std::int64_t i, std::int64_t j) {
  const std::int64_t g = m.format.group;
  std::int64_t index = 0;
  if (m.format.axis == ScaleAxis::PerRow)
    index = g == 0 ? i : i * ((m.cols + g - 1) / g) + j / g;
  else
    index = g == 0 ? j : (i / g) * m.cols + j;
  return m.scales[static_cast<std::size_t>(index)];
}

} // namespace

class TestStoredMatrix : public QObject {
  Q_OBJECT
 private slots:
  void namesAndBits();
  void int8Layout();
  void int4LayoutPadsOddRows();
  void int3LayoutPadsRowsToEights();
  void halfScales();
  void packedCodes();
  void scalesPerColumnAndGroup();
  void floats();
  void integersStayWithinHalfAStep_data();
  void integersStayWithinHalfAStep();
  void zeroSlices();
  void hugeAndTiny();
  void notFinite();
};

void TestStoredMatrix::namesAndBits() {
  for (const Storage storage : {Storage::F32, Storage::F16, Storage::BF16, Storage::Int8, Storage::Int4, Storage::Int3})
    QVERIFY(parseStorage(name(storage)) == storage);
  QVERIFY(!parseStorage("int2") && !parseStorage("") && !parseStorage("F32"));
  QVERIFY(storageForBits(32) == Storage::F32 && storageForBits(16) == Storage::F16);
  QVERIFY(storageForBits(8) == Storage::Int8 && storageForBits(4) == Storage::Int4 && !storageForBits(2));
}

void TestStoredMatrix::int8Layout() {
  const StoredMatrix m = storeMatrix(matrixOf(2, 3, {127, -127, 1, -2, 0.5, 1}), {Storage::Int8, ScaleAxis::PerRow, 0});
  QCOMPARE(hex(m.codes), QByteArray("7f81018120"
                                    "40")); // 0.5/(2/127) = 31.75, 1/(2/127) = 63.5 to even
  QCOMPARE(scalesOf(m), (std::vector<float>{1.0f, 2.0f / 127}));
}

void TestStoredMatrix::int4LayoutPadsOddRows() {
  const StoredMatrix m = storeMatrix(matrixOf(2, 3, {7, -7, 3, -1, 2, -7}), {Storage::Int4, ScaleAxis::PerRow, 0});
  QCOMPARE(hex(m.codes), QByteArray("97032f09")); // low nibble first, the fourth is padding
  QCOMPARE(m.bytes(), 4u + 8u);
  QCOMPARE(load(m), (RowMatrixF(2, 3) << 7, -7, 3, -1, 2, -7).finished());
}

/// Codes 3 −3 1 0 −1 2 −2 3 as bits, the first lowest: 011 101 001 000 111 010 110 011.
void TestStoredMatrix::int3LayoutPadsRowsToEights() {
  const auto values = matrixOf(2, 9, {3, -3, 1, 0, -1, 2, -2, 3, -3, 0, 0, 0, 0, 0, 0, 0, 3, 1});
  const StoredMatrix m = storeMatrix(values, {Storage::Int3, ScaleAxis::PerRow, 0});
  std::uint32_t bits = 0;
  int at = 0;
  for (const int code : {3, 5, 1, 0, 7, 2, 6, 3}) bits |= static_cast<std::uint32_t>(code) << (3 * at++);
  QCOMPARE(bits, 0b011'110'010'111'000'001'101'011u);
  QCOMPARE(hex(m.codes), QByteArray("6b7079050000"
                                    "000060010000"));
  QCOMPARE(m.bytes(), 12u + 8u);
  QCOMPARE(codeBytes(2, 9, Storage::Int3), 12u);
  QVERIFY((load(m).cast<double>() - values).norm() == 0);
  QCOMPARE(codeAt(m, 0, 8), -3);
  QCOMPARE((RowMatrixF(loadRows(m, 1, 1)) - RowMatrixF(load(m).row(1))).norm(), 0.0f);
}

void TestStoredMatrix::halfScales() {
  const RowMatrixD values = test::gaussian(33, 70, 8, 0.02);
  for (const Storage storage : {Storage::Int8, Storage::Int4, Storage::Int3}) {
    const StoredMatrix m = storeMatrix(values, {storage, ScaleAxis::PerRow, 32, Storage::F16});
    QCOMPARE(m.bytes(), codeBytes(33, 70, storage) + 33u * 3 * 2);
    QCOMPARE(m.bytes(), storedBytes(33, 70, m.format));
    QVERIFY(std::ranges::all_of(m.scales, [](float s) { return s == static_cast<float>(rounded(s, DType::F16)); }));
    QCOMPARE(readScales(writtenScales(m), m.format), scalesOf(m));
    const RowMatrixF back = load(m);
    for (int i = 0; i < 33; ++i)
      for (int j = 0; j < 70; ++j) // a scale that was rounded down cannot quite reach the largest value
        QVERIFY(std::abs(back(i, j) - values(i, j)) <= 0.51 * scaleOf(m, i, j));
  }
  // 3.5 bits and 4.5 bits a number
  QCOMPARE(storedBytes(64, 128, {Storage::Int3, ScaleAxis::PerRow, 32, Storage::F16}), 64u * 128 * 7 / 16);
  QCOMPARE(storedBytes(64, 128, {Storage::Int4, ScaleAxis::PerRow, 32, Storage::F16}), 64u * 128 * 9 / 16);
  QVERIFY_THROWS_EXCEPTION(Error, storeMatrix(values * 1e9, {Storage::Int4, ScaleAxis::PerRow, 0, Storage::F16}));
}

void TestStoredMatrix::packedCodes() {
  for (const Storage storage : {Storage::Int8, Storage::Int4, Storage::Int3})
    for (const int cols : {1, 7, 8, 9, 64, 67}) {
      const StorageFormat format{storage, ScaleAxis::PerColumn, 0};
      std::vector<std::int8_t> codes;
      for (int i = 0; i < 5 * cols; ++i)
        codes.push_back(static_cast<std::int8_t>(i * 31 % (2 * largestCode(storage) + 1) - largestCode(storage)));
      const std::vector<float> scales(static_cast<std::size_t>(cols), 0.5f);
      const StoredMatrix m = packCodes(5, cols, format, codes, scales);
      for (int i = 0; i < 5; ++i)
        for (int j = 0; j < cols; ++j) QCOMPARE(codeAt(m, i, j), codes[static_cast<std::size_t>(i * cols + j)]);
      QVERIFY(load(m)(4, cols - 1) == 0.5f * static_cast<float>(codes.back()));
    }
}

void TestStoredMatrix::scalesPerColumnAndGroup() {
  RowMatrixD values = RowMatrixD::Zero(35, 2);
  values(0, 0) = 127;
  values(31, 1) = -254;
  values(32, 0) = 381;
  values(34, 1) = 508;
  const StoredMatrix columns = storeMatrix(values, {Storage::Int8, ScaleAxis::PerColumn, 0});
  QCOMPARE(scalesOf(columns), (std::vector<float>{3, 4}));
  const StoredMatrix grouped = storeMatrix(values, {Storage::Int8, ScaleAxis::PerColumn, 32}); // 35 = 32 + 3
  QCOMPARE(scalesOf(grouped), (std::vector<float>{1, 2, 3, 4}));
  const StoredMatrix across = storeMatrix(values.transpose(), {Storage::Int8, ScaleAxis::PerRow, 32});
  QCOMPARE(scalesOf(across), (std::vector<float>{1, 3, 2, 4}));
}

void TestStoredMatrix::floats() {
  const RowMatrixD values = matrixOf(1, 3, {1.0 + 0x1p-9, -3.0e38, 0x1p-20});
  QCOMPARE(load(storeMatrix(values, {Storage::F32})),
           (RowMatrixF(1, 3) << 1.0f + 0x1p-9f, -3.0e38f, 0x1p-20f).finished());
  const RowMatrixF half = load(storeMatrix(values, {Storage::F16}));
  QCOMPARE(half(0), 1.0f + 0x1p-9f);
  QVERIFY(std::isinf(half(1)));
  QCOMPARE(half(2), 0x1p-20f); // a subnormal half
  QCOMPARE(load(storeMatrix(values, {Storage::BF16}))(0), 1.0f);
  QCOMPARE(storeMatrix(values, {Storage::BF16}).bytes(), 6u);
}

void TestStoredMatrix::integersStayWithinHalfAStep_data() {
  QTest::addColumn<int>("rows");
  QTest::addColumn<int>("cols");
  QTest::addColumn<int>("group");
  for (const auto& [rows, cols] : {std::pair{1, 1}, {1, 129}, {67, 1}, {33, 65}, {128, 31}, {70, 257}})
    for (const int group : {0, 32, 64, 128}) QTest::addRow("%dx%d/%d", rows, cols, group) << rows << cols << group;
}

void TestStoredMatrix::integersStayWithinHalfAStep() {
  QFETCH(int, rows);
  QFETCH(int, cols);
  QFETCH(int, group);
  const RowMatrixD values = test::gaussian(rows, cols, 7, 0.02);
  for (const Storage storage : {Storage::Int8, Storage::Int4, Storage::Int3})
    for (const ScaleAxis axis : {ScaleAxis::PerRow, ScaleAxis::PerColumn}) {
      const StoredMatrix m = storeMatrix(values, {storage, axis, group});
      QCOMPARE(m.bytes(), storedBytes(rows, cols, m.format));
      const RowMatrixF back = load(m);
      const int most = storage == Storage::Int8 ? 127 : storage == Storage::Int4 ? 7 : 3;
      for (int i = 0; i < rows; ++i)
        for (int j = 0; j < cols; ++j) {
          const double scale = scaleOf(m, i, j);
          QVERIFY(std::abs(back(i, j) - values(i, j)) <= 0.5000001 * scale);
          QVERIFY(std::abs(back(i, j)) <= most * scale * 1.0000001);
        }
      // What was stored can be stored again without a further loss.
      QVERIFY(hex(storeMatrix(back.cast<double>(), m.format).codes) == hex(m.codes));
    }
}

void TestStoredMatrix::zeroSlices() {
  RowMatrixD values = RowMatrixD::Zero(2, 5);
  values.row(1).setConstant(-3);
  for (const Storage storage : {Storage::Int8, Storage::Int4}) {
    const StoredMatrix m = storeMatrix(values, {storage, ScaleAxis::PerRow, 0});
    QCOMPARE(m.scales[0], 0.0f);
    QCOMPARE(load(m).row(0).norm(), 0.0f);
    QVERIFY((load(m).row(1).array() + 3).abs().maxCoeff() < 1e-6f);
  }
}

void TestStoredMatrix::hugeAndTiny() {
  const RowMatrixD values = matrixOf(2, 2, {3e38, -1e38, 1e-40, -2e-41});
  const RowMatrixF back = load(storeMatrix(values, {Storage::Int8, ScaleAxis::PerRow, 0}));
  QVERIFY(std::abs(back(0, 0) / 3e38 - 1) < 1e-6);
  QVERIFY(std::abs(back(0, 1) / -1e38 - 1) < 0.01);
  QVERIFY(std::abs(back(1, 0) / 1e-40 - 1) < 0.01); // the scale is subnormal in F32
  const RowMatrixF vanished = load(storeMatrix(values * 1e-100, {Storage::Int4, ScaleAxis::PerRow, 0}));
  QCOMPARE(vanished.cwiseAbs().maxCoeff(), 0.0f);
}

void TestStoredMatrix::notFinite() {
  for (const double bad : {std::nan(""), HUGE_VAL, 1e300}) {
    const RowMatrixD values = matrixOf(1, 2, {1, bad});
    QVERIFY_THROWS_EXCEPTION(Error, storeMatrix(values, {Storage::Int8, ScaleAxis::PerRow, 0}));
    QVERIFY_THROWS_EXCEPTION(Error, storeMatrix(values, {Storage::Int4, ScaleAxis::PerColumn, 32}));
  }
}

RANKSCOPE_TEST_MAIN(TestStoredMatrix)
#include "tst_stored_matrix.moc"
