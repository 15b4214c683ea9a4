// SPDX-License-Identifier: GPL-3.0-or-later
#include <random>

#include "core/model/linear.h"
#include "core/model/weight_matrix.h"
#include "tests/support/test_main.h"

using namespace rankscope;

Q_DECLARE_METATYPE(StorageFormat)

namespace {

RowMatrixF gaussian(Eigen::Index rows, Eigen::Index cols, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  RowMatrixF m(rows, cols);
  for (Eigen::Index i = 0; i < m.size(); ++i) m.data()[i] = normal(random);
  return m;
}

/// Sums of n products in F32 against double.
bool near(const RowMatrixF& got, const RowMatrixD& expected) {
  return (got.cast<double>() - expected).cwiseAbs().maxCoeff() < 3e-6 * expected.cwiseAbs().maxCoeff();
}

RowMatrixF timesTransposed(const WeightMatrix& m, const RowMatrixF& x) {
  RowMatrixF y(x.rows(), m.rows());
  m.multiplyTransposed(x.data(), x.rows(), y.data());
  return y;
}

RowMatrixF times(const WeightMatrix& m, const RowMatrixF& x) {
  RowMatrixF y(x.rows(), m.cols());
  m.multiply(x.data(), x.rows(), y.data());
  return y;
}

} // namespace

class TestWeightMatrix : public QObject {
  Q_OBJECT

 private slots:
  void storedMatricesMultiplyAsTheirNumbers_data();
  void storedMatricesMultiplyAsTheirNumbers();
  void denseTensorsMultiplyInEveryDtype_data();
  void denseTensorsMultiplyInEveryDtype();
  void everyInstructionSetAgrees_data();
  void everyInstructionSetAgrees();
  void aLinearIsTheSumOfItsParts();
  void elementaryFunctions();
  void norms_data();
  void norms();
};

void TestWeightMatrix::storedMatricesMultiplyAsTheirNumbers_data() {
  QTest::addColumn<StorageFormat>("format");
  QTest::addColumn<int>("rows");
  QTest::addColumn<int>("cols");
  for (const Storage storage : {Storage::F32, Storage::F16, Storage::BF16, Storage::Int8, Storage::Int4, Storage::Int3})
    for (const ScaleAxis axis : {ScaleAxis::PerRow, ScaleAxis::PerColumn})
      for (const int group : {0, 32, 128})
        for (const auto& [rows, cols] : {std::pair{1, 1}, {3, 131}, {130, 67}, {300, 257}, {70, 1100}}) {
          if (!isInteger(storage) && (axis != ScaleAxis::PerRow || group != 0)) continue;
          QTest::addRow("%s axis %d group %d %dx%d", std::string(name(storage)).c_str(), static_cast<int>(axis), group,
                        rows, cols)
              << StorageFormat{storage, axis, group} << rows << cols;
        }
}

void TestWeightMatrix::storedMatricesMultiplyAsTheirNumbers() {
  QFETCH(StorageFormat, format);
  QFETCH(int, rows);
  QFETCH(int, cols);
  const StoredMatrix stored = storeMatrix(gaussian(rows, cols, 1).cast<double>(), format);
  const RowMatrixD numbers = load(stored).cast<double>();
  const WeightMatrix matrix(stored);
  QCOMPARE(matrix.bytes(), stored.bytes());
  for (const int tokens : {1, 2, 9}) {
    const RowMatrixF x = gaussian(tokens, cols, 2), z = gaussian(tokens, rows, 3);
    QVERIFY(near(timesTransposed(matrix, x), x.cast<double>() * numbers.transpose()));
    QVERIFY(near(times(matrix, z), z.cast<double>() * numbers));
  }
  std::vector<float> row(static_cast<std::size_t>(cols));
  matrix.row(rows - 1, row.data());
  for (int j = 0; j < cols; ++j) QCOMPARE(static_cast<double>(row[static_cast<std::size_t>(j)]), numbers(rows - 1, j));
}

void TestWeightMatrix::denseTensorsMultiplyInEveryDtype_data() {
  QTest::addColumn<DType>("dtype");
  for (const DType dtype : {DType::F64, DType::F32, DType::F16, DType::BF16})
    QTest::newRow(std::string(name(dtype)).c_str()) << dtype;
}

