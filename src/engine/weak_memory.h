// What weak memory models have in common: loads that run earlier than their place in the program,
// and stores that take effect later.
//
// Time is the number of the step. A store is issued, and commits at that moment or later: behind
// all others in coherence order, or (LKMM) below those that have not reached its CPU. Memory always
// holds the newest one. A load runs at some time between
// what it has to follow (`floor`, fences, acquires, dependencies) and its place in the program; it
// reads the newest write that has reached its CPU at that time. A write reaches all CPUs at its
// commit (multicopy-atomic models), or each CPU at a time of its own (LKMM): then no earlier than
// those that cumulative fences put before it, and by the time at which a strong fence of a CPU that
// knows it is done. So each run is a run of a machine in real time, and shows nothing that the
// model forbids; how a load's time is kept open as long as nothing decides it: load_times.h.
//
// Sources: tools/memory-model of Linux (linux-kernel.cat, v6.1 and v6.12: both are respected), and
// its explanation.txt for the machine. Deviations, all on the strong side: no load runs after a
// later store of its CPU (load buffering); a value-returning read-modify-write commits at once, and
// reads the newest.
#ifndef WALKRACE_ENGINE_WEAK_MEMORY_H_
#define WALKRACE_ENGINE_WEAK_MEMORY_H_

#include <cstdint>
#include <vector>

#include "engine/event.h"
#include "engine/load_times.h"
#include "engine/memory_rules.h"
#include "engine/write_set.h"

namespace walkrace {

using WriteId = uint16_t;
inline constexpr WriteId kInitialWrite = UINT16_MAX;

// The granule that an access is of: `memory` holds its newest committed value.
struct Granule {
  LocationId location;
  uint64_t* memory;
};

class WeakMemory {
 public:
  explicit WeakMemory(const MemoryRules& rules) : rules_(rules) {}

  void Begin(int cpu_count);
  const MemoryRules& rules() const { return rules_; }

  // --- Loads -----------------------------------------------------------------------------------

  struct LoadRequest {
    Granule granule;
    uint64_t mask = UINT64_MAX;  // the bytes that it reads, of the granule
    bool acquire = false;
    bool for_rmb = true;  // false: the read of a read-modify-write that returns nothing
    LoadsBefore after = kAfterAllLoads;  // what its address depends on
  };
  struct LoadResult {
    uint64_t granule;  // the value of all its bytes
    int age;           // how many newer ones it could have read
    WriteId write;     // kInitialWrite: none of this run
    Time ran;  // the earliest time at which it may have run; before what it missed committed
  };
  // Reads the `age`-th write before the newest among those that it may read, or the oldest of them.
  LoadResult Load(CpuId cpu, const LoadRequest& request, int age, Time now);
  // A store of this CPU that has to commit before it loads from there; kInitialWrite: none.
  WriteId MustCommitBeforeLoad(CpuId cpu, LocationId location) const;
  // How many it may read. REQUIRES, as Load does: nothing has to commit before.
  int CountReadable(CpuId cpu, const LoadRequest& request, Time now);
  // Whether there may be more than one. May say yes where there is not.
  bool MayBeOld(CpuId cpu, LocationId location) const {
    const uint16_t place = FindPlace(location);
    return place != kNoPlace && places_[place].newest != kInitialWrite &&
           writes_[places_[place].newest].number > places_[place].seen[cpu];
  }
  // Of the loads of this CPU so far.
  uint32_t load_count(CpuId cpu) const { return cpus_[cpu].times.count(); }

  // --- Stores ----------------------------------------------------------------------------------

  struct StoreRequest {
    Granule granule;
    uint64_t mask = UINT64_MAX;
    uint64_t value = 0;  // in place
    bool release = false;
    bool unlock = false;
    LoadsBefore after = kAfterNoLoad;  // what its address and value depend on
    // A read-modify-write that returns nothing: null, or what it makes of the newest value.
    uint64_t (*update)(uint64_t old, const void* argument) = nullptr;
    const void* argument = nullptr;  // valid until the commit
  };
  WriteId Issue(CpuId cpu, const StoreRequest& request, Time now);
  // Whether it commits without another one of its CPU having to do so first.
  bool MayCommit(CpuId cpu, WriteId write) const;
  // In how many places of the coherence order it may go: at the end, or below so many newer ones.
  int CountPlaces(CpuId cpu, WriteId write, Time now) const;
  // REQUIRES: under < CountPlaces().
  void Commit(CpuId cpu, WriteId write, Time now, int under = 0);
  // Those of this CPU that are issued and have not committed, in program order.
  const std::vector<WriteId>& late(CpuId cpu) const { return cpus_[cpu].late; }

  // The write of a read-modify-write that returns a value, or takes a lock: `load` was its read.
  // REQUIRES: what it has to follow has committed (MustCommitFirst is kInitialWrite), and its read
  // was of the newest.
  struct RmwRequest {
    Granule granule;
    uint64_t mask = UINT64_MAX;
    uint64_t value = 0;  // in place
    bool release = false;
    bool lock = false;
  };
  WriteId CommitRmw(CpuId cpu, const RmwRequest& request, WriteId read, Time now);
  // A store of this CPU that has to commit before such a one does; kInitialWrite: none.
  WriteId MustCommitFirst(CpuId cpu, const RmwRequest& request) const;

