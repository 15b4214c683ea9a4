// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/curve_panel.h"

#include <QToolButton>

#include "core/evaluate/default_text.h"
#include "tests/support/small_models.h"
#include "tests/ui/ui_models.h"
#include "tests/ui/window_test.h"
#include "ui/document/document.h"
#include "ui/document/output_spectra.h"
#include "ui/document/words.h"
#include "ui/jobs/job_runner.h"
#include "ui/panels/text_line.h"

using namespace rankscope;
using namespace rankscope::ui;

/// The two plots over ranks, of weights and of outputs.
class TestCurvePanel final : public QObject {
  Q_OBJECT

 private slots:
  void init() {
    m_jobs = std::make_unique<JobRunner>();
    m_document = std::make_unique<Document>(*m_jobs);
    CalibrationChoice little;
    little.tokens = 512;
    m_outputs = std::make_unique<OutputSpectra>(*m_document, *m_jobs);
    m_sigma = std::make_unique<CurvePanel>(*m_document, *m_outputs, CurvePanel::Quantity::Sigma);
    m_cosine = std::make_unique<CurvePanel>(*m_document, *m_outputs, CurvePanel::Quantity::Cosine);
    CurvePanel::align(*m_sigma, *m_cosine);
    m_document->open(demoFolder());
    m_document->calibrator().choose(little);
    QVERIFY(test::waitIdle(*m_jobs, 60000));
    m_layer = test::layerNamed(*m_document, "h.0.attn.attention.k_proj");
    m_document->select({m_layer}, m_layer);
  }
  void cleanup() {
    m_cosine.reset();
    m_sigma.reset();
    m_outputs.reset();
    m_document.reset();
    m_jobs.reset();
  }

  void outputsAreFoundWhenAskedFor() {
    QVERIFY(!m_outputs->spectrum(m_layer));
    QVERIFY(!readout(*m_sigma).contains(QStringLiteral("output")));
    const double weights = m_document->spectrum(m_layer)->cosineAt(64);
    space(*m_sigma).click();
    QVERIFY(space(*m_cosine).isChecked()); // both show the same
    QVERIFY(test::waitIdle(*m_jobs, 120000));
    const auto spectrum = m_outputs->spectrum(m_layer);
    QVERIFY(spectrum);
    QVERIFY(spectrum->cosineAt(64) > weights + 0.02); // real inputs are not isotropic
    QVERIFY(readout(*m_sigma).contains(QStringLiteral("output cosine")));
    m_document->setRank({m_layer}, 64);
    QVERIFY(readout(*m_cosine).contains(QString::number(spectrum->cosineAt(64), 'f', 3)));
    space(*m_cosine).click();
    QVERIFY(!readout(*m_sigma).contains(QStringLiteral("output")));
  }

  void anotherTextMakesThemAnew() {
    space(*m_sigma).click();
    QVERIFY(test::waitIdle(*m_jobs, 120000));
    const auto before = m_outputs->spectrum(m_layer);
    CalibrationChoice more = m_document->calibrator().choice();
    more.tokens = 1024;
    m_document->calibrator().choose(more);
    m_outputs->ask();
    QVERIFY(!m_outputs->spectrum(m_layer));
    QVERIFY(test::waitIdle(*m_jobs, 120000));
    QVERIFY(m_outputs->spectrum(m_layer) && m_outputs->spectrum(m_layer)->sigma() != before->sigma());
  }

  void embeddingsHaveNone() {
    const LayerId embedding = test::layerNamed(*m_document, "wte");
    m_document->select({embedding}, embedding);
    space(*m_sigma).click();
    QVERIFY(test::waitIdle(*m_jobs, 120000));
    QVERIFY(!m_outputs->spectrum(embedding));
    QVERIFY(m_outputs->obstacle(embedding).contains(QStringLiteral("forward pass")));
    QVERIFY(m_outputs->obstacle(m_layer).isEmpty());
  }

  void aModelThatCannotRunSaysSo() {
    space(*m_sigma).click();
    QVERIFY(space(*m_sigma).isChecked() && space(*m_sigma).isEnabled());
    const test::TemporaryFolder folder;
    m_document->open(test::writeSmallModel(folder / "bert", test::SmallFamily::Bert));
    const LayerId first = m_document->allLayers().front();
    m_document->select({first}, first);
    QVERIFY(test::waitIdle(*m_jobs, 60000));
    QVERIFY(!m_outputs->obstacle(first).isEmpty());
    for (const CurvePanel* panel : {m_sigma.get(), m_cosine.get()}) {
      QVERIFY(!space(*panel).isChecked() && !space(*panel).isEnabled());
      QCOMPARE(space(*panel).toolTip(), m_outputs->modelObstacle());
      QVERIFY(!readout(*panel).isEmpty()); // of the weights
    }
    m_document->open(demoFolder());
    QVERIFY(space(*m_sigma).isEnabled());
    QVERIFY(space(*m_sigma).toolTip().contains(QStringLiteral("outputs")));
  }

  void quantisedLayersSayWhatTheyAre() {
    m_document->setRank({m_layer}, std::nullopt);
    m_document->setBase({m_layer}, Storage::Int8);
    QCOMPARE(readout(*m_cosine), QStringLiteral("int8   cosine not measured yet"));
    m_document->compress();
    QVERIFY(test::waitIdle(*m_jobs, 60000));
    const QString measured = words::cosine(m_document->result(m_layer)->quality.cosine);
    for (const CurvePanel* panel : {m_sigma.get(), m_cosine.get()})
      QCOMPARE(readout(*panel), QStringLiteral("int8   cosine %1, measured").arg(measured));
    m_document->setRank({m_layer}, 8);
    QCOMPARE(readout(*m_cosine), QStringLiteral("int8 + 8   cosine not measured yet"));
  }

 private:
  static QToolButton& space(const CurvePanel& panel) {
    return *panel.findChild<QToolButton*>(QStringLiteral("ofOutputs"));
  }
  static QString readout(const CurvePanel& panel) { return panel.findChild<TextLine*>()->text(); }

  std::unique_ptr<JobRunner> m_jobs;
  std::unique_ptr<Document> m_document;
  std::unique_ptr<OutputSpectra> m_outputs;
  std::unique_ptr<CurvePanel> m_sigma, m_cosine;
  LayerId m_layer;
};

RANKSCOPE_WINDOW_TEST_MAIN(TestCurvePanel)
#include "tst_curve_panel.moc"
