// SPDX-License-Identifier: GPL-3.0-or-later
// What the window says and where: the banner, help, the language, places to write to.
#include "ui/main_window.h"

#include <QAction>
#include <QComboBox>
#include <QLabel>
#include <QListWidget>
#include <QPushButton>
#include <QRegularExpression>
#include <QSet>
#include <QTabBar>
#include <QTextBrowser>

#include "core/store/run_file.h"
#include "tests/ui/ui_models.h"
#include "tests/ui/window_test.h"
#include "ui/document/run_storage.h"
#include "ui/document/settings.h"
#include "ui/document/words.h"
#include "ui/help.h"
#include "ui/panels/advise_page.h"
#include "ui/page_switch.h"
#include "ui/panels/banner.h"
#include "ui/panels/layers_panel.h"
#include "ui/panels/start_page.h"
#include "ui/preferences.h"
#include "ui/translations.h"

using namespace rankscope;
using namespace rankscope::ui;

class TestWindowMessages final : public QObject {
  Q_OBJECT

 private slots:
  void init() {
    m_folder = std::make_unique<test::TemporaryFolder>();
    m_model = test::writeSmallModel(*m_folder / "neo", test::SmallFamily::GptNeo);
    m_window = openWindow();
  }
  void cleanup() {
    m_window.reset();
    m_folder.reset();
  }

  void aMessageMovesNothing() {
    QRect pages; // the status bar gives room back a moment after the last job
    do {
      pages = m_window->layers().geometry();
      QTest::qWait(400);
    } while (pages != m_window->layers().geometry());
    const QPoint at = m_window->layers().mapToGlobal(QPoint());
    Banner& banner = m_window->banner();
    for (const QString& text : {QStringLiteral("short"), QStringLiteral("long ").repeated(100)}) {
      banner.show(Banner::Kind::Problem, text, QStringLiteral("what can be done"), QStringLiteral("Do it"));
      QCoreApplication::processEvents();
      QVERIFY(banner.isVisible());
      QCOMPARE(m_window->layers().geometry(), pages);
      QCOMPARE(m_window->layers().mapToGlobal(QPoint()), at);
      const QRect room = banner.parentWidget()->rect();
      QCOMPARE(banner.geometry().bottom(), room.bottom());
      QCOMPARE(banner.width(), room.width());
      QVERIFY(banner.height() < room.height() / 2);
      const auto* label = banner.findChild<QLabel*>(QStringLiteral("bannerText"));
      QVERIFY(label->height() >= label->heightForWidth(label->width()));
    }
    m_window->resize(1000, 700);
    QTRY_COMPARE(banner.geometry().bottom(), banner.parentWidget()->rect().bottom());
    banner.hide();
  }

  void kindsOfMessagesLookDifferent() {
    Banner& banner = m_window->banner();
    const auto paper = [&](Banner::Kind kind) {
      banner.show(kind, QStringLiteral("text"));
      const QColor back = banner.palette().color(QPalette::Window);
      const QColor text =
          banner.findChild<QLabel*>(QStringLiteral("bannerText"))->palette().color(QPalette::WindowText);
      return contrast(back, text) >= 4.5 ? back.name() : QStringLiteral("too little contrast");
    };
    for (const char* theme : {"theme-light", "theme-dark"}) {
      action(theme)->trigger();
      QCoreApplication::processEvents();
      const QStringList papers{paper(Banner::Kind::Note), paper(Banner::Kind::Success), paper(Banner::Kind::Problem)};
      QCOMPARE(QSet<QString>(papers.begin(), papers.end()).size(), 3);
      QVERIFY(!papers.contains(QStringLiteral("too little contrast")));
    }
    action("theme-light")->trigger();
  }

  void helpIsOfThePageThatIsShown_data() {
    QTest::addColumn<int>("page");
    QTest::addColumn<QString>("help");
    QTest::newRow("layers") << 0 << "layers";
    QTest::newRow("evaluate") << 1 << "evaluate";
    QTest::newRow("advise") << 2 << "advise";
  }
  void helpIsOfThePageThatIsShown() {
    QFETCH(int, page);
    m_window->pages().setCurrentIndex(page);
    m_window->pages().setFocus(); // belongs to no page
    action("help")->trigger();
    auto* help = m_window->findChild<Help*>();
    QVERIFY(help && help->isVisible());
    QTEST(help->page(), "help");
  }

