// What the future of a WeakMemory depends on, as a fingerprint: where two are the same, the same
// accesses may have the same results from there on. Without what makes no difference any more: the
// order of times that nobody compares, values that nobody can read, writes that nobody can miss.
//
// For an explorer of small programs: no messages (Send), no MakeRoom() in between.
#ifndef WALKRACE_ENGINE_WEAK_MEMORY_STATE_H_
#define WALKRACE_ENGINE_WEAK_MEMORY_STATE_H_

#include <cstdint>
#include <vector>

#include "base/fingerprint.h"
#include "engine/weak_memory.h"

namespace walkrace {

// What a CPU may still do: an upper bound. The more is said here to be over, the more is alike.
struct CpuFuture {
  // Sets of locations: bit n of location n, the last one for all from there on.
  uint64_t loads = 0;   // by read-modify-writes that return a value too
  uint64_t stores = 0;  // but by read-modify-writes
  bool writes = false;  // by whatever
  bool locks = false;
  bool tells_own = false;    // WriteFence(), an unlock
  bool tells_known = false;  // full fences, releases, RcuReadUnlock(), grace periods
  bool rcu_locks = false;
  bool waits_for_readers = false;  // GracePeriodEnd()

  static bool Has(uint64_t locations, LocationId location) {
    return (locations >> (location < 63 ? location : 63) & 1) != 0;
  }
  void Add(const CpuFuture& other);
};

class WeakMemoryState {
 public:
  // Every time that the memory is given is a multiple of `time_step`, which is more than twice the
  // number of a CPU's loads: between two steps is room for all of them, so that the order of steps
  // says all. The arguments of equal updates are equal pointers.
  WeakMemoryState(const WeakMemory& memory, Time time_step) : memory_(memory), step_(time_step) {}

  // Looks at it as it is now. `futures`: of each CPU.
  void Look(const CpuFuture* futures);

  // REQUIRES of all: nothing has changed since Look().
  void AddTo(Fingerprint& fingerprint) const;
  // What an access behind these loads of the CPU has to follow.
  void AddLoads(CpuId cpu, const LoadsBefore& loads, Fingerprint& fingerprint) const;

 private:
  using Write = WeakMemory::Write;
  using Number = uint16_t;
  static constexpr Number kNobody = UINT16_MAX;

  // A load that still matters: as one that later ones follow, or one that must not miss writes.
  struct Load {
    Time latest;
    bool is_kept;
    bool may_move;  // a later old read may move it to a later time
    int kept_number;
  };
  // In a row of these, by place: the newest write that came with what a load read.
  struct View {
    CpuFuture future;
    Time floor;
    std::vector<Load> loads;
    std::vector<Number> brought;  // [load][place]
    std::vector<Number> oldest;   // by place: nothing older can be read
    std::vector<Number> highest;  // by place: a store goes above this one; kNobody: none comes
    std::vector<Time> bounds;     // behind the floor, sorted: see FindBounds
    int kept_count;
  };

  Time Step(Time time) const { return time / step_; }
  Number NumberOf(WriteId write) const {
    return write == kInitialWrite ? 0 : memory_.writes_[write].number;
  }
  bool Committed(const Write& write) const { return write.committed != WeakMemory::kNever; }
  // 0: load `i` does not follow load `k`, 1: it does, 2: it runs behind it.
  int Follows(CpuId cpu, uint32_t i, uint32_t k) const;
  void LookAtLoads(CpuId cpu);
  void FindBrought(CpuId cpu);
  void NarrowLatest(CpuId cpu);
  void FindOldest(CpuId cpu);
  void FindMoving(CpuId cpu);
  void FindHighest(CpuId cpu);
  void FindBases();
  void FindBounds(CpuId cpu);
  void NumberWrites();
  bool IsKept(const View& view, const OldRead& old) const;

  Time UnlockTime(CpuId cpu) const;
  // How many bounds are not behind it: a load at `step` is before a bound where its rank is less.
  uint64_t Rank(const View& view, Time step) const;
  void AddSet(CpuId cpu, const WriteSet& writes, Fingerprint& fingerprint) const;
  void AddPlace(size_t place, Fingerprint& fingerprint) const;
  void AddWrite(size_t place, WriteId write, Fingerprint& fingerprint) const;
  void AddTimes(CpuId cpu, Fingerprint& fingerprint) const;
  void AddLate(CpuId cpu, Fingerprint& fingerprint) const;
  void AddKnown(CpuId cpu, Fingerprint& fingerprint) const;

  const WeakMemory& memory_;
  const Time step_;
  View views_[kCpusMax];
  bool any_locks_ = false, any_waits_for_readers_ = false;
  std::vector<size_t> places_;       // that have been written to, by location
  std::vector<Number> bases_;        // by place: who may miss or read what is older
  std::vector<uint16_t> canonical_;  // by write: its number among those that still matter, or none
  std::vector<WriteId> row_;         // scratch
  int canonical_count_ = 0;
};

}  // namespace walkrace

#endif  // WALKRACE_ENGINE_WEAK_MEMORY_STATE_H_
