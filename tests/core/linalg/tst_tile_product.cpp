// SPDX-License-Identifier: GPL-3.0-or-later
// Products in tiles against Eigen's, for sizes on both sides of every tile and panel edge.
#include "core/linalg/tile_product.h"

#include <vector>

#include "core/linalg/padded_matrix.h"
#include "tests/support/test_main.h"
#include "tests/support/test_matrices.h"

using namespace rankscope;

class TestTileProduct : public QObject {
  Q_OBJECT

  template <class T>
  using Matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>;

  template <class T>
  static std::vector<T> packed(char op, int k, int n, T scale, const Matrix<T>& b) {
    std::vector<T> panels(packedSize(k, n), T(77));
    packPanels(op, k, n, scale, b.data(), static_cast<int>(b.rows()), panels.data());
    return panels;
  }

  /// The product lies in a larger matrix whose other entries must stay as they are.
  template <class T>
  static void addsTheProduct(int m, int n, int k) {
    const Matrix<T> a = test::gaussian(m + 3, k, 1).cast<T>();
    const Matrix<T> b = test::gaussian(n, k, 2).cast<T>();
    const Matrix<T> before = test::gaussian(m + 20, n + 2, 3).cast<T>();
    Matrix<T> expected = before;
    expected.topLeftCorner(m, n) -= a.topRows(m) * b.transpose();
    for (const char op : {'T', 'N'}) {
      const auto panels = packed<T>(op, k, n, T(-1), op == 'T' ? b : Matrix<T>(b.transpose()));
      Matrix<T> c = before;
      addProduct(m, n, k, a.data(), m + 3, panels.data(), static_cast<std::size_t>(k) * kPanel, c.data(), m + 20);
      QCOMPARE_LT((c - expected).cwiseAbs().maxCoeff(), std::numeric_limits<T>::epsilon() * T(30 * (k + 1)));
      expected.topLeftCorner(m, n).setZero();
      c.topLeftCorner(m, n).setZero();
      QVERIFY(c == expected);
      expected.topLeftCorner(m, n) = before.topLeftCorner(m, n) - a.topRows(m) * b.transpose();
    }
  }

  template <class T>
  static void addsTheTransposedProduct(int n, int k) {
    const Matrix<T> a = test::gaussian(k + 3, n, 4).cast<T>();
    const Matrix<T> v = test::gaussian(k, kPanel, 5).cast<T>();
    const auto panel = packed<T>('N', k, kPanel, T(1), v);
    const Matrix<T> before = test::gaussian(n + 1, kPanel, 6).cast<T>();
    Matrix<T> y = before;
    addTransposedProduct(n, k, a.data(), k + 3, panel.data(), y.data(), n + 1);
    QVERIFY(y.row(n) == before.row(n));
    const Matrix<T> expected = before.topRows(n) + a.topRows(k).transpose() * v;
    QCOMPARE_LT((y.topRows(n) - expected).cwiseAbs().maxCoeff(), std::numeric_limits<T>::epsilon() * T(30 * (k + 1)));
  }

 private slots:
  void product_data() {
    QTest::addColumn<int>("m");
    QTest::addColumn<int>("n");
    QTest::addColumn<int>("k");
    for (const int m : {1, 7, 24, 31, 48, 49, 100})
      for (const int n : {1, 8, 31, 32, 70})
        for (const int k : {1, 64, 300}) QTest::addRow("%dx%dx%d", m, n, k) << m << n << k;
  }
  void product() {
    QFETCH(int, m);
    QFETCH(int, n);
    QFETCH(int, k);
    addsTheProduct<float>(m, n, k);
    addsTheProduct<double>(m, n, k);
  }

  void transposedProduct_data() {
    QTest::addColumn<int>("n");
    QTest::addColumn<int>("k");
    for (const int n : {1, 2, 6, 11, 12, 13, 41})
      for (const int k : {1, 33, 500}) QTest::addRow("%dx%d", n, k) << n << k;
  }
  void transposedProduct() {
    QFETCH(int, n);
    QFETCH(int, k);
    addsTheTransposedProduct<float>(n, k);
    addsTheTransposedProduct<double>(n, k);
  }

  void strides() {
    for (const int rows : {1, 16, 2047, 2048, 4096}) {
      const int stride = paddedRows(rows);
      QVERIFY(stride >= rows && stride < rows + 32);
      QCOMPARE(stride % 16, 0);
      QVERIFY((stride & (stride - 1)) != 0 || stride == 16);
    }
  }
};

RANKSCOPE_TEST_MAIN(TestTileProduct)
#include "tst_tile_product.moc"