  void helpWritesFormulasAsFormulas() {
    static const QRegularExpression raw(QStringLiteral("\\^[½−{]|_\\{|[A-Za-zΣ]_[a-z]\\b|</?su[bp]>"));
    for (const char* language : {"en_US", "pt_BR"}) {
      QLocale::setDefault(QLocale(QLatin1String(language)));
      Help help;
      auto& text = *help.findChild<QTextBrowser*>();
      int raised = 0, lowered = 0;
      for (const QString& page : Help::pages()) {
        help.showPage(page);
        const QString shown = text.toPlainText();
        QVERIFY2(!shown.contains(raw), qPrintable(page + QStringLiteral(": ") + raw.match(shown).captured()));
        raised += text.toHtml().contains(QLatin1String("vertical-align:super"));
        lowered += text.toHtml().contains(QLatin1String("vertical-align:sub"));
      }
      QCOMPARE(raised, 2);  // W·C^½ and λ^−α
      QCOMPARE(lowered, 3); // the sums of layers, cosine and diagnostics
    }
    QLocale::setDefault(QLocale::c());
  }

  void theLanguageIsChosenAndKept() {
    QCOMPARE(localeFor(QString()), QLocale::system());
    QCOMPARE(localeFor(QStringLiteral("pt_BR")).language(), QLocale::Portuguese);
    QCOMPARE(localeFor(QStringLiteral("en")).language(), QLocale::English);
    {
      Preferences dialog;
      auto& box = *dialog.findChild<QComboBox*>(QStringLiteral("language"));
      QCOMPARE(box.count(), 3);
      QCOMPARE(box.currentData().toString(), QString());
      const auto* when = dialog.findChild<QLabel*>(QStringLiteral("whenSpoken"));
      QVERIFY(when->text().isEmpty());
      box.setCurrentIndex(box.findText(QStringLiteral("Português (Brasil)")));
      QVERIFY(when->text().contains(QStringLiteral("next start")));
      QCOMPARE(settings::language(), QString()); // not before it is accepted
      dialog.accept();
    }
    QCOMPARE(settings::language(), QStringLiteral("pt_BR"));
    Preferences again;
    QCOMPARE(again.findChild<QComboBox*>(QStringLiteral("language"))->currentData().toString(),
             QStringLiteral("pt_BR"));
    settings::setLanguage(QString());
  }

  void adviceSaysHowItIsBegun() {
    m_window->pages().showPage(&m_window->advisePage());
    auto* start = m_window->advisePage().findChild<QPushButton*>(QStringLiteral("adviseStart"));
    auto* run = m_window->advisePage().findChild<QPushButton*>(QStringLiteral("adviseRun"));
    QCOMPARE(start->isVisible(), run->isEnabled()); // this model has no tokenizer
    m_window->advisePage().setObstacle(QString());
    QVERIFY(run->isEnabled() && start->isVisible());
    m_window->advisePage().setObstacle(QStringLiteral("there is no tokenizer"));
    QVERIFY(!run->isEnabled() && !start->isVisible());
  }

  void aSecondWindowSaysThatItKeepsNothingAndCanSaveElsewhere() {
    const auto second = openWindow();
    const QString said = second->banner().text();
    QVERIFY2(said.contains(QStringLiteral("open in another window")) && said.contains(QStringLiteral("not kept")) &&
                 said.contains(QStringLiteral("run file of its own")),
             qPrintable(said));
    const auto run = *m_folder / "own.h5";
    second->document().setRank({test::layerNamed(second->document(), "h.0.attn.attention.k_proj")}, 3);
    second->document().saveRunAs(run);
    QVERIFY(test::waitIdle(second->jobs()));
    QVERIFY2(second->banner().text().contains(QStringLiteral("own.h5")), qPrintable(second->banner().text()));
    second->document().compress();
    QVERIFY(test::waitIdle(second->jobs()));
    QVERIFY(second->document().totals().measured > 0);
    second->document().close();
    QVERIFY(test::opened(second->files(), QString::fromStdString(run.string())));
    QVERIFY(test::waitIdle(second->jobs()));
    QVERIFY(second->document().totals().measured > 0);
  }

  void whereNothingCanBeKeptItSaysSoAndSavesElsewhere() {
    m_window.reset();
    const std::filesystem::path runs = usualRunPath(m_model).parent_path();
    waitForClosing();
    std::filesystem::remove_all(runs);
    test::writeFile(runs, "no folder");
    m_window = openWindow();
    const QString said = m_window->banner().text();
    QVERIFY2(said.contains(QStringLiteral("annot write")) && said.contains(QStringLiteral("not kept")), qPrintable(said));
    m_window->document().setRank({test::layerNamed(m_window->document(), "h.0.attn.attention.k_proj")}, 3);
    const auto run = *m_folder / "own.h5";
    m_window->document().saveRunAs(run);
    QVERIFY(test::waitIdle(m_window->jobs()));
    QVERIFY2(m_window->banner().text().contains(QStringLiteral("own.h5")), qPrintable(m_window->banner().text()));
    m_window.reset();
    waitForClosing();
    std::filesystem::remove(runs);
    const RunContents contents = readRun(run);
    QVERIFY2(contents.planJson.find("h.0.attn.attention.k_proj.weight") != std::string::npos, contents.planJson.c_str());
    QVERIFY(!contents.layers.front().singularValues.empty());
  }

