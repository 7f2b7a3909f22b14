// What steps that are not told one by one did, in a few words: "takes mmap_lock; flushes pages 0-7;
// IPI to CPUs 0, 2; frees folios 1-8".
#ifndef WALKRACE_TRACE_DEEDS_H_
#define WALKRACE_TRACE_DEEDS_H_

#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "engine/event.h"

namespace walkrace {

class Deeds {
 public:
  // What a note says was done to a folio or a table. Other events, other notes: nothing.
  void AddFate(const Event& event);
  // Locks taken, TLB flushes, IPIs and their handling, RCU callbacks and grace periods.
  void AddSynchronisation(const Event& event);
  // Interrupts off and on, rcu_read_lock and unlock: what of it outlasts these steps.
  void AddSection(const Event& event);

  // Whether there is anything but locks, which nearly all steps take, and the handling of IPIs,
  // which follows from the sending.
  bool AreWorthALine() const;
  // In the order of first appearance, each once, at most `names_max` a kind; 0: the kinds
  // of synchronisation and no names.
  std::string Words(size_t names_max) const;

  // What stands before the number of the only one, before those of several.
  struct Noun {
    const char* one = "";
    const char* several = "";
  };

 private:
  struct Kind {
    const char* verb;  // literals: one pointer need not be one verb
    Noun noun;
    const char* word;  // for all of it; null: a fate
    std::set<int> numbers = {};
    std::vector<std::string> names = {};  // of what has no number
  };
  struct Section {
    EventKind first = EventKind::kBegin;  // kBegin: none
    EventKind last = EventKind::kBegin;
  };

  Kind& KindOf(const char* verb, const Noun& noun, const char* word = nullptr);
  bool Has(const char* verb) const;
  void AddName(const char* verb, std::string name, const char* word = nullptr);
  void AddFrame(const char* verb, uint64_t pfn);
  void AddTable(const char* verb, uint64_t pfn);
  void AddCpus(const char* verb, uint64_t mask, const char* word);

  std::vector<Kind> kinds_;
  Section interrupts_;
  Section rcu_;
};

}  // namespace walkrace

#endif  // WALKRACE_TRACE_DEEDS_H_
