// When the loads of one CPU ran. Each has bounds: it follows some earlier loads, and a load that
// missed a write that another one knows of ran before that one. The times kept are the least that
// meet all of them, so that nothing is decided before it has to be: a new old read may move others
// to later times, up to their places in the program.
#ifndef WALKRACE_ENGINE_LOAD_TIMES_H_
#define WALKRACE_ENGINE_LOAD_TIMES_H_

#include <algorithm>
#include <cstdint>
#include <vector>

namespace walkrace {

using Time = uint32_t;

// Loads of one CPU, by number from 0: all below a number, and some of the first 64.
struct LoadsBefore {
  uint32_t below;
  uint64_t also;
};
inline constexpr LoadsBefore kAfterAllLoads = {UINT32_MAX, 0};
inline constexpr LoadsBefore kAfterNoLoad = {0, 0};

// An access that came before newer writes of its place than the one of this number: a load that
// read that one, or the store (at a time that is known) whose number it is.
struct OldRead {
  uint32_t load;  // kStore: none
  uint16_t place;
  uint16_t number;
  Time time = 0;

  static constexpr uint32_t kStore = UINT32_MAX;
};

class LoadTimes {
 public:
  struct Load {
    Time earliest = 0;  // by itself
    Time latest = 0;
    LoadsBefore after = kAfterNoLoad;
    LoadsBefore also_after = kAfterNoLoad;
    uint16_t write = UINT16_MAX;  // of another CPU, that it read; UINT16_MAX: none
    bool acquire = false;
    bool for_rmb = true;
    // Kept up to date here.
    uint32_t fence_below = 0;  // loads below this one stand before a fence for all loads
    uint32_t rmb_below = 0;    // the same for those that smp_rmb() orders
    Time least = 0;
    Time all_so_far = 0;  // the latest of this load and those before it
    Time rmb_so_far = 0;
  };

  void Begin() { *this = LoadTimes(std::move(loads_), std::move(old_reads_), std::move(saved_)); }
  LoadTimes() = default;

  uint32_t count() const { return forgotten_ + static_cast<uint32_t>(loads_.size()); }
  const std::vector<OldRead>& old_reads() const { return old_reads_; }
  Time TimeOf(const OldRead& old) const {
    return old.load == OldRead::kStore ? old.time : least(old.load);
  }
  void AddOldStore(OldRead old) { old_reads_.push_back(old); }
  // A write was put in at this number: those from there on have moved up.
  void MakeRoomAt(uint16_t place, uint16_t number) {
    for (OldRead& old : old_reads_) {
      if (old.place == place && old.number >= number) ++old.number;
    }
  }
  Time floor() const { return floor_; }
  Time least(uint32_t load) const {
    return load < forgotten_ ? floor_ : loads_[load - forgotten_].least;
  }

  // No later load runs before this.
  void RaiseFloor(Time time) { floor_ = std::max(floor_, time); }
  // Later loads run behind all that are there now, or behind those below this number.
  void ReadFence();
  void FenceBelow(uint32_t below);

  // The least time of a load that was to come now.
  Time Lower(const LoadsBefore& after) const;

  // REQUIRES: load.earliest is at least Lower() of both.
  void Add(const Load& load);
  // The same for one that misses writes: `misses(old, write)` says whether what comes with a write
  // is newer than what an old read read. Returns false, and changes nothing, where there is no such
  // time for it.
  template <typename Misses>
  bool AddOld(const Load& load, OldRead old, bool keep, Misses misses);

  // All loads are older than this, and nothing else is known of them any more.
  void Forget(Time time);

 private:
  friend class WeakMemoryState;

  LoadTimes(std::vector<Load>&& loads, std::vector<OldRead>&& old_reads, std::vector<Time>&& saved)
      : loads_(std::move(loads)), old_reads_(std::move(old_reads)), saved_(std::move(saved)) {
    loads_.clear();
    old_reads_.clear();
  }

  Time AllBelow(uint32_t below) const;
  Time RmbBelow(uint32_t below) const;
  Time Of(const LoadsBefore& after) const;
  template <typename Misses>
  bool Solve(Misses misses);
  void Restore();

