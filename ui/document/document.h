// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include <QObject>
#include <QString>
#include <QUndoStack>

#include "core/base/error.h"
#include "core/compress/compress.h"
#include "core/model/model.h"
#include "core/report/export_model.h"
#include "core/spectrum/analyse.h"
#include "core/store/run_file.h"
#include "ui/document/plan_edits.h"
#include "ui/document/diagnostics.h"

namespace rankscope::ui {

class Calibrator;
class JobRunner;
class RunStorage;
struct OpenedModel;

/// What was measured of one layer, and the choice it was measured for.
struct LayerResult {
  LayerChoice choice;
  Quality quality;
  std::optional<Quality> outputs; ///< on the text that the choice's method was fitted to
  std::uint64_t bytesAfter = 0;
  QString error;
};

/// Predicted values hold for exact truncation; measured ones for the factors as stored; stale ones for a choice that
/// the plan has changed since.
enum class Standing { Unknown, Predicted, Measured, Stale };

/// Sums over the plan as it is now.
struct PlanTotals {
  ByteTotals model;
  ByteTotals scope;   ///< of the layers that presets and budgets may touch
  int compressed = 0; ///< layers that get factors
  int dense = 0;
  int unknown = 0;               ///< compressed layers whose spectrum is not known yet
  int larger = 0;                ///< layers that take more bytes than in the checkpoint
  int measured = 0;              ///< compressed layers with a current measurement
  double meanCosine = 0;         ///< of compressed layers with a known cosine, measured where there is one
  std::array<int, 5> verdicts{}; ///< compressed layers by verdict
};

/// The open model with everything known and chosen about it. Owns the values; views read them and change plans only
/// through the functions here, each of which is an undo command. Belongs to the GUI thread.
class Document final : public QObject {
  Q_OBJECT

 public:
  explicit Document(JobRunner& jobs, QObject* parent = nullptr);
  ~Document() override;

  /// Shows a model that was read, in place of the one before. Spectra begin to arrive at once.
  void show(OpenedModel model);
  /// Reads on this thread and shows: what readModel() and readMovedModel() throw changes nothing.
  void open(const std::filesystem::path& path);
  void openMoved(const std::filesystem::path& run, const std::filesystem::path& model);
  void close();
  bool isOpen() const { return m_checkpoint != nullptr; }

  const std::shared_ptr<const Checkpoint>& checkpoint() const { return m_checkpoint; }
  std::size_t layerCount() const { return m_checkpoint ? m_checkpoint->layers().size() : 0; }
  const LayerInfo& layer(LayerId id) const { return m_checkpoint->layer(id); }
  std::vector<LayerId> allLayers() const;
  const std::vector<LayerId>& scope() const { return m_scope; } ///< what presets and budgets may touch

  std::shared_ptr<const Spectrum> spectrum(LayerId id) const { return m_layers[id.value].spectrum; }
  QString spectrumError(LayerId id) const { return m_layers[id.value].error; }
  const DiagnosticValues& diagnostics(LayerId id) const { return m_layers[id.value].diagnostics; }
  std::optional<double> diagnostic(LayerId id, Diagnostic which) const; ///< none while the spectrum is not known
  int spectraKnown() const { return m_spectraKnown; }                   ///< failed ones included
  SpectrumLookup spectra() const; ///< safe to use on another thread: holds what is known now

  const PlanState& planState() const { return *m_state; } ///< holds until the plan changes, as plan() does
  const RankPlan& plan() const { return m_state->plan; }
  const ResolvedPlan& resolved() const { return m_resolved; }
  const LayerChoice& choice(LayerId id) const { return m_resolved.layers[id.value]; }
  /// What another plan would choose for this model, with the spectra known now.
  ResolvedPlan resolvedAs(const RankPlan& plan) const;
  std::optional<std::int64_t> rank(LayerId id) const { return m_resolved.layers[id.value].rank; }
  bool isPinned(LayerId id) const { return m_state->pinned.contains(layer(id).name); }
  bool isOverridden(LayerId id) const { return plan().overrides.contains(layer(id).name); }

