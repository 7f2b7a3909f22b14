#include "kernel/runtime.h"

#include "base/check.h"
#include "base/fixed_vector.h"
#include "engine/steps.h"
#include "kernel/notes.h"
#include "kernel/primitives.h"
#include "kernel/race_detector.h"

namespace walkrace {
namespace {

static_assert(static_cast<int>(Order::kFull) == WR_FULL);
static_assert(static_cast<int>(Order::kAcquire) == WR_ACQUIRE);
static_assert(static_cast<int>(RmwKind::kAddUnless) == WR_ADD_UNLESS);
static_assert(static_cast<int>(RmwKind::kXchg) == WR_XCHG);
static_assert(static_cast<int>(FenceKind::kWrite) == WR_WMB);

struct Ipi {
  void (*handler)(void* argument, int cpu);
  void* argument;
  CpuId sender;
  const wr_site* site;
};

// What a CPU waits for in wr_wait_clear (`other` is null) and wr_wait_change.
struct Wait {
  const uint64_t* word;
  uint64_t value;
  const uint64_t* other;
  uint64_t other_value;
};

struct CpuState {
  Wait wait;
  bool irqs_on;
  int rcu_depth;
  int acknowledgements_due;  // of the IPI that this CPU sent
  FixedVector<Ipi, kCpusMax> inbox;
  char sent_edge, acknowledged_edge, quiescent_edge, rcu_call_edge;
};

struct Callback {
  void (*function)(void* argument);
  void* argument;
  CpuMask waits_for;
  CpuId caller;
  const wr_site* site;
};

constexpr size_t kCallbacksMax = 64;

Engine* engine;
CpuState cpus[kCpusMax];
FixedVector<Callback, kCallbacksMax> callbacks;

constexpr CpuMask Bit(CpuId cpu) { return CpuMask{1} << cpu; }

CpuState& Self() { return cpus[engine->current()]; }

bool Quiescent(CpuId cpu) {
  return engine->finished(cpu) || (cpus[cpu].irqs_on && cpus[cpu].rcu_depth == 0);
}

void RunCallback(const Callback& callback) {
  RaceDetectorAcquire(&cpus[callback.caller].rcu_call_edge);
  for (CpuId cpu = 0; cpu < engine->cpu_count(); ++cpu) {
    RaceDetectorAcquire(&cpus[cpu].quiescent_edge);
  }
  engine->EndGracePeriod();
  engine->Note(EventKind::kRcuDone, 0, kNoLocation, 0, 0, callback.site, engine->current());
  callback.function(callback.argument);
}

// The running CPU has just become quiescent: grace periods that waited for it alone are over.
void ReportQuiescent() {
  const CpuId self = engine->current();
  RaceDetectorRelease(&cpus[self].quiescent_edge);
  engine->Touch(kRcuCallbacks, callbacks.empty() ? Touched::kRead : Touched::kWrite);
  for (Callback& callback : callbacks) callback.waits_for &= ~Bit(self);
  // Later callbacks wait for all that earlier ones wait for: those that are due stand first. A
  // callback lets other CPUs run, and these change the list.
  while (!callbacks.empty() && callbacks[0].waits_for == 0) {
    const Callback due = callbacks[0];
    callbacks.erase(0);
    RunCallback(due);
  }
}

void HandleIpi(const Ipi& ipi, CpuId receiver) {
  RaceDetectorAcquire(&cpus[ipi.sender].sent_edge);
  engine->Receive(receiver, &cpus[ipi.sender].sent_edge);
  ipi.handler(ipi.argument, receiver);
  RaceDetectorRelease(&cpus[ipi.sender].acknowledged_edge);
  engine->Send(receiver, &cpus[ipi.sender].acknowledged_edge);
  engine->Note(EventKind::kIpiHandle, 0, kNoLocation, ipi.sender, 0, ipi.site, receiver);
  --cpus[ipi.sender].acknowledgements_due;
}

void HandleInterrupts(CpuId cpu) {
  const FixedVector<Ipi, kCpusMax> inbox = cpus[cpu].inbox;
  cpus[cpu].inbox.clear();
  for (const Ipi& ipi : inbox) HandleIpi(ipi, cpu);
}

bool Acknowledged(const void* cpu_state) {
  return static_cast<const CpuState*>(cpu_state)->acknowledgements_due == 0;
}

uint64_t Read(const void* lock) { return *static_cast<const uint64_t*>(lock); }

bool LockFree(const void* lock) { return Read(lock) == 0; }
bool NoWriter(const void* lock) { return Read(lock) < WR_RW_WRITER; }

bool IsClear(const void* argument) {
  const auto* wait = static_cast<const Wait*>(argument);
  return (*wait->word & wait->value) == 0;
}
bool HasChanged(const void* argument) {
  const auto* wait = static_cast<const Wait*>(argument);
  return *wait->word != wait->value || *wait->other != wait->other_value;
}

void WaitFor(const Wait& wait, const wr_site* site) {
  CpuState& self = Self();
  self.wait = wait;
  engine->Arrive({EventKind::kLoad, 0, Order::kAcquire, 8, engine->LocationOf(wait.word), site,
                  wait.other == nullptr ? IsClear : HasChanged, &self.wait,
                  wait.other == nullptr ? kNoLocation : engine->LocationOf(wait.other)});
  if (wait.other != nullptr) engine->TouchMemory(wait.other, Touched::kRead);
  engine->AcquireNewest(wait.word);
  const uint64_t value = *wait.word;
  RaceDetectorLoad(wait.word, 8, WR_ACQUIRE, __builtin_return_address(0));
  engine->Complete(value, value);
}

// Facts that are claimed of memory: what the CPU stored before has taken effect.
bool ClaimsThatItIsDone(unsigned note) {
  switch (note) {
    case WR_NOTE_OP_END:
    case WR_NOTE_BACKED_OFF:
    case WR_NOTE_MUTATOR_END:
    case WR_NOTE_DISCARD_END:
    case WR_NOTE_MOVE_END:
    case WR_NOTE_FORK_COPIED:
    case WR_NOTE_FILE_DISCARD_END:
    case WR_NOTE_LAZY_FREE_END:
    case WR_NOTE_FILE_BACKED_OFF:
      return true;
    default:
      return false;
  }
}

void Lock(uint64_t* lock, LockKind kind, uint64_t add, const wr_site* site) {
  engine->Arrive({EventKind::kLock, static_cast<uint8_t>(kind), Order::kAcquire, 8,
                  engine->LocationOf(lock), site, kind == LockKind::kRead ? NoWriter : LockFree,
                  lock});
  const uint64_t before = *lock;
  engine->AcquireLock(lock, before + add);
  *lock = before + add;
  RaceDetectorAcquire(lock);
  engine->Complete(before, *lock);
}

void Unlock(uint64_t* lock, LockKind kind, uint64_t subtract, const wr_site* site) {
  engine->Arrive({EventKind::kUnlock, static_cast<uint8_t>(kind), Order::kRelease, 8,
                  engine->LocationOf(lock), site, nullptr, nullptr});
  const uint64_t before = *lock;
  WR_CHECK(before >= subtract);
  engine->ReleaseLock(lock, before - subtract);
  *lock = before - subtract;
  RaceDetectorRelease(lock);
  engine->Complete(before, *lock);
}

wr_order EntryOrder(EventKind kind, wr_order order, wr_class access_class) {
  if (access_class != WR_ENTRY || order != WR_RELAXED) return order;
  switch (kind) {
    case EventKind::kLoad:
      return WR_ACQUIRE;
    case EventKind::kStore:
      return WR_RELEASE;
    default:
      return WR_FULL;
  }
}

__attribute__((always_inline)) inline AccessResult PerformAccess(
    EventKind kind, enum wr_rmw rmw, wr_order order, unsigned size, const volatile void* address,
    uint64_t operand, uint64_t expected, const wr_site* site, wr_class access_class,
    uint32_t dependency = kAllEarlierLoads) {
  return engine->Perform({kind, static_cast<RmwKind>(rmw), static_cast<Order>(order),
                          static_cast<uint8_t>(size), const_cast<void*>(address), operand, expected,
                          site, dependency, access_class == WR_USER});
}

// `pc`: of the code that loads.
__attribute__((always_inline)) inline uint64_t PerformLoad(const volatile void* address,
                                                           unsigned size, wr_order order,
                                                           wr_class access_class,
                                                           uint32_t dependency, const wr_site* site,
                                                           void* pc) {
  const AccessResult result = PerformAccess(EventKind::kLoad, WR_XCHG, order, size, address, 0, 0,
                                            site, access_class, dependency);
  if (access_class != WR_USER) {
    RaceDetectorLoad(address, size, EntryOrder(EventKind::kLoad, order, access_class), pc);
  }
  return result.before;
}

}  // namespace

void BindKernel(Engine* bound) {
  engine = bound;
  engine->set_interrupt_handler(&HandleInterrupts);
}

void BeginStore(void* address, unsigned size, const wr_site* site) {
  engine->Arrive({EventKind::kStore, 0, Order::kPlain, static_cast<uint8_t>(size),
                  engine->LocationOf(address), site, nullptr, nullptr});
}
void EndStore(uint64_t before, uint64_t after) { engine->Complete(before, after); }

void OrderRelease(void* edge) {
  engine->CommitLateBetweenEvents();
  RaceDetectorRelease(edge);
  engine->Send(engine->current(), edge);
}
void OrderAcquire(void* edge) {
  RaceDetectorAcquire(edge);
  engine->Receive(engine->current(), edge);
}

void BeginKernel() {
  for (CpuState& cpu : cpus) {
    cpu.irqs_on = true;
    cpu.rcu_depth = 0;
    cpu.acknowledgements_due = 0;
    cpu.inbox.clear();
  }
  callbacks.clear();
}

}  // namespace walkrace

