// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <string>

#include "core/calibrate/calibrated_method.h"
#include "core/calibrate/refine.h"

namespace rankscope {

/// True for a layer that has to be found together with the others of its plan: a sequential one, or any that is fitted
/// to a text where the plan refines them. Its parts hold for no other plan.
bool isFittedTogether(const LayerChoice& choice, int refineSteps);
/// True when the plan has such layers: fitPlan() then takes its time, else none.
bool isFittedTogether(const ResolvedPlan& plan);

/// What tells a plan and its refinement apart, the text aside: " plan 0123… refined 50". "" where no layers are found
/// together.
std::string planIdentity(const ResolvedPlan& plan);
/// As method.applyTo(), and adds the plan's identity to the method of the layers that are found together, so that no
/// run under another plan resumes them.
void identify(ResolvedPlan& plan, const CalibratedMethod& method);

/// Carries out what a plan asks for beyond single layers, and gives what makes the parts of all its layers. Sequential
/// layers are fitted block by block on the inputs that the model compressed so far gives (fitInOrder), all other layers
/// of the plan in their place already; then, with plan.refineSteps, the parts of all layers that are fitted to a text
/// are refined together. `method` was applied to the plan and its text() is not empty. `refinement` says how to refine;
/// its steps and fixed layers are the plan's.
Factoriser fitPlan(const Model& original, const ResolvedPlan& plan, const CalibratedMethod& method,
                   const Progress& progress = {}, const RefineOptions& refinement = {},
                   const std::function<void(const RefineStep&)>& sink = {});

/// What stands for a layer when its factors are rounded as the choice says.
LinearPtr linearOf(const LayerInfo& layer, const LayerParts& parts, const LayerChoice& choice);

} // namespace rankscope