void TestWeightMatrix::denseTensorsMultiplyInEveryDtype() {
  QFETCH(DType, dtype);
  const RowMatrixF w = gaussian(37, 53, 4);
  // One byte off any alignment, as a tensor in a file may lie.
  auto bytes = std::make_shared<std::vector<std::byte>>(37 * 53 * byteSize(dtype) + 1);
  store(std::span<const float>(w.data(), static_cast<std::size_t>(w.size())), dtype, bytes->data() + 1);
  const MatrixView view{37, 53, dtype, bytes->data() + 1};
  const RowMatrixD numbers = toDouble(view);
  const WeightMatrix matrix(view, bytes);
  for (const int tokens : {1, 5}) {
    const RowMatrixF x = gaussian(tokens, 53, 5);
    QVERIFY(near(timesTransposed(matrix, x), x.cast<double>() * numbers.transpose()));
  }
}

void TestWeightMatrix::everyInstructionSetAgrees_data() {
  QTest::addColumn<int>("set");
  QTest::newRow("avx2") << 0;
  QTest::newRow("avx512") << 1;
}

void TestWeightMatrix::everyInstructionSetAgrees() {
#if defined(__x86_64__)
  QFETCH(int, set);
  if (set == 0 && !(__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))) QSKIP("no AVX2");
  if (set == 1 && !(__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl"))) QSKIP("no AVX-512");
  const Kernels& tested = set == 0 ? detail::kAvx2Kernels : detail::kAvx512Kernels;
  const Kernels& portable = detail::kPortableKernels;
  constexpr std::int64_t kRows = 7, kCols = 203;
  const RowMatrixF x = gaussian(1, kCols, 6), c = gaussian(1, kRows, 7);
  for (const Code code : {Code::F32, Code::F16, Code::BF16, Code::Int8, Code::Int4, Code::Int3}) {
    const Storage storage = code == Code::F32    ? Storage::F32
                            : code == Code::F16  ? Storage::F16
                            : code == Code::BF16 ? Storage::BF16
                            : code == Code::Int8 ? Storage::Int8
                            : code == Code::Int4 ? Storage::Int4
                                                 : Storage::Int3;
    const StoredMatrix m = storeMatrix(gaussian(kRows, kCols, 8).cast<double>(), {storage, ScaleAxis::PerRow, 0});
    const std::size_t rowBytes = m.codes.size() / kRows;
    std::array<std::vector<float>, 2> dots, sums, numbers;
    int which = 0;
    for (const Kernels* k : {&tested, &portable}) {
      dots[static_cast<std::size_t>(which)].resize(kRows);
      sums[static_cast<std::size_t>(which)].resize(kCols);
      numbers[static_cast<std::size_t>(which)].resize(kCols);
      k->dotRows(code, m.codes.data(), rowBytes, kRows, kCols, x.data(), dots[static_cast<std::size_t>(which)].data());
      k->addRows(code, m.codes.data(), rowBytes, kRows, kCols, c.data(), sums[static_cast<std::size_t>(which)].data());
      k->expand(code, m.codes.data() + rowBytes, kCols, 0.3f, numbers[static_cast<std::size_t>(which)].data());
      ++which;
    }
    for (std::size_t i = 0; i < kRows; ++i)
      QVERIFY(std::abs(dots[0][i] - dots[1][i]) < 1e-5f * (1 + std::abs(dots[1][i])));
    for (std::size_t i = 0; i < kCols; ++i)
      QVERIFY(std::abs(sums[0][i] - sums[1][i]) < 1e-5f * (1 + std::abs(sums[1][i])));
    QCOMPARE(numbers[0], numbers[1]);
  }
#endif
}

void TestWeightMatrix::aLinearIsTheSumOfItsParts() {
  const RowMatrixF w = gaussian(20, 33, 9), a = gaussian(20, 4, 10), b = gaussian(4, 33, 11), x = gaussian(3, 33, 12);
  const auto stored = [](const RowMatrixF& m) {
    return WeightMatrix(storeMatrix(m.cast<double>(), {Storage::F32, ScaleAxis::PerRow, 0}));
  };
  for (const Orientation orientation : {Orientation::OutIn, Orientation::InOut}) {
    LinearWeights weights;
    weights.orientation = orientation;
    weights.base.emplace(stored(w));
    weights.a.emplace(stored(a));
    weights.b.emplace(stored(b));
    const bool outIn = orientation == Orientation::OutIn;
    weights.biasShift.assign(outIn ? 20 : 33, 0.25f);
    const Linear linear(weights);
    const RowMatrixF in = outIn ? x : gaussian(3, 20, 13);
    RowMatrixD expected = (w + a * b).cast<double>();
    expected = outIn ? RowMatrixD(in.cast<double>() * expected.transpose()) : RowMatrixD(in.cast<double>() * expected);
    expected.array() += 0.25;
    for (const Eigen::Index tokens : {1, 3}) {
      RowMatrixF y(tokens, linear.outputs());
      linear.apply(in.data(), tokens, y.data());
      QVERIFY(near(y, expected.topRows(tokens)));
    }
    std::vector<float> row(33);
    linear.row(5, row.data());
    QVERIFY(near(Eigen::Map<const RowMatrixF>(row.data(), 1, 33), (w + a * b).row(5).cast<double>()));
    QCOMPARE(linear.rank(), std::optional<std::int64_t>(4));
    QCOMPARE(linear.flopsPerToken(), 2.0 * (20 * 33 + 20 * 4 + 4 * 33));
  }
}

void TestWeightMatrix::elementaryFunctions() {
  std::vector<float> x;
  for (float v = -30; v < 30; v += 0.0137f) x.push_back(v);
  const auto check = [&](Activation activation, double (*exact)(double)) {
    std::vector<float> y = x;
    kernels().activate(activation, y.data(), static_cast<std::int64_t>(y.size()));
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double expected = exact(static_cast<double>(x[i]));
      QVERIFY2(std::abs(static_cast<double>(y[i]) - expected) < 1e-6 * (0.1 + std::abs(expected)),
               qPrintable(QString("%1 at %2: %3")
                              .arg(static_cast<int>(activation))
                              .arg(static_cast<double>(x[i]))
                              .arg(static_cast<double>(y[i]))));
    }
  };
  check(Activation::Gelu, [](double v) { return v * 0.5 * std::erfc(-v / std::sqrt(2.0)); });
  check(Activation::GeluNew,
        [](double v) { return 0.5 * v * (1 + std::tanh(std::sqrt(2 / M_PI) * (v + 0.044715 * v * v * v))); });
  check(Activation::Silu, [](double v) { return v / (1 + std::exp(-v)); });
  check(Activation::QuickGelu, [](double v) { return v / (1 + std::exp(-1.702 * v)); });
  check(Activation::Relu, [](double v) { return v > 0 ? v : 0; });
}

