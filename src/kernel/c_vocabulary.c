// Compiled as C11, as parts of Linux are. That each vocabulary header compiles as C by itself is
// checked by the list in CMakeLists.txt.
#include "kernel/c_vocabulary.h"

#include "kernel/notes.h"
#include "kernel/primitives.h"

_Static_assert(__STDC_VERSION__ >= 201112L, "C11");

uint64_t c_add_one(uint64_t* word, uint64_t* lock) {
  const bool saved = wr_irq_off(WR_HERE);
  wr_spin_lock(lock, WR_HERE);
  const uint64_t old = wr_load(word, sizeof(*word), WR_RELAXED, WR_DATA, WR_HERE);
  wr_store(word, sizeof(*word), old + 1, WR_RELAXED, WR_DATA, WR_HERE);
  wr_note(WR_NOTE_USER_WRITE, word, 0, old + 1, WR_HERE);
  wr_spin_unlock(lock, WR_HERE);
  wr_irq_restore(saved, WR_HERE);
  return old;
}
