// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/compress/compress.h"
#include "core/model/model.h"

namespace rankscope {

/// Carries out the plan in memory: the linears of every layer that it changes. `finished`, when given, may supply
/// layers of an earlier run (see CompressionHooks). Throws Error(BadValues) naming a layer that cannot be compressed.
Substitutes
compressedLinears(const Checkpoint& checkpoint, const ResolvedPlan& plan, const SpectrumLookup& spectra,
                  const Progress& progress = {},
                  const std::function<std::optional<CompressedLayer>(LayerId, const LayerChoice&)>& finished = {},
                  const Factoriser& factoriser = {});

/// What `substitutes` must hold to turn one model into the other: the layers whose linears differ in kind or bytes.
/// Both must be the same model, the second perhaps opened from a factored export.
Substitutes substitutesBetween(const Model& original, const Model& compressed);

} // namespace rankscope