void TestWeightMatrix::norms_data() {
  QTest::addColumn<int>("count");
  QTest::addColumn<bool>("centred");
  for (const int count : {1, 7, 64, 203, 1100})
    for (const bool centred : {true, false})
      QTest::addRow("%s of %d", centred ? "LayerNorm" : "RMSNorm", count) << count << centred;
}

/// A mean far from zero, as residual streams have it, costs no digits.
void TestWeightMatrix::norms() {
  QFETCH(int, count);
  QFETCH(bool, centred);
  const RowMatrixF x = (gaussian(1, count, 30).array() + 8.0f).matrix();
  const RowMatrixF weight = gaussian(1, count, 31), bias = gaussian(1, count, 32);
  const RowMatrixD exact = x.cast<double>();
  const double mean = centred ? exact.mean() : 0.0;
  const double factor = 1 / std::sqrt((exact.array() - mean).square().mean() + 1e-5);
  const RowMatrixD plain = ((exact.array() - mean) * factor * weight.cast<double>().array()).matrix();
  std::vector<const Kernels*> sets{&kernels()};
#if defined(__x86_64__)
  sets.push_back(&detail::kPortableKernels);
#endif
  for (const Kernels* set : sets)
    for (const float* added : {static_cast<const float*>(nullptr), bias.data()}) {
      RowMatrixF out(1, count);
      set->normalise(x.data(), count, weight.data(), added, centred, 1e-5f, out.data());
      const RowMatrixD expected = added ? RowMatrixD(plain + bias.cast<double>()) : plain;
      QVERIFY((out.cast<double>() - expected).cwiseAbs().maxCoeff() < 4e-6);
    }
}

RANKSCOPE_TEST_MAIN(TestWeightMatrix)
#include "tst_weight_matrix.moc"
