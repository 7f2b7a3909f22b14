// Atomics: one event each, ordered as Documentation/atomic_t.txt says: void forms not at all,
// value-returning ones by their suffix, fully without one.
#ifndef WALKRACE_ASM_ATOMIC_H
#define WALKRACE_ASM_ATOMIC_H
#include <linux/types.h>
#include <asm/barrier.h>
#include <asm/cmpxchg.h>

#define WR_OF(type, v) ((type)wr_port_load(&(v)->counter, sizeof((v)->counter), WR_PORT_RELAXED))
#define WR_RMW(type, kind, i, v, order) \
  ((type)wr_port_rmw(&(v)->counter, sizeof((v)->counter), kind, (unsigned long)(type)(i), 0, order))

#define WR_ATOMIC_FORM(prefix, atomic, type, suffix, order)                                      \
  static __always_inline type prefix##_add_return##suffix(type i, atomic* v) {                   \
    return WR_RMW(type, WR_PORT_ADD, i, v, order) + i;                                           \
  }                                                                                              \
  static __always_inline type prefix##_sub_return##suffix(type i, atomic* v) {                   \
    return WR_RMW(type, WR_PORT_SUB, i, v, order) - i;                                           \
  }                                                                                              \
  static __always_inline type prefix##_fetch_add##suffix(type i, atomic* v) {                    \
    return WR_RMW(type, WR_PORT_ADD, i, v, order);                                               \
  }                                                                                              \
  static __always_inline type prefix##_fetch_sub##suffix(type i, atomic* v) {                    \
    return WR_RMW(type, WR_PORT_SUB, i, v, order);                                               \
  }                                                                                              \
  static __always_inline type prefix##_fetch_and##suffix(type i, atomic* v) {                    \
    return WR_RMW(type, WR_PORT_AND, i, v, order);                                               \
  }                                                                                              \
  static __always_inline type prefix##_fetch_or##suffix(type i, atomic* v) {                     \
    return WR_RMW(type, WR_PORT_OR, i, v, order);                                                \
  }                                                                                              \
  static __always_inline type prefix##_xchg##suffix(atomic* v, type i) {                         \
    return WR_RMW(type, WR_PORT_XCHG, i, v, order);                                              \
  }                                                                                              \
  static __always_inline type prefix##_cmpxchg##suffix(atomic* v, type o, type n) {              \
    return (type)wr_port_rmw(&v->counter, sizeof(v->counter), WR_PORT_CMPXCHG, (unsigned long)n, \
                             (unsigned long)o, order);                                           \
  }

#define WR_ATOMIC(prefix, atomic, type)                                                 \
  static __always_inline type prefix##_read(const atomic* v) { return WR_OF(type, v); } \
  static __always_inline void prefix##_set(atomic* v, type i) {                         \
    wr_port_store(&v->counter, sizeof(v->counter), (unsigned long)i, WR_PORT_RELAXED);  \
  }                                                                                     \
  static __always_inline void prefix##_add(type i, atomic* v) {                         \
    (void)WR_RMW(type, WR_PORT_ADD, i, v, WR_PORT_RELAXED);                             \
  }                                                                                     \
  static __always_inline void prefix##_sub(type i, atomic* v) {                         \
    (void)WR_RMW(type, WR_PORT_SUB, i, v, WR_PORT_RELAXED);                             \
  }                                                                                     \
  static __always_inline void prefix##_and(type i, atomic* v) {                         \
    (void)WR_RMW(type, WR_PORT_AND, i, v, WR_PORT_RELAXED);                             \
  }                                                                                     \
  static __always_inline void prefix##_or(type i, atomic* v) {                          \
    (void)WR_RMW(type, WR_PORT_OR, i, v, WR_PORT_RELAXED);                              \
  }                                                                                     \
  WR_ATOMIC_FORM(prefix, atomic, type, , WR_PORT_FULL)                                  \
  WR_ATOMIC_FORM(prefix, atomic, type, _relaxed, WR_PORT_RELAXED)                       \
  WR_ATOMIC_FORM(prefix, atomic, type, _acquire, WR_PORT_ACQUIRE)                       \
  WR_ATOMIC_FORM(prefix, atomic, type, _release, WR_PORT_RELEASE)                       \
  static __always_inline type prefix##_fetch_add_unless(atomic* v, type a, type u) {    \
    return (type)wr_port_rmw(&v->counter, sizeof(v->counter), WR_PORT_ADD_UNLESS,       \
                             (unsigned long)a, (unsigned long)u, WR_PORT_FULL);         \
  }
// An exclusive or is no kind of event: nothing under test makes one.
#define WR_ATOMIC_XOR(prefix, atomic, type)                           \
  static __always_inline void prefix##_xor(type i, atomic* v) {       \
    wr_port_unmodelled(#prefix "_xor");                               \
  }                                                                   \
  static __always_inline type prefix##_fetch_xor(type i, atomic* v) { \
    wr_port_unmodelled(#prefix "_fetch_xor");                         \
  }

WR_ATOMIC(arch_atomic, atomic_t, int)
WR_ATOMIC_XOR(arch_atomic, atomic_t, int)
WR_ATOMIC(arch_atomic64, atomic64_t, s64)
WR_ATOMIC_XOR(arch_atomic64, atomic64_t, s64)