  void whatIsNoModelIsSaid_data() {
    QTest::addColumn<QString>("name");
    QTest::addColumn<QString>("said");
    QTest::newRow("an empty folder") << "empty"
                                     << "a model's folder has model.safetensors";
    QTest::newRow("a text") << "notes.txt"
                            << "is a text file, not safetensors";
  }
  void whatIsNoModelIsSaid() {
    QFETCH(QString, name);
    QFETCH(QString, said);
    std::filesystem::create_directory(*m_folder / "empty");
    test::writeFile(*m_folder / "notes.txt", "Buy milk, and read about singular values.");
    QVERIFY(!test::opened(m_window->files(), path(name)));
    const QString text = m_window->banner().text();
    QVERIFY2(text.contains(said), qPrintable(text));
    for (const char* wrong : {"moved or renamed", "download"}) QVERIFY2(!text.contains(QLatin1String(wrong)), wrong);
  }

  void adviceFitsWhatWentWrong() {
    m_window->files().exportTo(QStringLiteral("/proc/rankscope-export"), ExportKind::Factored, false);
    QVERIFY(test::waitIdle(m_window->jobs()));
    const QString text = m_window->banner().text();
    QVERIFY2(text.contains(QStringLiteral("/proc/rankscope-export")) && text.contains(QStringLiteral("another place")),
             qPrintable(text));
    for (const char* wrong : {"Free some space", "moved or renamed"})
      QVERIFY2(!text.contains(QLatin1String(wrong)), qPrintable(text));
  }

  void exportsAreProposedWhereTheUserWrites() {
    const auto documentsFolder = *m_folder / "my documents";
    std::filesystem::create_directory(documentsFolder);
    test::writeFile(std::filesystem::path(qgetenv("XDG_CONFIG_HOME").toStdString()) / "user-dirs.dirs",
                    "XDG_DOCUMENTS_DIR=\"" + documentsFolder.string() + "\"\n");
    settings::setText(QStringLiteral("last_folder"), QString());
    QVERIFY(test::opened(m_window->files(), demoModelPath()));
    const QString documents = path(QStringLiteral("my documents"));
    QVERIFY2(m_window->files().exportSuggestion(ExportKind::Factored).startsWith(documents + QLatin1Char('/')),
             qPrintable(m_window->files().exportSuggestion(ExportKind::Factored)));
    settings::setText(QStringLiteral("last_folder"), QFileInfo(demoModelPath()).absolutePath()); // of an older version
    QVERIFY(m_window->files().exportSuggestion(ExportKind::Dense).startsWith(documents + QLatin1Char('/')));
    QVERIFY(test::opened(m_window->files(), path(QStringLiteral("neo"))));
    QCOMPARE(m_window->files().exportSuggestion(ExportKind::Dense), path(QStringLiteral("neo-dense")));
  }

  void namesakesAmongRecentModelsShowTheirFolders() {
    for (const char* name : {"/somewhere/first/demo", "/somewhere/second/demo", "/somewhere/else"})
      settings::addRecentFile({QLatin1String(name), QFileInfo(QLatin1String(name)).fileName(), {}, {}});
    StartPage page;
    QStringList lines;
    const auto& list = *page.findChild<QListWidget*>();
    for (int row = 0; row < list.count(); ++row) lines.append(list.item(row)->text().section(QLatin1Char('\n'), 0, 0));
    QVERIFY2(lines.contains(QStringLiteral("demo – /somewhere/first/demo")), qPrintable(lines.join(QLatin1Char(';'))));
    QVERIFY(lines.contains(QStringLiteral("demo – /somewhere/second/demo")));
    QVERIFY(lines.contains(QStringLiteral("else")));
  }

 private:
  Document& document() { return m_window->document(); }
  QAction* action(const char* name) { return m_window->findChild<QAction*>(QLatin1String(name)); }
  QString path(const QString& name) const { return QString::fromStdString((*m_folder / name.toStdString()).string()); }
  std::unique_ptr<MainWindow> openWindow() {
    auto window = std::make_unique<MainWindow>();
    window->resize(1280, 800);
    window->show();
    if (!test::opened(window->files(), QString::fromStdString(m_model.string())) || !test::waitIdle(window->jobs()))
      QTest::qFail("the model does not open", __FILE__, __LINE__);
    return window;
  }

  std::unique_ptr<test::TemporaryFolder> m_folder;
  std::filesystem::path m_model;
  std::unique_ptr<MainWindow> m_window;
};

RANKSCOPE_WINDOW_TEST_MAIN(TestWindowMessages)
#include "tst_window_messages.moc"
