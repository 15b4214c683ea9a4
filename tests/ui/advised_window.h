// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <memory>

#include <QFile>
#include <QJsonDocument>

#include "core/evaluate/default_text.h"
#include "tests/ui/advice_fixture.h"
#include "tests/ui/ui_models.h"
#include "ui/document/advising.h"
#include "ui/main_window.h"

namespace rankscope::test {

/// What tests of the advice begin and end with: a window with the demo open, and its run file.
class AdvisedWindow {
 protected:
  /// The run file holds the made-up predictor, and the made-up advice where asked for.
  void openDemo(bool withAdvice) {
    fillRun(demoFolder(), withAdvice ? std::optional(advice()) : std::nullopt);
    m_window = std::make_unique<ui::MainWindow>();
    m_window->resize(1280, 800);
    m_window->show();
    open(demoFolder());
  }
  void closeDemo() {
    m_window.reset();
    std::error_code ignored;
    std::filesystem::remove_all(ui::usualRunPath(demoFolder()).parent_path(), ignored);
  }
  void open(const std::filesystem::path& model) {
    QVERIFY(opened(m_window->files(), QString::fromStdString(model.string())));
    QVERIFY(waitIdle(m_window->jobs(), 60000));
  }
  /// A model with random weights, small enough to be advised on in seconds, that reads with the demo's tokenizer.
  void openTiny(const TemporaryFolder& folder) {
    QFile config(QString::fromStdString((demoFolder() / "config.json").string()));
    QVERIFY(config.open(QIODevice::ReadOnly));
    const int words = QJsonDocument::fromJson(config.readAll())[QLatin1String("vocab_size")].toInt();
    QVERIFY(words > 0);
    m_tiny = writeSmallModel(folder / "tiny", SmallFamily::GptNeo,
                             {.blocks = 2, .hidden = 32, .intermediate = 64, .vocabulary = words, .positions = 64});
    for (const char* file : {"vocab.json", "merges.txt"})
      std::filesystem::copy_file(demoFolder() / file, m_tiny / file);
    open(m_tiny);
  }

  ui::Document& document() { return m_window->document(); }
  ui::Advising& advising() { return *m_window->findChild<ui::Advising*>(); }

  std::unique_ptr<ui::MainWindow> m_window;
  std::filesystem::path m_tiny;
};

} // namespace rankscope::test
