// The plain re-reads that the kernel's own walkers make of page-table entries: by the letter they
// race with whoever changes the entry, and ThreadSanitizer says so. Linux knows (the thread of the
// seed asks whether READ_ONCE is needed there). In the code of a kernel tree they are counted by
// place and are no violation; --strict makes them one. Matched by function: a plain re-read
// anywhere else is a finding. walkrace's own paths make none.
#ifndef WALKRACE_HARNESS_KNOWN_REREADS_H_
#define WALKRACE_HARNESS_KNOWN_REREADS_H_

#include <cstdint>
#include <string>
#include <vector>

namespace walkrace {

// Filters ThreadSanitizer's reports from now on. Called once.
void InstallRereadFilter();

// They are violations like any other race from now on, or not.
void SetStrictRereads(bool strict);

struct KnownReread {
  std::string place;  // "gup_pte_range(), mm/gup.c:2493"
  const char* what;   // "plain re-read"
  uint64_t times;
};

// Those of all runs so far, by place, in order of their names.
std::vector<KnownReread> KnownRereads();

// "known upstream: plain re-read, 12 times: gup_pte_range(), mm/gup.c:2493", a line a place, or "".
std::string KnownRereadLines(const char* indent);

}  // namespace walkrace

#endif  // WALKRACE_HARNESS_KNOWN_REREADS_H_
