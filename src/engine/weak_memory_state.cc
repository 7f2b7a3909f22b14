#include "engine/weak_memory_state.h"

#include <algorithm>
#include <array>

#include "base/check.h"

namespace walkrace {

void CpuFuture::Add(const CpuFuture& other) {
  loads |= other.loads;
  stores |= other.stores;
  writes |= other.writes;
  locks |= other.locks;
  tells_own |= other.tells_own;
  tells_known |= other.tells_known;
  rcu_locks |= other.rcu_locks;
  waits_for_readers |= other.waits_for_readers;
}

void WeakMemoryState::Look(const CpuFuture* futures) {
  WR_CHECK(memory_.messages_.empty());
  places_.clear();
  for (size_t i = 0; i < memory_.places_.size(); ++i) {
    if (memory_.places_[i].newest != kInitialWrite) places_.push_back(i);
  }
  std::sort(places_.begin(), places_.end(), [&](size_t a, size_t b) {
    return memory_.places_[a].location < memory_.places_[b].location;
  });
  any_locks_ = any_waits_for_readers_ = false;
  for (CpuId cpu = 0; cpu < memory_.cpu_count_; ++cpu) {
    views_[cpu].future = futures[cpu];
    any_locks_ |= futures[cpu].locks;
    any_waits_for_readers_ |= futures[cpu].waits_for_readers;
  }
  for (CpuId cpu = 0; cpu < memory_.cpu_count_; ++cpu) {
    LookAtLoads(cpu);
    FindHighest(cpu);
  }
  FindBases();
  NumberWrites();
}

// --- Loads -------------------------------------------------------------------------------------

int WeakMemoryState::Follows(CpuId cpu, uint32_t i, uint32_t k) const {
  const LoadTimes& times = memory_.cpus_[cpu].times;
  const View& view = views_[cpu];
  const size_t place_count = memory_.places_.size();
  for (const OldRead& old : times.old_reads_) {
    if (old.load == k && i != k && view.brought[i * place_count + old.place] > old.number) return 2;
  }
  if (k >= i) return 0;
  const LoadTimes::Load& later = times.loads_[i];
  const LoadTimes::Load& earlier = times.loads_[k];
  const auto has = [&](const LoadsBefore& loads) {
    return k < loads.below || (k < 64 && (loads.also >> k & 1) != 0);
  };
  return static_cast<int>(earlier.acquire || has(later.after) || has(later.also_after) ||
                          k < later.fence_below || (earlier.for_rmb && k < later.rmb_below));
}

// Which of this CPU's loads matter, from when on the next ones run, and what they can read.
void WeakMemoryState::LookAtLoads(CpuId cpu) {
  const LoadTimes& times = memory_.cpus_[cpu].times;
  WR_CHECK(times.forgotten_ == 0 && 2 * times.loads_.size() < step_);
  View& view = views_[cpu];
  view.loads.clear();
  view.bounds.clear();
  view.oldest.assign(memory_.places_.size(), kNobody);
  view.kept_count = 0;
  view.floor = 0;
  if (view.future.loads == 0) return;
  view.floor = Step(times.Lower(memory_.rules_.loads_in_order ? kAfterAllLoads : kAfterNoLoad));
  for (const LoadTimes::Load& load : times.loads_) {
    view.loads.push_back({load.latest, false, false, 0});
  }
  if (!memory_.rules_.multicopy_atomic) {
    FindBrought(cpu);
    NarrowLatest(cpu);
  }
  FindOldest(cpu);
  FindMoving(cpu);
  FindBounds(cpu);
  for (size_t i = 0; i < view.loads.size(); ++i) {
    Load& load = view.loads[i];
    load.is_kept = load.may_move || Rank(view, Step(times.loads_[i].least)) > 0;
    if (load.is_kept) load.kept_number = view.kept_count++;
  }
  WR_CHECK(view.kept_count <= 64);
}

void WeakMemoryState::FindBrought(CpuId cpu) {
  const LoadTimes& times = memory_.cpus_[cpu].times;
  View& view = views_[cpu];
  const size_t place_count = memory_.places_.size();
  view.brought.assign(view.loads.size() * place_count, 0);
  for (size_t i = 0; i < view.loads.size(); ++i) {
    const WriteId read = times.loads_[i].write;
    if (read == kInitialWrite) continue;
    const auto add = [&](unsigned id) {
      const Write& write = memory_.writes_[id];
      if (!Committed(write)) return;
      Number& newest = view.brought[i * place_count + write.place];
      newest = std::max(newest, write.number);
    };
    add(read);
    memory_.writes_[read].before.ForEach(add);
  }
}

// A load that another one follows runs no later than that one may.
void WeakMemoryState::NarrowLatest(CpuId cpu) {
  View& view = views_[cpu];
  const auto count = static_cast<uint32_t>(view.loads.size());
  for (bool changed = true; changed;) {
    changed = false;
    for (uint32_t i = 0; i < count; ++i) {
      for (uint32_t k = 0; k < count; ++k) {
        const int follows = Follows(cpu, i, k);
        if (follows == 0) continue;
        const Time latest = view.loads[i].latest - (follows == 2 ? 1 : 0);
        if (latest >= view.loads[k].latest) continue;
        view.loads[k].latest = latest;
        changed = true;
      }
    }
  }
}

// What reached the CPU before its floor, or came with a load that has no time left behind it.
void WeakMemoryState::FindOldest(CpuId cpu) {
  View& view = views_[cpu];
  const size_t place_count = memory_.places_.size();
  for (const size_t i : places_) {
    const WeakMemory::Place& place = memory_.places_[i];
    if (!CpuFuture::Has(view.future.loads, place.location)) continue;
    Number& oldest = view.oldest[i];
    oldest = place.seen[cpu];
    for (WriteId id = place.newest; NumberOf(id) > oldest; id = memory_.writes_[id].previous) {
      const Write& write = memory_.writes_[id];
      if (write.reached_by[cpu] != WeakMemory::kNever &&
          Step(write.reached_by[cpu]) <= view.floor) {
        oldest = write.number;
      }
    }
    if (memory_.rules_.multicopy_atomic) continue;
    for (size_t load = 0; load < view.loads.size(); ++load) {
      const Time latest = view.loads[load].latest;
      if (latest == 0 || Step(latest - 1) < view.floor) {
        oldest = std::max(oldest, view.brought[load * place_count + i]);
      }
    }
  }
}

void WeakMemoryState::FindMoving(CpuId cpu) {
  View& view = views_[cpu];
  const size_t place_count = memory_.places_.size();
  const auto count = static_cast<uint32_t>(view.loads.size());
  for (bool changed = !memory_.rules_.multicopy_atomic; changed;) {
    changed = false;
    for (uint32_t i = 0; i < count; ++i) {
      Load& load = view.loads[i];
      if (load.may_move || Step(load.latest) < view.floor) continue;
      for (const size_t place : places_) {
        load.may_move |= view.oldest[place] != kNobody &&
                         view.brought[i * place_count + place] > view.oldest[place];
      }
      for (uint32_t k = 0; k < count && !load.may_move; ++k) {
        load.may_move = view.loads[k].may_move && Follows(cpu, i, k) != 0;
      }
      changed |= load.may_move;
    }
  }
}

bool WeakMemoryState::IsKept(const View& view, const OldRead& old) const {
  if (view.future.loads == 0) return false;
  return old.load == OldRead::kStore ? Rank(view, Step(old.time)) > 0
                                     : view.loads[old.load].is_kept;
}

// --- Stores ------------------------------------------------------------------------------------

// As WeakMemory::CountPlaces() has it.
void WeakMemoryState::FindHighest(CpuId cpu) {
  View& view = views_[cpu];
  view.highest.assign(memory_.places_.size(), kNobody);
  if (memory_.rules_.multicopy_atomic) return;
  uint64_t stores = view.future.stores;
  for (const WriteId late : memory_.cpus_[cpu].late) {
    const LocationId location = memory_.places_[memory_.writes_[late].place].location;
    stores |= uint64_t{1} << std::min<LocationId>(location, 63);
  }
  for (const size_t i : places_) {
    const WeakMemory::Place& place = memory_.places_[i];
    if (!CpuFuture::Has(stores, place.location)) continue;
    WriteId id = place.newest;
    for (; id != kInitialWrite; id = memory_.writes_[id].previous) {
      const Write& write = memory_.writes_[id];
      if (write.cpu == cpu || write.number <= place.seen[cpu] ||
          write.reached_by[cpu] != WeakMemory::kNever || memory_.cpus_[cpu].known.Has(id) ||
          write.stands_on_previous) {
        break;
      }
    }
    view.highest[i] = NumberOf(id);
  }
}

void WeakMemoryState::FindBases() {
  bases_.assign(memory_.places_.size(), kNobody);
  for (CpuId cpu = 0; cpu < memory_.cpu_count_; ++cpu) {
    const View& view = views_[cpu];
    for (const size_t i : places_) {
      bases_[i] = std::min({bases_[i], view.oldest[i], view.highest[i]});
    }
    for (const OldRead& old : memory_.cpus_[cpu].times.old_reads_) {
      if (IsKept(view, old)) bases_[old.place] = std::min(bases_[old.place], old.number);
    }
  }
}

// --- Times -------------------------------------------------------------------------------------

// When its loads may have to have run: by these times later ones differ. That of two times one is
// later makes no difference where none of these is between them.
void WeakMemoryState::FindBounds(CpuId cpu) {
  View& view = views_[cpu];
  const auto add = [&](Time step) {
    if (step > view.floor) view.bounds.push_back(step);
  };
  for (const Load& load : view.loads) {
    if (!load.may_move) continue;
    add(Step(load.latest) + 1);
    if (load.latest != 0) add(Step(load.latest - 1) + 1);
  }
  for (const size_t place : places_) {
    if (view.oldest[place] == kNobody) continue;
    for (WriteId id = memory_.places_[place].newest; NumberOf(id) > view.oldest[place];
         id = memory_.writes_[id].previous) {
      const Time reached = memory_.writes_[id].reached_by[cpu];
      if (reached != WeakMemory::kNever) add(Step(reached));
    }
  }
  std::sort(view.bounds.begin(), view.bounds.end());
  view.bounds.erase(std::unique(view.bounds.begin(), view.bounds.end()), view.bounds.end());
}

uint64_t WeakMemoryState::Rank(const View& view, Time step) const {
  return std::upper_bound(view.bounds.begin(), view.bounds.end(), step) - view.bounds.begin();
}

// When the last of what stood before the last unlock committed: a lock after it waits for that.
Time WeakMemoryState::UnlockTime(CpuId cpu) const {
  const WeakMemory::Cpu& state = memory_.cpus_[cpu];
  Time time = 0;
  if (!views_[cpu].future.locks || !state.has_unlocked) return time;
  for (WriteId id = 0; id < state.writes_at_unlock && id < memory_.writes_.size(); ++id) {
    const Write& write = memory_.writes_[id];
    if (write.cpu == cpu && Committed(write)) time = std::max(time, write.committed);
  }
  return time;
}

// --- The fingerprint ---------------------------------------------------------------------------

// Of the writes: those that somebody can miss, and those that have not committed.
void WeakMemoryState::NumberWrites() {
  canonical_.assign(memory_.writes_.size(), kNobody);
  canonical_count_ = 0;
  for (const size_t i : places_) {
    row_.clear();
    for (WriteId id = memory_.places_[i].newest; NumberOf(id) > bases_[i];
         id = memory_.writes_[id].previous) {
      row_.push_back(id);
    }
    for (auto id = row_.rbegin(); id != row_.rend(); ++id) canonical_[*id] = canonical_count_++;
  }
  for (CpuId cpu = 0; cpu < memory_.cpu_count_; ++cpu) {
    for (const WriteId id : memory_.cpus_[cpu].late) canonical_[id] = canonical_count_++;
  }
}

void WeakMemoryState::AddSet(CpuId cpu, const WriteSet& writes, Fingerprint& fingerprint) const {
  std::array<uint64_t, WriteSet::kWritesMax / 64> words = {};
  // What own writes among them have come to follow counts as well, whenever it matters.
  memory_.Closed(cpu, writes).ForEach([&](unsigned id) {
    const unsigned number = canonical_[id];
    if (number != kNobody) words[number / 64] |= uint64_t{1} << (number % 64);
  });
  for (int i = 0; i * 64 < canonical_count_; ++i) fingerprint.Add(words[i]);
}

void WeakMemoryState::AddLoads(CpuId cpu, const LoadsBefore& loads,
                               Fingerprint& fingerprint) const {
  const View& view = views_[cpu];
  if (view.future.loads == 0) return;
  const LoadTimes& times = memory_.cpus_[cpu].times;
  uint64_t rank = 0, moving = 0;
  for (size_t i = 0; i < view.loads.size(); ++i) {
    const Load& load = view.loads[i];
    if (!load.is_kept || !(i < loads.below || (i < 64 && (loads.also >> i & 1) != 0))) continue;
    if (load.may_move) {
      moving |= uint64_t{1} << load.kept_number;
    } else {
      rank = std::max(rank, Rank(view, Step(times.loads_[i].least)));
    }
  }
  // All means those that are to come as well.
  fingerprint.Add(rank << 1 | (loads.below == UINT32_MAX ? 1 : 0));
  fingerprint.Add(moving);
}

void WeakMemoryState::AddTo(Fingerprint& fingerprint) const {
  for (const size_t place : places_) AddPlace(place, fingerprint);
  for (CpuId cpu = 0; cpu < memory_.cpu_count_; ++cpu) {
    AddTimes(cpu, fingerprint);
    AddLate(cpu, fingerprint);
    if (!memory_.rules_.multicopy_atomic) AddKnown(cpu, fingerprint);
  }
}

void WeakMemoryState::AddPlace(size_t index, Fingerprint& fingerprint) const {
  const WeakMemory::Place& place = memory_.places_[index];
  const Number base = std::min(bases_[index], NumberOf(place.newest));
  fingerprint.Add(place.location);
  fingerprint.Add(NumberOf(place.newest) - base);
  fingerprint.Add(base == 0 ? 1 : 0);  // what was there before all is among them
  for (CpuId cpu = 0; cpu < memory_.cpu_count_; ++cpu) {
    const View& view = views_[cpu];
    for (const Number number : {view.oldest[index], view.highest[index]}) {
      fingerprint.Add(number == kNobody ? kNobody : number - base);
    }
  }
  WriteId id = place.newest;
  for (; id != kInitialWrite && NumberOf(id) >= base; id = memory_.writes_[id].previous) {
    AddWrite(index, id, fingerprint);
  }
  if (any_locks_ && !memory_.rules_.multicopy_atomic) {
    const Write& newest = memory_.writes_[place.newest];
    AddSet(newest.cpu, newest.unlocked, fingerprint);
  }
}

void WeakMemoryState::AddWrite(size_t place, WriteId id, Fingerprint& fingerprint) const {
  const Write& write = memory_.writes_[id];
  fingerprint.Add(write.value);
  fingerprint.Add(write.cpu);
  for (CpuId cpu = 0; cpu < memory_.cpu_count_; ++cpu) {
    const View& view = views_[cpu];
    const Number oldest = view.oldest[place];
    if (oldest == kNobody || write.number < oldest) continue;
    if (write.cpu == cpu) AddLoads(cpu, write.after, fingerprint);
    if (write.cpu != cpu || write.update != nullptr) {
      fingerprint.Add(Rank(view, Step(write.committed)));
    }
    if (write.number == oldest) continue;
    const Time reached = write.reached_by[cpu];
    fingerprint.Add(reached == WeakMemory::kNever ? kNobody : Rank(view, Step(reached)));
  }
  if (!memory_.rules_.multicopy_atomic) AddSet(write.cpu, write.before, fingerprint);
}

void WeakMemoryState::AddTimes(CpuId cpu, Fingerprint& fingerprint) const {
  const WeakMemory::Cpu& state = memory_.cpus_[cpu];
  const View& view = views_[cpu];
  if (view.future.loads == 0) return;
  const LoadTimes& times = state.times;
  const size_t place_count = memory_.places_.size();
  uint64_t rank_all = 0, rank_rmb = 0, rank_unlock = 0;
  for (uint32_t i = 0; i < view.loads.size(); ++i) {
    const Load& load = view.loads[i];
    if (!load.is_kept) continue;
    const LoadTimes::Load& about = times.loads_[i];
    const uint64_t rank = Rank(view, Step(about.least));
    const bool is_before_unlock =
        view.future.locks && state.has_unlocked && i < state.loads_at_unlock;
    if (!load.may_move) {
      rank_all = std::max(rank_all, rank);
      if (about.for_rmb) rank_rmb = std::max(rank_rmb, rank);
      if (is_before_unlock) rank_unlock = std::max(rank_unlock, rank);
      continue;
    }
    const bool binds_all =
        about.acquire || i < times.fence_below_ || (about.for_rmb && i < times.rmb_below_);
    fingerprint.Add(static_cast<uint64_t>(load.kept_number) << 3 | (binds_all ? 4 : 0) |
                    (about.for_rmb ? 2 : 0) | (is_before_unlock ? 1 : 0));
    fingerprint.Add(rank);
    fingerprint.Add(Rank(view, Step(load.latest) + 1));
    fingerprint.Add(load.latest == 0 ? 0 : Rank(view, Step(load.latest - 1) + 1));
    uint64_t follows = 0, runs_behind = 0;
    for (uint32_t k = 0; k < view.loads.size(); ++k) {
      if (!view.loads[k].may_move) continue;
      const int how = Follows(cpu, i, k);
      if (how == 1) follows |= uint64_t{1} << view.loads[k].kept_number;
      if (how == 2) runs_behind |= uint64_t{1} << view.loads[k].kept_number;
    }
    fingerprint.Add(follows);
    fingerprint.Add(runs_behind);
    for (const size_t place : places_) {
      if (view.oldest[place] == kNobody) continue;
      const Number brought = view.brought[i * place_count + place];
      fingerprint.Add(std::max(brought, view.oldest[place]) - bases_[place]);
    }
  }
  fingerprint.Add(view.kept_count);
  fingerprint.Add(rank_rmb);
  if (view.future.locks) {
    fingerprint.Add(rank_unlock);
    fingerprint.Add(Rank(view, Step(UnlockTime(cpu))));
  }
  // An access behind all loads, before and after now, comes to be by such a read-modify-write.
  fingerprint.Add(rank_all);
  for (const OldRead& old : times.old_reads_) {
    if (!IsKept(view, old)) continue;
    const bool moves = old.load != OldRead::kStore && view.loads[old.load].may_move;
    fingerprint.Add(memory_.places_[old.place].location);
    fingerprint.Add(old.number - std::min(bases_[old.place], old.number));
    fingerprint.Add(moves ? 1 : 0);
    fingerprint.Add(moves ? view.loads[old.load].kept_number : Rank(view, Step(times.TimeOf(old))));
  }
  if (view.future.rcu_locks) fingerprint.Add(Rank(view, Step(memory_.newest_grace_period_)));
}

void WeakMemoryState::AddLate(CpuId cpu, Fingerprint& fingerprint) const {
  const WeakMemory::Cpu& state = memory_.cpus_[cpu];
  fingerprint.Add(state.late.size());
  for (size_t i = 0; i < state.late.size(); ++i) {
    const WriteId id = state.late[i];
    const Write& write = memory_.writes_[id];
    const bool is_last = i + 1 == state.late.size();
    const uint16_t next = is_last ? state.epoch : memory_.writes_[state.late[i + 1]].epoch;
    fingerprint.Add(memory_.places_[write.place].location);
    fingerprint.Add((write.epoch < next ? 1 : 0) | (write.release ? 2 : 0) |
                    (state.has_unlocked && id < state.writes_at_unlock ? 4 : 0) |
                    (id < state.writes_at_rcu_unlock ? 8 : 0));
    fingerprint.Add(write.mask);
    fingerprint.Add(reinterpret_cast<uintptr_t>(write.update));
    fingerprint.Add(write.update != nullptr ? reinterpret_cast<uintptr_t>(write.argument)
                                            : write.value);
    if (CpuFuture::Has(views_[cpu].future.loads, memory_.places_[write.place].location)) {
      AddLoads(cpu, write.after, fingerprint);
    }
    if (memory_.rules_.multicopy_atomic) continue;
    AddSet(cpu, write.before, fingerprint);
    if (any_locks_) AddSet(cpu, write.unlocked, fingerprint);
    for (CpuId other = 0; other < memory_.cpu_count_; ++other) {
      const Time reached = write.reached_by[other];
      fingerprint.Add(reached == WeakMemory::kNever ? kNobody : Rank(views_[other], Step(reached)));
    }
  }
}

void WeakMemoryState::AddKnown(CpuId cpu, Fingerprint& fingerprint) const {
  const WeakMemory::Cpu& state = memory_.cpus_[cpu];
  const View& view = views_[cpu];
  if (view.future.tells_known) AddSet(cpu, state.known, fingerprint);
  if (view.future.tells_own) AddSet(cpu, state.own, fingerprint);
  if (view.future.writes) AddSet(cpu, state.ordered, fingerprint);
  if (any_waits_for_readers_) AddSet(cpu, state.known_at_rcu_unlock, fingerprint);
  if (!view.future.locks) return;
  fingerprint.Add(state.has_unlocked ? 1 : 0);
  if (!state.has_unlocked) return;
  AddSet(cpu, state.own_at_unlock, fingerprint);
}

}  // namespace walkrace
