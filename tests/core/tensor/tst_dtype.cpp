// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/test_main.h"

#include "core/tensor/dtype.h"

using namespace rankscope;

class TestDType : public QObject {
  Q_OBJECT

 private slots:
  void spellsAndMeasures_data();
  void spellsAndMeasures();
  void refusesOtherSpellings();
};

void TestDType::spellsAndMeasures_data() {
  QTest::addColumn<int>("dtype");
  QTest::addColumn<int>("bytes");
  QTest::addColumn<bool>("weight");
  const auto row = [](const char* name, DType dtype, int bytes, bool weight = false) {
    QTest::newRow(name) << static_cast<int>(dtype) << bytes << weight;
  };
  row("F64", DType::F64, 8, true);
  row("F32", DType::F32, 4, true);
  row("F16", DType::F16, 2, true);
  row("BF16", DType::BF16, 2, true);
  row("I64", DType::I64, 8);
  row("I32", DType::I32, 4);
  row("I16", DType::I16, 2);
  row("I8", DType::I8, 1);
  row("U64", DType::U64, 8);
  row("U32", DType::U32, 4);
  row("U16", DType::U16, 2);
  row("U8", DType::U8, 1);
  row("BOOL", DType::Bool, 1);
  row("F8_E4M3", DType::F8E4M3, 1);
  row("F8_E5M2", DType::F8E5M2, 1);
}

void TestDType::spellsAndMeasures() {
  QFETCH(int, dtype);
  QFETCH(int, bytes);
  QFETCH(bool, weight);
  const auto type = static_cast<DType>(dtype);
  QCOMPARE(QString::fromUtf8(name(type)), QString(QTest::currentDataTag()));
  QVERIFY(parseDType(QTest::currentDataTag()) == type);
  QCOMPARE(byteSize(type), static_cast<std::size_t>(bytes));
  QCOMPARE(isWeight(type), weight);
}

void TestDType::refusesOtherSpellings() {
  for (const char* text : {"", "f32", "F32 ", "FLOAT", "F4"}) QVERIFY(!parseDType(text));
}

RANKSCOPE_TEST_MAIN(TestDType)
#include "tst_dtype.moc"
