// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/document/advice_words.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <QCoreApplication>
#include <QRegularExpression>

#include "ui/document/words.h"

namespace rankscope::ui {

namespace {

QString tr(const char* text, const char* meaning = nullptr, int n = -1) {
  return QCoreApplication::translate("rankscope::ui", text, meaning, n);
}

const AdviceRow* named(const AdviceView& view, const QString& name) {
  for (const AdviceRow& row : view.rows)
    if (row.name == name) return &row;
  return nullptr;
}

QString costOf(const AdviceRow& row) {
  return tr("KL %1, perplexity %2").arg(words::nats(row.kl), words::real(row.perplexity, 2));
}

QString plusMinus(double value, double error) {
  const QString known = words::real(value, 2);
  return std::isfinite(error) ? QStringLiteral("%1 ± %2").arg(known, words::real(error, 2)) : known;
}

/// "plain SVD", for a method as a plan names it.
QString factorWords(const QString& method) {
  if (method == QLatin1String("plain")) return tr("plain SVD");
  if (method == QLatin1String("aware")) return tr("activation-aware factors");
  return tr("factors weighted by what the predictions depend on");
}

QString storedWords(const QString& form) {
  if (form == QLatin1String("factors")) return tr("as two factors");
  const QString base = form.section(QLatin1Char('+'), 0, 0);
  return form.contains(QLatin1Char('+')) ? tr("in %1 with a low-rank correction").arg(base) : tr("in %1").arg(base);
}

QString mixture(const AdviceRow& best) {
  QStringList parts;
  for (const auto& [form, count] : best.storage)
    parts << (parts.isEmpty() ? tr("%n layers are stored %1", nullptr, static_cast<int>(count)).arg(storedWords(form))
                              : QStringLiteral("%1 %2").arg(words::count(count), storedWords(form)));
  return tr("In it, %1; everything else (embeddings, norms and the like) stays as it is.")
      .arg(parts.join(QStringLiteral(", ")));
}

QString recommendation(const AdviceView& view, const AdviceRow& best) {
  const QString text = view.tokens > 0 ? tr("%1 tokens of %2").arg(words::count(view.tokens), view.text) : view.text;
  return tr("Take \"%1\": %2.").arg(optionName(best.name), optionWords(best)) + QLatin1Char(' ') +
         tr("The exported model, its tokenizer included, goes from %1 to %2 (%3; its attention and MLP matrices to "
            "%4) and perplexity on %9 that nothing was fitted to from %5 to %6; KL is %7 nats a token, and the "
            "likeliest token stays the same %8 of the "
            "time.")
             .arg(words::bytes(view.bytesBefore), words::bytes(best.bytes), words::share(best.kept),
                  words::share(best.scopeKept), words::real(view.originalPerplexity, 2),
                  plusMinus(best.perplexity, best.perplexityError), words::nats(best.kl), words::share(best.sameToken),
                  text);
}

QString warning(const AdviceRow& best) {
  return best.kl < 0.5
             ? tr("That is a loss one notices. A larger budget, or training the factors afterwards, would help.")
             : tr("That is a heavy loss: within this budget the model is no longer what it was. Allow more bytes.");
}

QString againstUniform(const AdviceRow& uniform) {
  return tr("Within the same budget, truncating every matrix's own SVD to the same share of its rank gives %1.")
      .arg(costOf(uniform));
}

QString aboutStudy(const AdviceView& view, const AdviceRow& study) {
  const QString said = tr("The study's option \"%1\" (%2) takes %3 and gives %4")
                           .arg(optionName(study.name), optionWords(study), words::bytes(study.bytes), costOf(study));
  const AdviceRow* ours = named(view, QStringLiteral("as-small-as-") + study.name);
  return ours ? tr("%1; at the same size a plan of ours gives %2.").arg(said, costOf(*ours)) : said + QLatin1Char('.');
}

/// Where the weights' cosine and the predictions disagree about which option is best; "" where they agree.
QString aboutCosine(const AdviceView& view, const AdviceRow& best) {
  const AdviceRow* nearest = nullptr;
  for (const AdviceRow& row : view.rows)
    if (row.withinBudget && (!nearest || row.meanCosine > nearest->meanCosine)) nearest = &row;
  if (!nearest || nearest == &best || nearest->kl < 1.2 * best.kl) return {};
  return tr("The mean cosine of the weights would have chosen \"%1\" (%2 against %3), which loses %4 times as much: "
            "the "
            "cosine of the weights does not say what matters.")
      .arg(optionName(nearest->name), words::real(nearest->meanCosine, 3), words::real(best.meanCosine, 3),
           words::real(nearest->kl / best.kl, 1));
}

/// "1.32 times (1.27 to 1.36)"
QString timesOf(const SpeedRatio& ratio) {
  const QString value = words::real(ratio.value, 2);
  if (!(ratio.high > ratio.low)) return tr("%1 times").arg(value);
  return tr("%1 times (%2 to %3)").arg(value, words::real(ratio.low, 2), words::real(ratio.high, 2));
}

QString speedOf(const AdviceRow& best) {
  return tr("Here it reads a text %1 and writes one %2 as fast as the original.")
      .arg(timesOf(best.prefill), timesOf(best.decode));
}

QString repetition(const AdviceView& view, const AdviceRow& best) {
  return tr("Continuing \"%1\", %2 of its 4-grams occurred before (the original: %3).")
      .arg(view.prompt, words::share(best.repeated), words::share(view.originalRepeated));
}

QString howItWasFound(const AdviceView& view) {
  const QString tokens = words::count(view.calibratedOn);
  QStringList all{view.calibrationCovers
                      ? tr("Factors were fitted to %1 tokens of %2; %3 trials of single layers chose the ranks.")
                            .arg(tokens, view.calibrationText, words::count(view.probes))
                      : tr("Factors were fitted to %1 tokens of %2, fewer than the widest layer has inputs: give more "
                           "text; %3 trials of single layers chose the ranks.")
                            .arg(tokens, view.calibrationText, words::count(view.probes))};
  all << (view.tokens > 0 ? tr("Every option was measured on %1 tokens of %2 that took no part in that.")
                                .arg(words::count(view.tokens), view.text)
                          : tr("Every option was measured on a part of %1 that took no part in that.").arg(view.text));
  if (std::isfinite(view.medianError))
    all << tr("Predicted and measured KL of %1 random plans differ by %2 (median).")
               .arg(words::count(static_cast<std::int64_t>(view.checks.size())), words::share(view.medianError));
  return all.join(QLatin1Char(' '));
}

/// Of an option whose name says all; "" for another.
QString wordsByName(const QString& name, const AdviceRow& row) {
  const auto is = [&name](const char* other) { return name == QLatin1String(other); };
  if (is("study-doubled")) return tr("plain SVD, the study's rank doubled: 12.5 % of every matrix's full rank");
  if (is("study-selective")) return tr("plain SVD at 6.25 %, MLP and the first and last block left dense");
  if (is("study-hybrid")) return tr("plain SVD, ranks by the layer's name (18.75, 12.5 and 9.375 %), MLP left dense");
  if (is("int8") || is("int4") || is("int3")) return tr("every layer in %1, rounded").arg(name);
  if (is("mixed"))
    return tr("for every layer the best of dense, low rank, quantised, and quantised with a low-rank correction");
  if (is("low-rank")) return tr("%1, ranks by measured sensitivity").arg(factorWords(row.method));
  const QString method = name.section(QLatin1Char('-'), 0, 0);
  if (is("plain-uniform") || is("aware-uniform") || is("fisher-uniform"))
    return tr("%1, the same share of every layer's rank").arg(factorWords(method));
  if (is("plain-energy") || is("aware-energy"))
    return tr("%1, ranks where they keep the most relative energy").arg(factorWords(method));
  static const QString equal = QStringLiteral("as-small-as-");
  return name.startsWith(equal) ? tr("ours at the bytes of %1").arg(optionName(name.mid(equal.size()))) : QString();
}

QString noteWords(const AdviceRemark& note) {
  if (note.why == QLatin1String("pinned"))
    return tr("%1 of %2 layers are pinned: they stay as they are and count in the bytes")
        .arg(words::count(note.layers), words::count(note.of));
  if (note.why == QLatin1String("changes-nothing"))
    return tr("%1: changes no layer of this model").arg(optionName(note.option));
  if (note.why == QLatin1String("too-large")) return tr("%1: cannot be made small enough").arg(optionName(note.option));
  return note.sentence;
}

} // namespace

QString optionName(const QString& name) {
  static const QString inOrder = QStringLiteral("-sequential"), equal = QStringLiteral("as-small-as-");
  if (name.startsWith(equal)) return tr("as-small-as-%1").arg(optionName(name.mid(equal.size())));
  if (name.endsWith(inOrder)) return tr("%1-sequential").arg(optionName(name.chopped(inOrder.size())));
  static constexpr std::array kNames{
      QT_TRANSLATE_NOOP("rankscope::ui", "study-doubled"), QT_TRANSLATE_NOOP("rankscope::ui", "study-selective"),
      QT_TRANSLATE_NOOP("rankscope::ui", "study-hybrid"),  QT_TRANSLATE_NOOP("rankscope::ui", "plain-uniform"),
      QT_TRANSLATE_NOOP("rankscope::ui", "aware-uniform"), QT_TRANSLATE_NOOP("rankscope::ui", "fisher-uniform"),
      QT_TRANSLATE_NOOP("rankscope::ui", "plain-energy"),  QT_TRANSLATE_NOOP("rankscope::ui", "aware-energy"),
      QT_TRANSLATE_NOOP("rankscope::ui", "low-rank"),      QT_TRANSLATE_NOOP("rankscope::ui", "mixed")};
  const auto known = std::ranges::find_if(kNames, [&](const char* each) { return name == QLatin1String(each); });
  return known == kNames.end() ? name : tr(*known);
}

QStringList adviceWords(const AdviceView& view) {
  if (view.rows.empty()) return {};
  if (!view.recommended) return {tr("No option so far keeps to the budget.")};
  const AdviceRow& best = view.rows[*view.recommended];
  QStringList all{recommendation(view, best)};
  if (!best.storage.empty()) all << mixture(best);
  if (best.kl >= 0.1) all << warning(best);
  if (std::isfinite(best.prefill.value) && std::isfinite(best.decode.value)) all << speedOf(best);
  if (const AdviceRow* uniform = named(view, QStringLiteral("plain-uniform")); uniform && uniform != &best)
    all << againstUniform(*uniform);
  for (const AdviceRow& row : view.rows)
    if (row.group == QLatin1String("study")) all << aboutStudy(view, row);
  if (const QString cosine = aboutCosine(view, best); !cosine.isEmpty()) all << cosine;
  if (std::isfinite(best.repeated) && std::isfinite(view.originalRepeated)) all << repetition(view, best);
  if (!view.calibrationText.isEmpty()) all << howItWasFound(view);
  return all;
}

QStringList adviceNotes(const AdviceView& view) {
  QStringList all;
  for (const AdviceRemark& note : view.notes) all << noteWords(note);
  return all;
}

QString stageWords(const QString& item) {
  if (item == QLatin1String("layers together")) return tr("layers together");
  if (item == QLatin1String("checking the prediction")) return tr("checking the prediction");
  if (item == QLatin1String("calibrating")) return tr("calibrating");
  if (item == QLatin1String("curves of the layers")) return tr("curves of the layers");
  static const QRegularExpression inOrder(QStringLiteral("^fitting in order, block (\\d+) of (\\d+)$"));
  if (const QRegularExpressionMatch found = inOrder.match(item); found.hasMatch())
    return tr("fitting in order, block %1 of %2").arg(found.captured(1), found.captured(2));
  return optionName(item);
}

QString optionWords(const AdviceRow& row) {
  static const QString inOrder = QStringLiteral("-sequential");
  const bool sequential = row.name.endsWith(inOrder);
  const QString said = wordsByName(sequential ? row.name.chopped(inOrder.size()) : row.name, row);
  if (said.isEmpty()) return row.description;
  return sequential ? tr("%1; fitted layer after layer on what the compressed model gives it").arg(said) : said;
}

} // namespace rankscope::ui