  // --- Fences ----------------------------------------------------------------------------------

  // REQUIRES: late(cpu) is empty.
  void FullFence(CpuId cpu, Time now);
  void ReadFence(CpuId cpu);
  void WriteFence(CpuId cpu);

  // --- Grace periods ---------------------------------------------------------------------------

  // The end of a read section is seen by every grace period that ends after it. REQUIRES of all:
  // called in real order.
  void RcuReadLock(CpuId cpu);
  void RcuReadUnlock(CpuId cpu);
  // REQUIRES: late(cpu) is empty.
  void GracePeriodBegin(CpuId cpu, Time now);
  // A store of `cpu` that has to commit before any grace period ends; kInitialWrite: none.
  WriteId DueForGracePeriod(CpuId cpu) const;
  // REQUIRES: late(cpu) is empty; no CPU has a store that is due for it.
  void GracePeriodEnd(CpuId cpu, Time now);

  // --- Messages of another kind: interrupts, the end of a CPU ----------------------------------

  // What `cpu` knows has reached whoever receives by the same edge, which is an address of its own.
  // REQUIRES: late(cpu) is empty.
  void Send(CpuId cpu, const void* edge);
  void Receive(CpuId cpu, const void* edge, Time now);

  // --- Other
  // --------------------------------------------------------------------------------------

  // The first of those of this CPU that have to commit for `write` to do so: itself, where it may.
  WriteId FirstBefore(CpuId cpu, WriteId write) const;
  // What stands there was changed by somebody else: it is the same for every CPU.
  void Forget(LocationId location);
  // A number that the caller gives a write, to know it again; UINT32_MAX before it does, and for
  // kInitialWrite.
  void set_event(WriteId write, uint32_t event) { writes_[write].event = event; }
  uint32_t event(WriteId write) const {
    return write == kInitialWrite ? UINT32_MAX : writes_[write].event;
  }

 private:
  friend class WeakMemoryState;

  static constexpr uint16_t kNoPlace = UINT16_MAX;
  static constexpr Time kNever = UINT32_MAX;

  struct Write {
    uint16_t place;  // of its location, in places_
    CpuId cpu;
    uint16_t number;   // in coherence order of its location, from 1
    WriteId previous;  // in coherence order; kInitialWrite
    uint16_t epoch;
    bool release;
    bool stands_on_previous;  // nothing goes between it and the one below
    uint64_t mask;
    uint64_t value;  // committed: of the whole granule
    uint64_t (*update)(uint64_t old, const void* argument);
    const void* argument;
    LoadsBefore after;
    Time committed;             // kNever: not yet
    uint32_t event;             // of the caller
    Time reached_by[kCpusMax];  // no later than this has each CPU got it
    WriteSet before;            // reach each CPU no later than it does
    WriteSet unlocked;          // of an unlock: what stood before it in program order
  };
  struct Place {
    uint64_t* memory;
    uint64_t initial;
    LocationId location;
    WriteId newest;
    uint16_t seen[kCpusMax];  // number of the newest write that this CPU has read or made
  };
  struct Message {
    const void* edge;
    WriteSet known;
  };
  struct Cpu {
    LoadTimes times;
    std::vector<WriteId> late;
    WriteSet known;    // have reached this CPU, by its loads, and its own
    WriteSet own;      // its own, with what comes before them
    WriteSet ordered;  // come before whatever it stores from now on
    uint16_t epoch;
    bool may_be_open;  // a set of its writes was taken while one was late: see Closed()
    // At its last unlock.
    bool has_unlocked;
    WriteSet own_at_unlock;
    uint32_t loads_at_unlock;
    WriteId writes_at_unlock;  // its writes below this number stood before it
    // At the end of its last read section.
    WriteSet known_at_rcu_unlock;
    WriteId writes_at_rcu_unlock;
  };

  uint16_t FindPlace(LocationId location) const {
    return location < place_of_.size() && place_of_[location].run == run_
               ? place_of_[location].place
               : kNoPlace;
  }
  uint16_t MakePlace(const Granule& granule);
  WriteId NewWrite(CpuId cpu, uint16_t place);
  void Append(WriteId write, Time now);
  void PutUnder(WriteId write, int under, Time now);
  WriteSet Closed(CpuId cpu, const WriteSet& writes) const;
  void MakeRoom(Time now);
  LoadTimes::Load LoadOf(CpuId cpu, const LoadRequest& request, Time now) const;
  bool TryRead(CpuId cpu, const LoadRequest& request, uint16_t place, WriteId write, Time now,
               bool keep);
  bool Misses(const OldRead& old, WriteId write) const;
  void Reach(const WriteSet& writes, Time now);
  bool Precedes(const Write& earlier, const Write& later) const;

  const MemoryRules rules_;
  int cpu_count_ = 0;
  uint32_t run_ = 0;
  struct PlaceOf {
    uint32_t run;
    uint16_t place;
  };
  std::vector<PlaceOf> place_of_;  // by location
  std::vector<Place> places_;
  std::vector<Write> writes_;
  std::vector<Message> messages_;
  WriteSet everywhere_;  // have reached all CPUs by now: strong fences need not tell
  Time newest_grace_period_ = 0;
  Cpu cpus_[kCpusMax];
};

}  // namespace walkrace

#endif  // WALKRACE_ENGINE_WEAK_MEMORY_H_