  std::optional<double> predictedCosine(LayerId id) const; ///< of the rank chosen now; 1 for dense, none with a base
  const LayerResult* result(LayerId id) const;             ///< null while nothing was measured
  Standing standing(LayerId id) const;
  std::optional<double> bestCosine(LayerId id) const; ///< measured if current, else predicted
  std::optional<Verdict> verdict(LayerId id) const;   ///< of bestCosine(); none for dense layers
  std::uint64_t bytesAfter(LayerId id) const;
  bool isLarger(LayerId id) const { return bytesAfter(id) > layer(id).bytes; } ///< than as it is in the checkpoint
  const PlanTotals& totals() const { return m_totals; }
  const VerdictThresholds& thresholds() const { return m_thresholds; }
  void setThresholds(const VerdictThresholds& thresholds);

  QUndoStack& undoStack() { return m_undo; }

  /// One undo step named `name`. Steps with the same `gesture` (not 0) that follow each other become one.
  void change(PlanState state, const QString& name, int gesture = 0);
  void changePlan(RankPlan plan, const QString& name); ///< pinned layers keep what they have
  void setRank(const std::vector<LayerId>& layers, std::optional<std::int64_t> rank, int gesture = 0);
  void setRanks(const std::vector<std::pair<LayerId, std::optional<std::int64_t>>>& ranks, const QString& name,
                int gesture = 0);
  /// Quantises the matrices and makes factors, where there are any, their correction; nullopt: factors or dense again.
  void setBase(const std::vector<LayerId>& layers, std::optional<Storage> base);
  void clearOverrides(const std::vector<LayerId>& layers);
  void setPinned(const std::vector<LayerId>& layers, bool pinned);
  int newGesture() { return ++m_lastGesture; }

  /// Selection, shared by all views; `current` is the one that plots put in front.
  const std::vector<LayerId>& selection() const { return m_selection; }
  std::optional<LayerId> current() const { return m_current; }
  void select(std::vector<LayerId> layers, std::optional<LayerId> current);
  /// Layers that are on screen: their spectra come right after those of the selection.
  void setVisibleLayers(std::vector<LayerId> layers);

  /// Starts (or queues) compression of everything the plan asks for; what the run file has already is not repeated.
  void compress();
  /// The same, and writes a model into the folder `target`. Takes results from the run file where it has them.
  void exportModel(const std::filesystem::path& target, ExportKind kind, bool overwrite);
  /// In the background; `.html`, `.md` or `.csv` by the name.
  void writeReport(const std::filesystem::path& path);

  /// Fits the plan's methods to the calibration text now; compress() and all that does the same would do it first.
  void calibrate();
  bool needsCalibration() const;                     ///< the plan has methods that are fitted to a text
  Calibrator& calibrator() { return *m_calibrator; } ///< while a model is open
  const std::shared_ptr<Calibrator>& sharedCalibrator() const { return m_calibrator; } ///< for workers

  /// For workers: carries out the plan as it is now, taking and keeping results as compress() does, and returns the
  /// linears that change. Throws Error naming a layer that cannot be compressed.
  std::function<Substitutes(const Progress&)> compressedLinears();
  const std::shared_ptr<RunStorage>& storage() const { return m_storage; }

  std::filesystem::path runPath() const;
  bool runIsPrivate() const {
    return m_runIsPrivate;
  } ///< it lies in the program's own folder, not where the user put it
  /// In the background: everything so far goes to `path` (which may be where it is already), and what follows, too.
  void saveRunAs(const std::filesystem::path& path);
  void savePlan(const std::filesystem::path& path);
  void loadPlan(const std::filesystem::path& path);

  const std::map<std::string, std::string, std::less<>>& snapshots() const { return m_snapshots; }
  void setSnapshots(std::map<std::string, std::string, std::less<>> snapshots);