using namespace walkrace;

extern "C" {

uint64_t wr_load(const volatile void* address, unsigned size, wr_order order, wr_class access_class,
                 const wr_site* site) {
  return PerformLoad(address, size, order, access_class, kAllEarlierLoads, site,
                     __builtin_return_address(0));
}

uint32_t wr_load_count(void) { return engine->load_count(); }

uint64_t wr_load_after(const volatile void* address, unsigned size, wr_order order,
                       wr_class access_class, uint32_t count, const wr_site* site) {
  return PerformLoad(address, size, order, access_class, count, site, __builtin_return_address(0));
}

void wr_store(volatile void* address, unsigned size, uint64_t value, wr_order order,
              wr_class access_class, const wr_site* site) {
  (void)PerformAccess(EventKind::kStore, WR_XCHG, order, size, address, value, 0, site,
                      access_class);
  if (access_class != WR_USER) {
    RaceDetectorStore(address, size, EntryOrder(EventKind::kStore, order, access_class),
                      __builtin_return_address(0));
  }
}

uint64_t wr_rmw(volatile void* address, unsigned size, enum wr_rmw kind, uint64_t operand,
                uint64_t expected, wr_order order, wr_class access_class, bool* failed,
                const wr_site* site) {
  const AccessResult result = PerformAccess(EventKind::kRmw, kind, order, size, address, operand,
                                            expected, site, access_class);
  if (access_class != WR_USER) {
    const void* pc = __builtin_return_address(0);
    const wr_order told = EntryOrder(EventKind::kRmw, order, access_class);
    // A failed compare-and-exchange orders nothing and is a relaxed load.
    if (result.failed) {
      RaceDetectorLoad(address, size, WR_RELAXED, pc);
    } else {
      RaceDetectorRmw(address, size, told, pc);
    }
  }
  if (failed != nullptr) *failed = result.failed;
  return result.before;
}

// Gives ThreadSanitizer no edge: it does not model fences, and an edge by hand between any two
// fences would hide races. Plain data that only a fence protects would be reported: none is.
void wr_fence(enum wr_fence kind, const wr_site* site) {
  engine->Arrive({EventKind::kFence, static_cast<uint8_t>(kind), Order::kFull, 0, kNoLocation, site,
                  nullptr, nullptr});
  engine->Fence(static_cast<FenceKind>(kind));
  engine->Complete(0, 0);
}

void wr_spin_lock(uint64_t* lock, const wr_site* site) {
  Lock(lock, LockKind::kSpin, engine->current() + 1, site);
}
void wr_spin_unlock(uint64_t* lock, const wr_site* site) {
  Unlock(lock, LockKind::kSpin, engine->current() + 1, site);
}
void wr_read_lock(uint64_t* lock, const wr_site* site) { Lock(lock, LockKind::kRead, 1, site); }
void wr_read_unlock(uint64_t* lock, const wr_site* site) { Unlock(lock, LockKind::kRead, 1, site); }
void wr_write_lock(uint64_t* lock, const wr_site* site) {
  Lock(lock, LockKind::kWrite, WR_RW_WRITER, site);
}
void wr_write_unlock(uint64_t* lock, const wr_site* site) {
  Unlock(lock, LockKind::kWrite, WR_RW_WRITER, site);
}

void wr_wait_clear(const uint64_t* word, uint64_t mask, const wr_site* site) {
  WaitFor({word, mask, nullptr, 0}, site);
}
void wr_wait_change(const uint64_t* word, uint64_t seen, const uint64_t* other, uint64_t other_seen,
                    const wr_site* site) {
  WaitFor({word, seen, other, other_seen}, site);
}

int wr_cpu(void) { return engine->current(); }
uint32_t wr_cpus(void) { return (1u << engine->cpu_count()) - 1; }

bool wr_irq_off(const wr_site* site) {
  const bool were_on = Self().irqs_on;
  engine->Arrive({EventKind::kIrqOff, 0, Order::kPlain, 0, kNoLocation, site, nullptr, nullptr});
  Self().irqs_on = false;
  engine->SetInterruptible(false);
  engine->BeginReadSection();
  engine->Complete(were_on, 0);
  return were_on;
}

void wr_irq_restore(bool were_on, const wr_site* site) {
  if (!were_on) return;
  engine->Arrive({EventKind::kIrqOn, 0, Order::kPlain, 0, kNoLocation, site, nullptr, nullptr});
  CpuState& self = Self();
  self.irqs_on = true;
  engine->SetInterruptible(true);
  engine->EndReadSection();
  engine->Complete(0, 1);
  if (self.rcu_depth == 0) ReportQuiescent();
}

bool wr_irqs_on(void) { return Self().irqs_on; }

void wr_ipi(uint32_t mask, void (*handler)(void* argument, int cpu), void* argument,
            const wr_site* site) {
  const CpuId self = engine->current();
  mask &= wr_cpus() & ~Bit(self);
  engine->Arrive({EventKind::kIpiSend, 0, Order::kFull, 0, kNoLocation, site, nullptr, nullptr});
  RaceDetectorRelease(&cpus[self].sent_edge);
  if (mask != 0) {
    engine->Fence(FenceKind::kFull);
    engine->Send(self, &cpus[self].sent_edge);
  }
  engine->Complete(mask, mask);
  if (mask == 0) return;
  const Ipi ipi = {handler, argument, self, site};
  cpus[self].acknowledgements_due = __builtin_popcount(mask);
  for (CpuId cpu = 0; cpu < engine->cpu_count(); ++cpu) {
    if ((mask & Bit(cpu)) == 0) continue;
    if (engine->PostInterrupt(cpu)) {
      WR_CHECK(cpus[cpu].inbox.push_back(ipi));
    } else {
      HandleIpi(ipi, cpu);  // an idle CPU takes it at once
    }
  }
  engine->Arrive(
      {EventKind::kIpiWait, 0, Order::kFull, 0, kNoLocation, site, Acknowledged, &cpus[self]});
  RaceDetectorAcquire(&cpus[self].acknowledged_edge);
  engine->Receive(self, &cpus[self].acknowledged_edge);
  engine->Complete(mask, mask);
}

void wr_rcu_read_lock(const wr_site* site) {
  engine->Arrive({EventKind::kRcuLock, 0, Order::kPlain, 0, kNoLocation, site, nullptr, nullptr});
  engine->BeginReadSection();
  engine->Complete(0, 0);
  ++Self().rcu_depth;
}

void wr_rcu_read_unlock(const wr_site* site) {
  engine->Arrive({EventKind::kRcuUnlock, 0, Order::kPlain, 0, kNoLocation, site, nullptr, nullptr});
  engine->EndReadSection();
  engine->Complete(0, 0);
  CpuState& self = Self();
  WR_CHECK(self.rcu_depth > 0);
  if (--self.rcu_depth == 0 && self.irqs_on) ReportQuiescent();
}

void wr_call_rcu(void (*callback)(void* argument), void* argument, const wr_site* site) {
  CpuMask waits_for = 0;
  engine->Arrive({EventKind::kRcuCall, 0, Order::kPlain, 0, kNoLocation, site, nullptr, nullptr});
  RaceDetectorRelease(&Self().rcu_call_edge);
  engine->BeginGracePeriod();
  for (CpuId cpu = 0; cpu < engine->cpu_count(); ++cpu) {
    if (!Quiescent(cpu)) waits_for |= Bit(cpu);
  }
  engine->Complete(waits_for, waits_for);
  const Callback queued = {callback, argument, waits_for, engine->current(), site};
  if (waits_for == 0) {
    RunCallback(queued);
  } else {
    engine->Touch(kRcuCallbacks, Touched::kWrite);
    WR_CHECK(callbacks.push_back(queued));
  }
}

void wr_note(unsigned what, const volatile void* object, uint64_t a, uint64_t b,
             const wr_site* site) {
  if (ClaimsThatItIsDone(what)) engine->CommitLateBetweenEvents();
  const LocationId location =
      object == nullptr ? kNoLocation : engine->LocationOf(const_cast<const void*>(object));
  engine->Note(EventKind::kNote, static_cast<uint8_t>(what), location, a, b, site,
               engine->current());
}

}  // extern "C"
