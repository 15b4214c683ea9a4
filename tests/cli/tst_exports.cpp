// SPDX-License-Identifier: GPL-3.0-or-later
// Exports and spectra checked by numpy, which shares no code with us.
#include "tests/cli/command_line.h"
#include "tests/support/python.h"
#include "tests/support/small_models.h"
#include "tests/support/temporary.h"
#include "tests/support/test_main.h"

using namespace rankscope;
using namespace rankscope::test;

namespace {

QString script(const char* name) {
  return QStringLiteral(RANKSCOPE_SOURCE_DIR "/tests/cli/") + name;
}

} // namespace

class TestExports final : public QObject {
  Q_OBJECT

 private slots:
  void initTestCase() {
    if (!pythonHas("numpy")) QSKIP("python3-numpy is not installed");
  }
  void small_data();
  void small();
  void real_data();
  void real();
  void spectra_data();
  void spectra();

 private:
  void check(const QString& model, const QStringList& options);
  TemporaryFolder m_folder;
};

void TestExports::check(const QString& model, const QStringList& options) {
  const QString factored = text(m_folder / "factored"), dense = text(m_folder / "dense");
  const Outcome first = cli(QStringList{"compress", model, factored, "--overwrite"} + options);
  COMPARE_STATUS(first, 0);
  const Outcome second = cli(QStringList{"compress", model, dense, "--dense", "--overwrite"} + options);
  COMPARE_STATUS(second, 0);
  const Output output = runProgram(kPython, {script("check_export.py"), model, factored, dense});
  QVERIFY2(output.ok, output.problem.constData());
  qInfo().noquote() << output.out.trimmed();
}

void TestExports::small_data() {
  QTest::addColumn<int>("family");
  QTest::addColumn<int>("dtype");
  QTest::addColumn<QStringList>("options");
  const auto row = [](const char* name, SmallFamily family, DType dtype, const QStringList& options) {
    QTest::newRow(name) << static_cast<int>(family) << static_cast<int>(dtype) << options;
  };
  row("f32", SmallFamily::GptNeo, DType::F32, {"--rank", "5"});
  row("f16", SmallFamily::Llama, DType::F16, {"--keep", "0.5", "--quant-bits", "16"});
  row("bf16", SmallFamily::GptNeoX, DType::BF16, {"--rank", "5", "--factor-dtype", "bf16"});
  row("f64", SmallFamily::Opt, DType::F64, {"--rank", "5"});
  row("int8", SmallFamily::Gpt2, DType::F32, {"--keep", "0.3", "--quant-bits", "8"});
  row("int8 grouped", SmallFamily::Gpt2, DType::BF16, {"--rank", "7", "--quant-bits", "8", "--group", "32"});
  row("int4", SmallFamily::Qwen2, DType::F32, {"--rank", "7", "--quant-bits", "4"});
  row("int4 grouped", SmallFamily::GptNeo, DType::F16, {"--rank", "7", "--quant-bits", "4", "--group", "32"});
  row("int3 factors", SmallFamily::Gpt2, DType::F32, {"--rank", "7", "--factor-dtype", "int3"});
  row("int8 base", SmallFamily::Gpt2, DType::F32, {"--base", "int8", "--base-group", "0"});
  row("int4 base", SmallFamily::Llama, DType::BF16, {"--base", "int4"});
  row("int4 base and correction", SmallFamily::GptNeo, DType::F32, {"--base", "int4", "--rank", "3"});
  row("int3 base and correction", SmallFamily::Gpt2, DType::F16,
      {"--base", "int3", "--fraction", "0.1", "--quant-bits", "8"});
}

void TestExports::small() {
  QFETCH(int, family);
  QFETCH(int, dtype);
  QFETCH(QStringList, options);
  SmallShape shape;
  shape.dtype = static_cast<DType>(dtype);
  const auto model = writeSmallModel(m_folder / QTest::currentDataTag(), static_cast<SmallFamily>(family), shape);
  check(text(model), options);
}

void TestExports::real_data() {
  QTest::addColumn<QString>("model");
  QTest::addColumn<QStringList>("options");
  QTest::newRow("hybrid") << "gpt-neo-125m-attention" << QStringList{"--preset", "hybrid"};
  QTest::newRow("hybrid, int8") << "gpt-neo-125m-attention" << QStringList{"--preset", "hybrid", "--quant-bits", "8"};
  QTest::newRow("half the bytes") << "stories15M" << QStringList{"--keep", "0.5"};
}

void TestExports::real() {
  QFETCH(QString, model);
  QFETCH(QStringList, options);
  const auto path = realModel(model.toStdString());
  if (path.empty()) QSKIP("this checkpoint is not here");
  check(text(path), options);
}

void TestExports::spectra_data() {
  QTest::addColumn<QString>("model");
  QTest::newRow("small") << text(writeSmallModel(m_folder / "spectra", SmallFamily::Gpt2));
  QTest::newRow("gpt-neo-125m-attention") << text(realModel("gpt-neo-125m-attention"));
}

void TestExports::spectra() {
  QFETCH(QString, model);
  if (model.isEmpty()) QSKIP("this checkpoint is not here");
  const Output output = runProgram(kPython, {script("check_spectra.py"), rankscopeCli(), model});
  QVERIFY2(output.ok, output.problem.constData());
  qInfo().noquote() << output.out.trimmed();
}

RANKSCOPE_TEST_MAIN(TestExports)
#include "tst_exports.moc"