#define arch_atomic_read arch_atomic_read
#define arch_atomic_set arch_atomic_set
#define arch_atomic_fetch_add_unless arch_atomic_fetch_add_unless
#define arch_atomic64_fetch_add_unless arch_atomic64_fetch_add_unless
#define arch_atomic_add_return arch_atomic_add_return
#define arch_atomic_add_return_relaxed arch_atomic_add_return_relaxed
#define arch_atomic_add_return_acquire arch_atomic_add_return_acquire
#define arch_atomic_add_return_release arch_atomic_add_return_release
#define arch_atomic_sub_return arch_atomic_sub_return
#define arch_atomic_sub_return_relaxed arch_atomic_sub_return_relaxed
#define arch_atomic_sub_return_acquire arch_atomic_sub_return_acquire
#define arch_atomic_sub_return_release arch_atomic_sub_return_release
#define arch_atomic_fetch_add arch_atomic_fetch_add
#define arch_atomic_fetch_add_relaxed arch_atomic_fetch_add_relaxed
#define arch_atomic_fetch_add_acquire arch_atomic_fetch_add_acquire
#define arch_atomic_fetch_add_release arch_atomic_fetch_add_release
#define arch_atomic_fetch_sub arch_atomic_fetch_sub
#define arch_atomic_fetch_sub_relaxed arch_atomic_fetch_sub_relaxed
#define arch_atomic_fetch_sub_acquire arch_atomic_fetch_sub_acquire
#define arch_atomic_fetch_sub_release arch_atomic_fetch_sub_release
#define arch_atomic_fetch_and arch_atomic_fetch_and
#define arch_atomic_fetch_and_relaxed arch_atomic_fetch_and_relaxed
#define arch_atomic_fetch_and_acquire arch_atomic_fetch_and_acquire
#define arch_atomic_fetch_and_release arch_atomic_fetch_and_release
#define arch_atomic_fetch_or arch_atomic_fetch_or
#define arch_atomic_fetch_or_relaxed arch_atomic_fetch_or_relaxed
#define arch_atomic_fetch_or_acquire arch_atomic_fetch_or_acquire
#define arch_atomic_fetch_or_release arch_atomic_fetch_or_release
#define arch_atomic_fetch_xor arch_atomic_fetch_xor
#define arch_atomic_xchg arch_atomic_xchg
#define arch_atomic_xchg_relaxed arch_atomic_xchg_relaxed
#define arch_atomic_xchg_acquire arch_atomic_xchg_acquire
#define arch_atomic_xchg_release arch_atomic_xchg_release
#define arch_atomic_cmpxchg arch_atomic_cmpxchg
#define arch_atomic_cmpxchg_relaxed arch_atomic_cmpxchg_relaxed
#define arch_atomic_cmpxchg_acquire arch_atomic_cmpxchg_acquire
#define arch_atomic_cmpxchg_release arch_atomic_cmpxchg_release
#define arch_atomic64_add_return arch_atomic64_add_return
#define arch_atomic64_add_return_relaxed arch_atomic64_add_return_relaxed
#define arch_atomic64_add_return_acquire arch_atomic64_add_return_acquire
#define arch_atomic64_add_return_release arch_atomic64_add_return_release
#define arch_atomic64_sub_return arch_atomic64_sub_return
#define arch_atomic64_sub_return_relaxed arch_atomic64_sub_return_relaxed
#define arch_atomic64_sub_return_acquire arch_atomic64_sub_return_acquire
#define arch_atomic64_sub_return_release arch_atomic64_sub_return_release
#define arch_atomic64_fetch_add arch_atomic64_fetch_add
#define arch_atomic64_fetch_add_relaxed arch_atomic64_fetch_add_relaxed
#define arch_atomic64_fetch_add_acquire arch_atomic64_fetch_add_acquire
#define arch_atomic64_fetch_add_release arch_atomic64_fetch_add_release
#define arch_atomic64_fetch_sub arch_atomic64_fetch_sub
#define arch_atomic64_fetch_sub_relaxed arch_atomic64_fetch_sub_relaxed
#define arch_atomic64_fetch_sub_acquire arch_atomic64_fetch_sub_acquire
#define arch_atomic64_fetch_sub_release arch_atomic64_fetch_sub_release
#define arch_atomic64_fetch_and arch_atomic64_fetch_and
#define arch_atomic64_fetch_and_relaxed arch_atomic64_fetch_and_relaxed
#define arch_atomic64_fetch_and_acquire arch_atomic64_fetch_and_acquire
#define arch_atomic64_fetch_and_release arch_atomic64_fetch_and_release
#define arch_atomic64_fetch_or arch_atomic64_fetch_or
#define arch_atomic64_fetch_or_relaxed arch_atomic64_fetch_or_relaxed
#define arch_atomic64_fetch_or_acquire arch_atomic64_fetch_or_acquire
#define arch_atomic64_fetch_or_release arch_atomic64_fetch_or_release
#define arch_atomic64_fetch_xor arch_atomic64_fetch_xor
#define arch_atomic64_xchg arch_atomic64_xchg
#define arch_atomic64_xchg_relaxed arch_atomic64_xchg_relaxed
#define arch_atomic64_xchg_acquire arch_atomic64_xchg_acquire
#define arch_atomic64_xchg_release arch_atomic64_xchg_release
#define arch_atomic64_cmpxchg arch_atomic64_cmpxchg
#define arch_atomic64_cmpxchg_relaxed arch_atomic64_cmpxchg_relaxed
#define arch_atomic64_cmpxchg_acquire arch_atomic64_cmpxchg_acquire
#define arch_atomic64_cmpxchg_release arch_atomic64_cmpxchg_release

#define ATOMIC64_INIT(i) {(i)}
#endif
