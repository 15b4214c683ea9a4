// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/test_main.h"

#include <stop_token>

#include "core/base/error.h"
#include "core/checkpoint/checkpoint.h"
#include "core/checkpoint/synthetic.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary.h"
#include "tests/support/test_matrices.h"

using namespace rankscope;
using namespace rankscope::test;

namespace {

SyntheticShape tiny() {
  SyntheticShape shape;
  shape.blocks = 2;
  shape.hidden = 96;
  shape.heads = 4;
  shape.intermediate = 300;
  shape.vocabulary = 257;
  shape.positions = 64;
  return shape;
}

/// Share of the energy in the first tenth of the singular values.
double headShare(const MatrixView& matrix) {
  const std::vector<double> sigma = dgesddValues(matrix);
  double head = 0, all = 0;
  for (std::size_t i = 0; i < sigma.size(); ++i) {
    all += sigma[i] * sigma[i];
    if (i < sigma.size() / 10) head += sigma[i] * sigma[i];
  }
  return head / all;
}

double headShare(const Checkpoint& checkpoint, const char* layer) {
  return headShare(checkpoint.matrix(*checkpoint.findLayer(layer)).view);
}

} // namespace

class TestSynthetic : public QObject {
  Q_OBJECT

 private slots:
  void opensAsSyntheticGptNeo();
  void sameSeedSameBytes();
  void spectraFall();
  void refusesToReplace();
  void stopsOnRequest();
};

void TestSynthetic::opensAsSyntheticGptNeo() {
  const TemporaryFolder folder;
  writeSyntheticCheckpoint(folder / "demo", tiny(), 1);
  const auto checkpoint = openCheckpoint(folder / "demo");
  QVERIFY(checkpoint->content().synthetic);
  QCOMPARE(checkpoint->architecture(), std::string("gpt-neo"));
  QCOMPARE(checkpoint->layers().size(), std::size_t{2 + 2 * 6});
  const std::uint64_t block = 4 * 96 * 96 + 96 + 2 * 96 * 300 + 96 + 300 + 4 * 96;
  QCOMPARE(checkpoint->parameters(), 257 * 96 + 64 * 96 + 2 * block + 2 * 96);
  for (const LayerInfo& layer : checkpoint->layers()) {
    QVERIFY(!layer.roleGuessed);
    QVERIFY(toFloat(checkpoint->matrix(layer.id).view).allFinite());
  }
}

void TestSynthetic::sameSeedSameBytes() {
  const TemporaryFolder folder;
  SyntheticShape half = tiny();
  half.dtype = DType::BF16;
  writeSyntheticCheckpoint(folder / "a", half, 5);
  writeSyntheticCheckpoint(folder / "b", half, 5);
  writeSyntheticCheckpoint(folder / "c", half, 6);
  QCOMPARE(readFile(folder / "a/model.safetensors"), readFile(folder / "b/model.safetensors"));
  QVERIFY(readFile(folder / "a/model.safetensors") != readFile(folder / "c/model.safetensors"));
  QVERIFY(openCheckpoint(folder / "a")->layers().front().dtype == DType::BF16);
}

void TestSynthetic::spectraFall() {
  const TemporaryFolder folder;
  writeSyntheticCheckpoint(folder / "demo", tiny(), 1);
  const auto checkpoint = openCheckpoint(folder / "demo");
  const double key = headShare(*checkpoint, "transformer.h.0.attn.attention.k_proj.weight");
  const double up = headShare(*checkpoint, "transformer.h.1.mlp.c_fc.weight");
  const RowMatrixD noise = gaussian(300, 96, 3);
  const double gaussianShare = headShare({300, 96, DType::F64, reinterpret_cast<const std::byte*>(noise.data())});
  QVERIFY2(key > 0.5 && key < 0.95, qPrintable(QString::number(key)));
  QVERIFY2(up > 1.2 * gaussianShare && up < key, qPrintable(QString::number(up)));
}

void TestSynthetic::refusesToReplace() {
  const TemporaryFolder folder;
  writeFile(folder / "model.safetensors", "precious");
  EXPECT_ERROR(writeSyntheticCheckpoint(folder.path(), tiny(), 1), ErrorKind::Unwritable, "model.safetensors");
  QCOMPARE(readFile(folder / "model.safetensors"), std::string("precious"));
  EXPECT_ERROR(writeSyntheticCheckpoint(folder / "model.safetensors" / "below", tiny(), 1), ErrorKind::Unwritable,
               "below");
}

void TestSynthetic::stopsOnRequest() {
  const TemporaryFolder folder;
  std::stop_source stop;
  int reports = 0;
  const Progress progress(stop.get_token(), [&](double, std::string_view) {
    if (++reports == 3) stop.request_stop();
  });
  QVERIFY_EXCEPTION_THROWN(writeSyntheticCheckpoint(folder.path(), tiny(), 1, progress), Cancelled);
  QVERIFY(!std::filesystem::exists(folder / "model.safetensors"));
}

RANKSCOPE_TEST_MAIN(TestSynthetic)
#include "tst_synthetic.moc"