 signals:
  void aboutToChange(); ///< another model (or none) is about to replace this one
  void opened();
  void closed();
  void layersChanged(const std::vector<rankscope::LayerId>& layers); ///< anything shown of them
  void planChanged();                                                ///< after layersChanged
  void totalsChanged();
  void selectionChanged();
  void snapshotsChanged();
  void runRead(const rankscope::RunContents& contents); ///< what the run file held when it was opened
  void spectrumArrived(rankscope::LayerId layer);
  void spectraEnded();                ///< all known that will be
  void restored(const QString& what); ///< plan or results came from an earlier session
  void notice(const QString& text);   ///< something worth a line, nothing wrong
  void failed(const rankscope::Error& error);
  /// The model's run file cannot be opened (InUse: another window or command has it): nothing is kept on disk.
  void runNotKept(const Error& why);
  void exported(const QString& path);
  void reported(const QString& path);
  void saved(const QString& path);
  void runMoved();
  void calibrated(); ///< methods may have been fitted to a text

 private:
  friend class ChangePlan;
  /// What a layer adds to the totals.
  struct Tally {
    std::uint64_t bytes = 0;
    Standing standing = Standing::Unknown;
    std::optional<double> cosine = {}; ///< none for a dense layer, or while it is not known
    bool dense = true;
  };
  struct Layer {
    std::shared_ptr<const Spectrum> spectrum;
    QString error;
    DiagnosticValues diagnostics = kNoDiagnostics;
    std::optional<LayerResult> result;
    Tally tally;
  };
  using SharedState = std::shared_ptr<const PlanState>;

  void apply(const SharedState& state);
  std::optional<std::vector<std::pair<LayerId, LayerChoice>>> overridden(const RankPlan& before) const;
  void resolveAll();
  Tally tallyOf(LayerId id) const;
  /// Of these layers anew; the others count as they did.
  void updateTotals(const std::vector<LayerId>& changed);
  void take(AnalysedLayer&& layer, const DiagnosticValues& diagnostics);
  void takeResult(LayerId id, LayerResult result);
  void touch(LayerId id);
  void flushTouched();
  void startSpectra();
  bool waitsForSpectra() const; ///< rules of the plan need spectra that are not known yet
  void preferLayers();
  void takeRun(const RunContents& contents);
  std::shared_ptr<RunStorage> newStorage(const std::filesystem::path& path);
  std::function<void(CompressedLayer&&)> resultSink(int generation); ///< for workers: hands results to takeResult()

  JobRunner& m_jobs;
  std::shared_ptr<const Checkpoint> m_checkpoint;
  std::vector<Layer> m_layers;
  SharedState m_state = std::make_shared<const PlanState>(); ///< undo steps and the run file's writer hold it, too
  ResolvedPlan m_resolved;
  std::string m_planIdentity; ///< of m_resolved, see planIdentity()
  PlanTotals m_totals;
  VerdictThresholds m_thresholds;
  QUndoStack m_undo;
  std::vector<LayerId> m_selection;
  std::optional<LayerId> m_current;
  std::vector<LayerId> m_visible;
  std::vector<LayerId> m_touched;
  std::vector<LayerId> m_scope;
  std::map<std::string, std::string, std::less<>> m_snapshots;
  std::optional<Schedule> m_schedule;
  std::shared_ptr<RunStorage> m_storage;
  std::shared_ptr<Calibrator> m_calibrator;
  bool m_runIsPrivate = true;
  bool m_planEdited = false; ///< by the user, since opening: a run file that opens later must not replace it
  bool m_rulesWait = false;  ///< spectra arrived that rules by cosine or energy have been waiting for
  int m_spectraKnown = 0;
  int m_spectraJob = 0;
  int m_lastGesture = 0;
  int m_generation = 0; ///< of the open model: letters of an earlier one are thrown away
};

} // namespace rankscope::ui