  uint32_t forgotten_ = 0;
  std::vector<Load> loads_;
  std::vector<OldRead> old_reads_;
  std::vector<Time> saved_;
  Time floor_ = 0;
  Time acquired_ = 0;  // the latest acquire
  uint32_t fence_below_ = 0;
  uint32_t rmb_below_ = 0;
};

inline Time LoadTimes::AllBelow(uint32_t below) const {
  if (below <= forgotten_ || loads_.empty()) return 0;
  return loads_[std::min<size_t>(below - forgotten_, loads_.size()) - 1].all_so_far;
}

inline Time LoadTimes::RmbBelow(uint32_t below) const {
  if (below <= forgotten_ || loads_.empty()) return 0;
  return loads_[std::min<size_t>(below - forgotten_, loads_.size()) - 1].rmb_so_far;
}

inline Time LoadTimes::Of(const LoadsBefore& after) const {
  Time time = AllBelow(after.below);
  for (uint64_t rest = after.also; rest != 0; rest &= rest - 1) {
    time = std::max(time, least(static_cast<uint32_t>(__builtin_ctzll(rest))));
  }
  return time;
}

inline void LoadTimes::ReadFence() { rmb_below_ = count(); }
inline void LoadTimes::FenceBelow(uint32_t below) { fence_below_ = std::max(fence_below_, below); }

inline Time LoadTimes::Lower(const LoadsBefore& after) const {
  return std::max(std::max(std::max(floor_, acquired_), Of(after)),
                  std::max(AllBelow(fence_below_), RmbBelow(rmb_below_)));
}

inline void LoadTimes::Add(const Load& load) {
  const bool first = loads_.empty();
  const Time all = first ? 0 : loads_.back().all_so_far;
  const Time rmb = first ? 0 : loads_.back().rmb_so_far;
  loads_.push_back(load);
  Load& added = loads_.back();
  // Behind all loads: all that were there by now.
  for (LoadsBefore* after : {&added.after, &added.also_after}) {
    after->below = std::min(after->below, count() - 1);
  }
  added.fence_below = fence_below_;
  added.rmb_below = rmb_below_;
  added.least = load.earliest;
  added.all_so_far = std::max(all, added.least);
  added.rmb_so_far = load.for_rmb ? std::max(rmb, added.least) : rmb;
  if (load.acquire) acquired_ = std::max(acquired_, added.least);
}

template <typename Misses>
bool LoadTimes::AddOld(const Load& load, OldRead old, bool keep, Misses misses) {
  const Time acquired = acquired_;
  saved_.clear();
  for (const Load& each : loads_) saved_.push_back(each.least);
  old.load = count();
  Add(load);
  old_reads_.push_back(old);
  const bool possible = Solve(misses);
  if (possible && keep) return true;
  loads_.pop_back();
  old_reads_.pop_back();
  acquired_ = acquired;
  Restore();
  return possible;
}

// Least fixed point, from below: nothing ever moves to an earlier time.
template <typename Misses>
bool LoadTimes::Solve(Misses misses) {
  for (bool changed = true; changed;) {
    changed = false;
    Time acquired = 0, all = 0, rmb = 0;
    for (uint32_t i = 0; i < loads_.size(); ++i) {
      Load& load = loads_[i];
      // Those before it are up to date.
      Time least = std::max({load.least, acquired, Of(load.after), Of(load.also_after),
                             AllBelow(load.fence_below), RmbBelow(load.rmb_below)});
      if (load.write != UINT16_MAX) {
        for (const OldRead& old : old_reads_) {
          if (old.load == i + forgotten_) continue;
          const Time missed = TimeOf(old) + 1;
          if (missed > least && misses(old, load.write)) least = missed;
        }
      }
      if (least > load.latest) return false;
      if (least != load.least) changed = true;
      load.least = least;
      all = std::max(all, least);
      if (load.for_rmb) rmb = std::max(rmb, least);
      load.all_so_far = all;
      load.rmb_so_far = rmb;
      if (load.acquire) acquired = std::max(acquired, least);
    }
    acquired_ = std::max(acquired_, acquired);
  }
  return true;
}

inline void LoadTimes::Restore() {
  Time all = 0, rmb = 0;
  for (size_t i = 0; i < loads_.size(); ++i) {
    Load& load = loads_[i];
    load.least = saved_[i];
    all = std::max(all, load.least);
    if (load.for_rmb) rmb = std::max(rmb, load.least);
    load.all_so_far = all;
    load.rmb_so_far = rmb;
  }
}

inline void LoadTimes::Forget(Time time) {
  RaiseFloor(time);
  forgotten_ = count();
  loads_.clear();
  old_reads_.clear();
}

}  // namespace walkrace

#endif  // WALKRACE_ENGINE_LOAD_TIMES_H_
