// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Private to core/advise: how long the steps of an advice take beside each other.

#include <cstdint>
#include <span>

#include "core/advise/advise.h"

namespace rankscope {

/// What the steps of an advice are expected to cost, in floating-point operations of large products: what goes slower
/// counts for more. For shares of progress; good within a factor of two or so.
class AdviceCosts final {
 public:
  /// What is given must outlive it.
  AdviceCosts(const Model& original, const AdviceTexts& texts, const AdviceRequest& request);

  double calibration() const;                                ///< forward, backward and moments
  double run(std::int64_t tokens, int firstBlock = 0) const; ///< of the blocks from one on, and the head
  double trial(LayerId layer) const;                         ///< the layer compressed, and the probes' text run
  double jointRun() const;                                   ///< a plan carried out, and run on the text of those
  double original() const;                                   ///< the original's own on that text, kept and measured
  double check() const;                                      ///< the same on the text that is measured on
  double fitInOrder() const;                                 ///< all layers, on what the compressed model gives them
  double compression() const;                                ///< all layers, each by itself
  double sample() const;                                     ///< of text
  double option(bool inOrder) const;                         ///< a plan carried out and measured

  // Before it is known which ways there are, which ranks are tried and which options can be made:
  double curves(std::span<const LayerId> scope) const; ///< of all layers in all ways
  double trials(std::span<const LayerId> scope) const;
  double joint() const; ///< the runs that the prediction is fitted to and checked with
  double options() const;

 private:
  double curve(LayerId layer) const;
  int expectedWays() const;

  const Model& m_original;
  const AdviceTexts& m_texts;
  const AdviceRequest& m_request;
  double m_calibrationTokens = 0;
  double m_head = 0; ///< flops a token
};

/// How the speed of an option is measured.
SpeedOptions adviceSpeed();

/// Tokens of all windows.
std::int64_t tokensOf(std::span<const Window> windows);

} // namespace rankscope
