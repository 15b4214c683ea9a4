// SPDX-License-Identifier: GPL-3.0-or-later
#include <QApplication>
#include <QCommandLineParser>
#include <QDockWidget>
#include <QLocale>
#include <QTabWidget>
#include <QTextStream>
#include <QTimer>

#include "core/linalg/blas_core_type.h"
#include "ui/document/document.h"
#include "ui/document/plan_tools.h"
#include "ui/document/opening.h"
#include "ui/document/settings.h"
#include "ui/file_actions.h"
#include "ui/jobs/job_runner.h"
#include "ui/main_window.h"
#include "ui/page_switch.h"
#include "ui/panels/advise_page.h"
#include "ui/panels/banner.h"
#include "ui/panels/evaluate_page.h"
#include "ui/translations.h"

namespace rankscope::ui {
namespace {

QString tr(const char* text) {
  return QCoreApplication::translate("rankscope::ui", text);
}

struct Options {
  QString model;
  QString screenshot;
  QSize size;
  std::optional<ThemeChoice> theme;
  QString preset;
  double keep = 0;
  bool compress = false;
  bool evaluate = false;
  bool study = false;
  bool advise = false;
  QString panel;
};

/// Docks, pages and the tabs of Evaluate, as --panel names them.
QStringList panelNames() {
  return QStringLiteral("Layers Spectrum Cosine Map TradeOff Plan Snapshots History Jobs Evaluate EvaluateTexts "
                        "EvaluateStudy EvaluateDetails Advise")
      .split(QLatin1Char(' '));
}

std::optional<ThemeChoice> themeNamed(const QString& name) {
  if (name == QLatin1String("light")) return ThemeChoice::Light;
  if (name == QLatin1String("dark")) return ThemeChoice::Dark;
  if (name == QLatin1String("system")) return ThemeChoice::System;
  return std::nullopt;
}

[[noreturn]] void wrongUsage(const QString& sentence) {
  QTextStream(stderr) << "rankscope: " << sentence << '\n';
  std::exit(2);
}

Options parse(const QApplication& application) {
  QCommandLineParser parser;
  parser.setApplicationDescription(tr("Low-rank compression of transformer models: see it, choose it, measure it."));
  parser.addHelpOption();
  parser.addVersionOption();
  parser.addPositionalArgument(QStringLiteral("model"), tr("Hugging Face folder, .safetensors file or run file (.h5)"),
                               QStringLiteral("[MODEL|RUN.h5]"));
  const QCommandLineOption screenshot(QStringLiteral("screenshot"),
                                      tr("Draw the window with everything computed into FILE and quit"),
                                      QStringLiteral("FILE.png"));
  const QCommandLineOption size(QStringLiteral("size"), tr("Size of the window"), QStringLiteral("WxH"));
  const QCommandLineOption theme(QStringLiteral("theme"), tr("light, dark or system"), QStringLiteral("NAME"));
  const QCommandLineOption preset(QStringLiteral("preset"), tr("Begin with a preset: uniform, selective or hybrid"),
                                  QStringLiteral("NAME"));
  const QCommandLineOption keep(QStringLiteral("keep"),
                                tr("Begin with a budget: the share of the linears' bytes to keep"),
                                QStringLiteral("SHARE"));
  const QCommandLineOption compress(QStringLiteral("compress"), tr("Compress at once"));
  const QCommandLineOption evaluate(QStringLiteral("evaluate"), tr("Evaluate at once"));
  const QCommandLineOption study(QStringLiteral("study"), tr("Run the aggregation study at once"));
  const QCommandLineOption advise(QStringLiteral("advise"), tr("Advise at once"));
  const QCommandLineOption demo(QStringLiteral("demo"), tr("Open the demo"));
  const QString panels = panelNames().join(QStringLiteral(", "));
  const QCommandLineOption panel(QStringLiteral("panel"), tr("Bring a panel to the front: %1").arg(panels),
                                 QStringLiteral("NAME"));
  parser.addOptions({panel, screenshot, size, theme, preset, keep, compress, evaluate, study, advise, demo});
  parser.process(application);

  Options options;
  const QStringList files = parser.positionalArguments();
  if (files.size() > 1) wrongUsage(tr("one model at a time, please"));
  if (!files.isEmpty()) options.model = files.first();
  if (parser.isSet(demo)) options.model = demoModelPath();
  options.screenshot = parser.value(screenshot);
  if (parser.isSet(size)) {
    const QStringList sides = parser.value(size).split(QLatin1Char('x'));
    if (sides.size() == 2) options.size = QSize(sides[0].toInt(), sides[1].toInt());
    if (options.size.isEmpty()) wrongUsage(tr("--size wants WIDTHxHEIGHT, such as 1280x800"));
  }
  if (parser.isSet(theme) && !(options.theme = themeNamed(parser.value(theme))))
    wrongUsage(tr("--theme wants light, dark or system"));
  options.preset = parser.value(preset);
  if (parser.isSet(preset) && !parsePreset(options.preset.toStdString()))
    wrongUsage(tr("--preset wants uniform, selective or hybrid"));
  if (parser.isSet(keep)) options.keep = parser.value(keep).toDouble();
  if (parser.isSet(keep) && (options.keep <= 0 || options.keep > 1)) wrongUsage(tr("--keep wants a share such as 0.5"));
  options.compress = parser.isSet(compress);
  options.evaluate = parser.isSet(evaluate);
  options.study = parser.isSet(study);
  options.advise = parser.isSet(advise);
  options.panel = parser.value(panel);
  if (parser.isSet(panel) && !panelNames().contains(options.panel))
    wrongUsage(tr("there is no panel \"%1\"; --panel wants one of %2").arg(options.panel, panels));
  return options;
}

void begin(MainWindow& window, const Options& options) {
  if (auto* panel = window.findChild<QDockWidget*>(QStringLiteral("dock") + options.panel)) panel->raise();
  if (!options.preset.isEmpty()) window.tools().applyPreset(*parsePreset(options.preset.toStdString()));
  if (options.keep > 0) window.tools().applyBudget(KeepShare{options.keep});
  if (options.compress) window.document().compress();
  if (options.evaluate || options.study || options.panel.startsWith(QLatin1String("Evaluate")))
    window.pages().showPage(&window.evaluatePage());
  if (options.evaluate) window.evaluatePage().evaluate();
  if (options.study) window.evaluatePage().study();
  if (options.advise || options.panel == QLatin1String("Advise")) window.pages().showPage(&window.advisePage());
  if (options.advise) window.advisePage().advise();
  QTabWidget& tabs = window.evaluatePage().tabs();
  for (int i = 0; i < tabs.count(); ++i) {
    if (tabs.widget(i)->objectName() == options.panel) tabs.setCurrentIndex(i);
  }
}

/// Waits until nothing runs, draws the window, quits. Needs a moment more for what is painted late.
void drawWhenIdle(MainWindow& window, const QString& path) {
  auto* timer = new QTimer(&window);
  QObject::connect(timer, &QTimer::timeout, &window, [&window, path, quiet = 0]() mutable {
    quiet = window.jobs().isBusy() || !window.files().opening().name().isEmpty() ? 0 : quiet + 1;
    if (quiet < 3) return;
    window.banner().hide();
    QCoreApplication::processEvents();
    const bool written = window.grab().save(path);
    if (!written) QTextStream(stderr) << "rankscope: " << tr("cannot write %1").arg(path) << '\n';
    QCoreApplication::exit(written ? 0 : 1);
  });
  timer->start(150);
}

int run(QApplication& application) {
  const Options options = parse(application);
  applyTheme(application, options.theme.value_or(themeNamed(settings::theme()).value_or(ThemeChoice::System)));
  MainWindow window;
  if (!options.size.isEmpty())
    window.resize(options.size);
  else if (!options.screenshot.isEmpty())
    window.resize(1280, 800); // whatever the screen: nobody looks at it
  window.show();
  if (!options.model.isEmpty()) {
    // The run file may bring a plan back first; what was asked for on the command line then replaces it.
    QObject::connect(
        &window.document(), &Document::spectraEnded, &window, [&window, options] { begin(window, options); },
        Qt::SingleShotConnection);
    QObject::connect(&window.files(), &FileActions::openEnded, &window, [&window, options](bool shown) {
      if (shown || options.screenshot.isEmpty()) return;
      QTextStream(stderr) << "rankscope: " << window.banner().text().section(QLatin1Char('\n'), 0, 0) << '\n';
      QCoreApplication::exit(1);
    });
    window.files().open(options.model);
  }
  if (options.screenshot.isEmpty() && !settings::flag(QStringLiteral("tour/seen"), false)) {
    const auto tour = [&window] { QTimer::singleShot(600, &window, [&window] { window.startTour(); }); };
    if (window.document().isOpen())
      tour();
    else
      QObject::connect(&window.document(), &Document::opened, &window, tour, Qt::SingleShotConnection);
  }
  if (options.model.isEmpty() && options.screenshot.isEmpty()) window.files().offerLost();
  if (!options.screenshot.isEmpty()) drawWhenIdle(window, options.screenshot);
  return QApplication::exec();
}

} // namespace
} // namespace rankscope::ui

int main(int argc, char** argv) {
  rankscope::useBestBlasCoreType(argv);
  QApplication application(argc, argv);
  QApplication::setApplicationName(QStringLiteral("rankscope"));
  QApplication::setApplicationDisplayName(QStringLiteral("Rankscope"));
  QApplication::setOrganizationName(QStringLiteral("rankscope"));
  QApplication::setApplicationVersion(QStringLiteral(RANKSCOPE_VERSION));
  QApplication::setDesktopFileName(QStringLiteral("rankscope"));
  rankscope::ui::speak(application, rankscope::ui::localeFor(rankscope::ui::settings::language()));
  return rankscope::ui::run(application);
}
