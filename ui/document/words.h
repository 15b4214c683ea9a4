// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>

#include <QString>

#include "core/base/error.h"
#include "core/checkpoint/layer.h"
#include "core/compress/quality.h"
#include "core/evaluate/speed_ratio.h"
#include "core/plan/presets.h"
#include "core/plan/rank_plan.h"
#include "core/plan/resolve.h"

/// Numbers and things of the core as words of the user's language, the same everywhere in the window.
namespace rankscope::ui::words {

/// Three decimals; more where three would round a value below 1 up to it ("0.99997").
QString cosine(double value);
QString relativeError(double value); ///< percent with one decimal, more when tiny
QString share(double fraction);      ///< "48 %"
/// "27.1 MiB", or "28.4 MB" once useDecimalBytes() was told so.
QString bytes(std::uint64_t count);
void useDecimalBytes(bool decimal);
QString count(std::int64_t value); ///< with the locale's grouping
QString real(double value, int decimals = 1);
QString times(const SpeedRatio& ratio); ///< "× 1.32 ± 0.04"; "–" where it was not measured
/// A KL in nats a token: three decimals, two significant digits below 0.01 ("0.00041", "4.1e-06"), so that only nothing
/// reads as 0.
QString nats(double kl);
QString rank(const std::optional<std::int64_t>& rank); ///< "96", "dense"
QString choice(const LayerChoice& choice);             ///< "96", "dense", "int4", "int4 + 8"
QString stored(const LayerInfo& layer);                ///< the same of a layer that the model holds compressed
QString shape(std::int64_t rows, std::int64_t cols);   ///< "768 × 3,072" without grouping
QString duration(double seconds);                      ///< "12 s", "3 min 20 s", "1 h 5 min"
QString verdict(Verdict verdict);
QString verdictMark(Verdict verdict); ///< one character, different for each, so that colour is never alone
QString role(Role role);
QString storage(Storage storage);
QString dtype(DType dtype);
QString preset(Preset preset);
QString action(const Action& action); ///< the rank a rule asks for: "rank 256", "18.75 % of full rank", "dense"
QString request(const Rule& rule);    ///< all that it asks for: "int4 + rank 8"

/// The tensor's name without what every name shares ("transformer.", "model.") and without ".weight".
QString shortName(const LayerInfo& layer);

/// What happened and, where something can be done, what.
struct Trouble {
  QString what;
  QString advice;
};
Trouble trouble(const Error& error);

} // namespace rankscope::ui::words
