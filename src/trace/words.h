// One event in the words of memory-management engineers. Shared by every renderer, and by what
// names events in files.
#ifndef WALKRACE_TRACE_WORDS_H_
#define WALKRACE_TRACE_WORDS_H_

#include <string>

#include "engine/event.h"
#include "scenario/scenario.h"

namespace walkrace {

// Function, verb and object: "gup_pte_range load pmd[0]". Says nothing of values, so that it names
// the event in every run that gets there, and an event that has not happened yet as well. Page
// content is "user memory": which folio it is, is known only when the access happens.
std::string EventName(const Event& event);

// "load", "update", "irq-off": one word a kind.
const char* KindWord(EventKind kind);

// "page-returned": one word a note (kernel/notes.h); "unknown" for a number that is none.
const char* NoteWord(uint8_t what);

// The function that the event belongs to in its CPU's column; empty where there is none: an
// interrupt carries the site of the CPU that sent it.
std::string FunctionOf(const Event& event);

// What the event did, without its function: "load pmd[0]: T0", "clear T0.pte[0]: folio1 rw ->
// none", "returns folio1 for page 0". `scenario` names operations; null: they are numbered.
std::string EventWords(const Event& event, const Scenario* scenario);

// A value of this location in words: "T0", "folio5 rw", "locked lru", "42".
std::string ValueWords(LocationId location, uint64_t value);

// What a CPU waits for that has arrived at this event: "waits for mmap_lock".
std::string WaitWords(EventKind kind, LocationId location);

// Words of a kNote event. EventWords is made of it.
std::string NoteWords(const Event& note, const Scenario* scenario);

}  // namespace walkrace

#endif  // WALKRACE_TRACE_WORDS_H_
