// The C primitives under the kernel vocabulary: each shared access and synchronisation action of
// the code under test is one call here, one yield point and one trace event. Returns what the
// memory model gives: nothing above this header dereferences shared memory by itself.
// Instrumented code may include this header; it holds declarations only.
#ifndef WALKRACE_KERNEL_PRIMITIVES_H_
#define WALKRACE_KERNEL_PRIMITIVES_H_

#include <stdbool.h>
#include <stdint.h>

#include "base/site.h"

#ifdef __cplusplus
extern "C" {
#endif

// Same values as walkrace::Order, walkrace::RmwKind, walkrace::FenceKind (checked in the source).
enum wr_order { WR_PLAIN, WR_RELAXED, WR_ACQUIRE, WR_RELEASE, WR_FULL };
enum wr_rmw { WR_XCHG, WR_ADD, WR_SUB, WR_AND, WR_OR, WR_CMPXCHG, WR_ADD_UNLESS };
enum wr_fence { WR_MB, WR_RMB, WR_WMB };

// What ThreadSanitizer is told of an access, over and above its order.
// WR_ENTRY: a page-table entry. Kernel code publishes a table by a write barrier and a relaxed
//   store and reads it by a dependency; TSan models neither. Entry loads acquire and entry stores
//   release instead: this hides a race on what an entry points to when the write barrier or the
//   dependency is missing. **walkrace finds no missing smp_wmb before a table is installed.**
// WR_USER: page content stands for user memory, which the kernel never races on: TSan is told
//   nothing; the no-lost-write oracle watches it.
enum wr_class { WR_DATA, WR_ENTRY, WR_USER };

uint64_t wr_load(const volatile void* address, unsigned size, enum wr_order order,
                 enum wr_class access_class, const struct wr_site* site);
// How many loads this CPU has made.
uint32_t wr_load_count(void);
// As wr_load(), of an address that depends on none of this CPU's loads but the first `count`: under
// weak memory nothing else keeps it behind the others. Which those are nobody knows of wr_load():
// it follows all earlier ones.
uint64_t wr_load_after(const volatile void* address, unsigned size, enum wr_order order,
                       enum wr_class access_class, uint32_t count, const struct wr_site* site);
void wr_store(volatile void* address, unsigned size, uint64_t value, enum wr_order order,
              enum wr_class access_class, const struct wr_site* site);
// Returns the old value. `expected`: see WR_CMPXCHG (succeeds if equal) and WR_ADD_UNLESS (fails
// if equal); otherwise ignored. `*failed`, where not null, says whether nothing was changed.
uint64_t wr_rmw(volatile void* address, unsigned size, enum wr_rmw kind, uint64_t operand,
                uint64_t expected, enum wr_order order, enum wr_class access_class, bool* failed,
                const struct wr_site* site);
void wr_fence(enum wr_fence kind, const struct wr_site* site);

// Locks. A lock's word: spin 0 free, else owner + 1; reader-writer: readers, or WR_RW_WRITER.
#define WR_RW_WRITER 0x80000000ul
void wr_spin_lock(uint64_t* lock, const struct wr_site* site);
void wr_spin_unlock(uint64_t* lock, const struct wr_site* site);
void wr_read_lock(uint64_t* lock, const struct wr_site* site);
void wr_read_unlock(uint64_t* lock, const struct wr_site* site);
void wr_write_lock(uint64_t* lock, const struct wr_site* site);
void wr_write_unlock(uint64_t* lock, const struct wr_site* site);

// One event, a load that waits, as a sleeper on a wait queue does: until no bit of `mask` is set in
// the word; until one of two words is not as it was seen any more.
void wr_wait_clear(const uint64_t* word, uint64_t mask, const struct wr_site* site);
void wr_wait_change(const uint64_t* word, uint64_t seen, const uint64_t* other, uint64_t other_seen,
                    const struct wr_site* site);

int wr_cpu(void);        // the running CPU
uint32_t wr_cpus(void);  // mask of the CPUs of this run

// Interrupts of the running CPU. Nest by saving what wr_irq_off returned (were they on?).
bool wr_irq_off(const struct wr_site* site);
void wr_irq_restore(bool were_on, const struct wr_site* site);
bool wr_irqs_on(void);

// Interrupts each CPU of `mask` but this one, and waits until each has run `handler(argument)`
// with its interrupts on. An empty mask orders nothing.
void wr_ipi(uint32_t mask, void (*handler)(void* argument, int cpu), void* argument,
            const struct wr_site* site);

void wr_rcu_read_lock(const struct wr_site* site);
void wr_rcu_read_unlock(const struct wr_site* site);
// Runs `callback(argument)` when every CPU was seen with interrupts on and outside
// wr_rcu_read_lock. It runs at the earliest such moment: the one that hurts most.
void wr_call_rcu(void (*callback)(void* argument), void* argument, const struct wr_site* site);

// Tells oracles and readers a fact; no yield point. `what` is a wr_note_kind (kernel/notes.h).
// `object`: what the fact is about, or null.
void wr_note(unsigned what, const volatile void* object, uint64_t a, uint64_t b,
             const struct wr_site* site);

#ifdef __cplusplus
}
#endif

#endif  // WALKRACE_KERNEL_PRIMITIVES_H_
