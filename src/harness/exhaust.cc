#include "harness/exhaust.h"

#include <chrono>

#include "harness/confirm.h"
#include "harness/describe.h"
#include "harness/interrupt.h"
#include "oracle/oracle_footprints.h"

namespace walkrace {
namespace {

constexpr double kProgressSeconds = 2;
constexpr double kKeepSeconds = 60;
constexpr uint64_t kSchedulesPerClock = 32;
// Of the bounds that nobody asked for: the highest, and how many schedules for all together.
constexpr uint32_t kBoundFirst = 2;
constexpr uint64_t kBoundedFirst = 10'000;

class Exhaustion {
 public:
  explicit Exhaustion(const ExhaustOptions& options)
      : options_(options),
        footprints_(runner_.engine_to_search(), runner_.oracles()),
        next_progress_(kProgressSeconds),
        next_keep_(kKeepSeconds) {
    result_.state.fingerprint =
        FingerprintOf(options.scenario, options.context, options.preemptions, options.strict);
    if (options.resumed == nullptr) return;
    stale_ = options.resumed->fingerprint != result_.state.fingerprint;
    result_.state = *options.resumed;
    result_.known_exposed = options.resumed->known_exposed;
    result_.schedules_before = options.resumed->bounded_schedules;
    if (options.resumed->bounds_done > 0) result_.bound = options.resumed->bounds_done - 1;
  }

  ExhaustResult Run() {
    if (stale_) {
      result_.end = ExhaustEnd::kStale;
    } else if (options_.context.run.memory != MemoryKind::kSc) {
      result_.end = RunBounds<WeakSearch>(options_.preemptions.value_or(kStepsMax), UINT64_MAX);
    } else if (options_.preemptions.has_value()) {
      result_.end = RunBounds<BoundedSearch>(*options_.preemptions, UINT64_MAX);
    } else {
      // What is resumed has been through this.
      const bool cheap_first = result_.state.path.empty();
      result_.end =
          cheap_first ? RunBounds<BoundedSearch>(kBoundFirst, kBoundedFirst) : ExhaustEnd::kBounded;
      if (result_.end == ExhaustEnd::kBounded) result_.end = RunReduced();
    }
    if (result_.end != ExhaustEnd::kViolation) result_.report.violation = Violation();
    result_.seconds = Seconds();
    result_.state.seconds = result_.seconds;
    result_.state.known_exposed = result_.known_exposed;
    return std::move(result_);
  }

 private:
  double Seconds() const {
    const double before = options_.resumed == nullptr ? 0 : options_.resumed->seconds;
    return before + SecondsHere();
  }
  double SecondsHere() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

  // Until `bound`, or until so many schedules were run. Returns kBounded where a bound that is left
  // is the search's own.
  template <typename Search>
  ExhaustEnd RunBounds(uint32_t bound, uint64_t schedules_max) {
    for (uint32_t now = result_.state.bounds_done; now <= bound; ++now) {
      Search search(runner_.engine_to_search(), footprints_, now);
      const uint64_t left = schedules_max - result_.schedules_before;
      const std::optional<ExhaustEnd> end = RunSearch(search, now, left);
      result_.covered_bound = now;
      result_.schedules = search.schedules();
      result_.classes = search.classes();
      result_.covered = search.Covered();
      if (end.has_value()) return *end;
      if (search.Next()) break;  // `left` were not enough
      result_.bound = now;
      result_.state.bounds_done = now + 1;
      if (!search.left_out()) return ExhaustEnd::kComplete;
      if (now == bound) break;
      result_.schedules_before += search.schedules();
      result_.state.bounded_schedules = result_.schedules_before;
    }
    return ExhaustEnd::kBounded;
  }

  ExhaustEnd RunReduced() {
    if (result_.state.path.empty()) result_.schedules_before += result_.schedules;
    result_.state.bounded_schedules = result_.schedules_before;
    ReducedSearch search(runner_.engine_to_search(), footprints_);
    if (!result_.state.path.empty()) {
      search.Resume(result_.state.path, result_.state.schedules, result_.state.classes);
    }
    reduced_ = &search;
    const std::optional<ExhaustEnd> end = RunSearch(search, std::nullopt, UINT64_MAX);
    reduced_ = nullptr;
    result_.covered_bound.reset();
    Keep(search);
    result_.schedules = search.schedules();
    result_.classes = search.classes();
    result_.covered = search.Covered();
    if (search.stale()) return ExhaustEnd::kStale;
    return end.value_or(ExhaustEnd::kComplete);
  }

  void Keep(const ReducedSearch& search) {
    result_.state.path = search.Path();
    result_.state.schedules = search.schedules();
    result_.state.classes = search.classes();
  }

  // Returns nothing where the search is done, or `left` schedules have been run.
  std::optional<ExhaustEnd> RunSearch(ExhaustiveSearch& search, std::optional<uint32_t> bound,
                                      uint64_t left) {
    for (uint64_t i = 0; search.Next() && i < left; ++i) {
      if (i % kSchedulesPerClock == 0 && Stops(search, bound)) return ExhaustEnd::kStopped;
      result_.report = runner_.Run(options_.scenario, options_.context.run, search, 0);
      watchdog_.Pat();
      const bool violates = search.whole() && !result_.report.clean();
      search.EndRun(result_.report.run,
                    violates && result_.report.run.outcome == Outcome::kStopped);
      if (violates && IsFinding()) return ExhaustEnd::kViolation;
      if (reduced_ != nullptr && reduced_->stale()) break;
    }
    return std::nullopt;
  }

  // Counts a known exposure; keeps any other violation.
  bool IsFinding() {
    const std::string signature = SignatureOf(runner_.engine(), result_.report.violation);
    const KnownExposure* exposure =
        options_.strict ? nullptr : FindKnownExposure(options_.context.run, signature);
    if (exposure != nullptr) {
      ++result_.known_exposed;
      result_.exposure = exposure;
      return false;
    }
    result_.signature = signature;
    result_.file = FileOfLastRun(runner_, options_.scenario, options_.context, result_.report);
    result_.asked = &runner_.engine().backend() != options_.confirm_on;
    result_.confirmed = !result_.asked || ConfirmLastRun(result_.file.input, options_.context.run,
                                                         result_.report, *options_.confirm_on);
    return true;
  }

  bool Stops(const ExhaustiveSearch& search, std::optional<uint32_t> bound) {
    const double seconds = SecondsHere();
    result_.interrupted = Interrupted();
    if (result_.interrupted || seconds >= options_.seconds_max) return true;
    if (options_.progress && seconds >= next_progress_) {
      options_.progress({bound, search.schedules(), search.classes(), search.Covered(), Seconds()});
      next_progress_ = seconds + kProgressSeconds;
    }
    if (options_.keep && reduced_ != nullptr && seconds >= next_keep_) {
      Keep(*reduced_);
      result_.state.seconds = Seconds();
      result_.state.known_exposed = result_.known_exposed;
      options_.keep(result_.state);
      next_keep_ = seconds + kKeepSeconds;
    }
    return false;
  }

  const ExhaustOptions& options_;
  Runner& runner_ = Runner::Get();
  OracleFootprints footprints_;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  Watchdog watchdog_;
  double next_progress_, next_keep_;
  bool stale_ = false;
  ReducedSearch* reduced_ = nullptr;
  ExhaustResult result_;
};

}  // namespace

ExhaustResult Exhaust(const ExhaustOptions& options) { return Exhaustion(options).Run(); }

}  // namespace walkrace
