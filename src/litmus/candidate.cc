#include "litmus/candidate.h"

#include <algorithm>
#include <map>
#include <unordered_map>

#include "base/check.h"
#include "engine/event.h"

namespace walkrace::litmus {
namespace {

// What is known of a run before it meets others. `stores` and `needs`: a bit for a value at a
// location (two may share one: then less is ruled out early).
struct RunSummary {
  struct AtLocation {
    uint32_t number = 0;          // of these accesses, among those of all runs
    std::vector<uint8_t> events;  // of the run, as LocationAccess are numbered
  };
  std::vector<AtLocation> locations;
  uint64_t stores = 0;
  uint64_t needs = 0;  // what it reads and other threads must have stored
};

class CandidateMaker {
 public:
  CandidateMaker(const Program& program, const LocationRules& rules, CandidateVisitor& visitor)
      : program_(program),
        rules_(rules),
        visitor_(visitor),
        thread_count_(static_cast<int>(program.threads.size())),
        location_count_(static_cast<int>(program.locations.size())),
        accesses_(location_count_),
        access_numbers_(location_count_),
        orders_(location_count_),
        chosen_orders_(location_count_) {
    WR_CHECK(thread_count_ <= kCpusMax);
  }

  bool Go() {
    ThreadRuns runs = AllThreadRuns(program_);
    runs_ = std::move(runs.of_thread);
    for (const std::vector<ThreadRun>& of_thread : runs_) {
      std::vector<RunSummary>& summaries = summaries_.emplace_back();
      for (const ThreadRun& run : of_thread) summaries.push_back(Summarize(run));
      uint64_t stores = 0;
      for (const RunSummary& summary : summaries) stores |= summary.stores;
      stores_.push_back(stores);
    }
    candidate_.runs.resize(thread_count_);
    candidate_.run_numbers.resize(thread_count_);
    candidate_.first_events.resize(thread_count_ + 1);
    candidate_.last_values.resize(location_count_);
    ChooseRun(0);
    return runs.complete && !ended_;
  }

 private:
  uint64_t ValueBit(int location, Value value) {
    const auto [place, is_new] = value_bits_.try_emplace({location, value}, value_bits_.size());
    return uint64_t{1} << (place->second % 64);
  }

  RunSummary Summarize(const ThreadRun& run) {
    RunSummary summary;
    summary.locations.resize(location_count_);
    std::vector<LocationAccesses> accesses(location_count_);
    std::vector<int> index_of(run.events.size(), -1);
    std::vector<Value> own_value(location_count_);  // what it would read if it were alone
    for (int i = 0; i < location_count_; ++i) own_value[i] = InitialValue(i);
    for (size_t i = 0; i < run.events.size(); ++i) {
      const RunEvent& event = run.events[i];
      if (!IsAccess(event.type)) continue;
      LocationAccesses& here = accesses[event.location];
      index_of[i] = static_cast<int>(here.size());
      const bool is_write = IsWrite(event.type);
      const int read_half = event.read_half < 0 ? -1 : index_of[event.read_half];
      here.push_back({is_write, static_cast<int8_t>(read_half), event.value});
      summary.locations[event.location].events.push_back(static_cast<uint8_t>(i));
      if (is_write) {
        own_value[event.location] = event.value;
        summary.stores |= ValueBit(event.location, event.value);
      } else if (rules_.coherence && own_value[event.location] != event.value) {
        summary.needs |= ValueBit(event.location, event.value);
      }
    }
    for (int i = 0; i < location_count_; ++i) {
      const auto [place, is_new] = access_numbers_[i].try_emplace(
          accesses[i], static_cast<uint32_t>(access_numbers_[i].size()));
      if (is_new) accesses_[i].push_back(&place->first);
      summary.locations[i].number = place->second;
    }
    return summary;
  }

  // The word of a lock is 0 until somebody takes it, whatever the test says.
  Value InitialValue(int location) const {
    const Location& it = program_.locations[location];
    return it.is_lock ? 0 : it.initial;
  }

  // Returns false where a thread before `count` cannot read what it must.
  bool ValuesAreThere(int count) const {
    for (int thread = 0; thread < count; ++thread) {
      uint64_t others = 0;
      for (int other = 0; other < thread_count_; ++other) {
        if (other == thread) continue;
        others |= other < count ? Chosen(other).stores : stores_[other];
      }
      if ((Chosen(thread).needs & ~others) != 0) return false;
    }
    return true;
  }
  const RunSummary& Chosen(int thread) const {
    return summaries_[thread][candidate_.run_numbers[thread]];
  }

  void ChooseRun(int thread) {
    if (thread == thread_count_) {
      MeetRuns();
      return;
    }
    for (size_t i = 0; i < runs_[thread].size() && !ended_; ++i) {
      candidate_.runs[thread] = &runs_[thread][i];
      candidate_.run_numbers[thread] = static_cast<int>(i);
      if (ValuesAreThere(thread + 1)) ChooseRun(thread + 1);
    }
  }

  const std::vector<LocationOrder>& OrdersOf(int location) {
    uint64_t key = 0;
    for (int thread = 0; thread < thread_count_; ++thread) {
      const uint32_t number = Chosen(thread).locations[location].number;
      WR_CHECK(number < (1u << 16));
      key = key << 16 | number;
    }
    const auto [place, is_new] = orders_[location].try_emplace(key);
    if (is_new) {
      std::vector<const LocationAccesses*> threads;
      threads.reserve(thread_count_);
      for (int thread = 0; thread < thread_count_; ++thread) {
        threads.push_back(accesses_[location][Chosen(thread).locations[location].number]);
      }
      place->second = LocationOrders(InitialValue(location), threads, rules_);
    }
    return place->second;
  }

  void MeetRuns() {
    location_sequence_.clear();
    for (int i = 0; i < location_count_; ++i) {
      chosen_orders_[i] = &OrdersOf(i);
      if (chosen_orders_[i]->empty()) return;
      location_sequence_.push_back(i);
    }
    // Where there is little choice first: what is ruled out is ruled out early.
    std::sort(location_sequence_.begin(), location_sequence_.end(), [&](int a, int b) {
      const size_t count_a = chosen_orders_[a]->size(), count_b = chosen_orders_[b]->size();
      return count_a != count_b ? count_a < count_b : a < b;
    });
    candidate_.events.clear();
    candidate_.own_thread.clear();
    for (int thread = 0; thread < thread_count_; ++thread) {
      const int first = static_cast<int>(candidate_.events.size());
      candidate_.first_events[thread] = first;
      const std::vector<RunEvent>& events = candidate_.runs[thread]->events;
      WR_CHECK(first + events.size() <= kEventsMax);
      const EventSet all = FirstEvents(static_cast<int>(events.size())) << (first % kEventsMax);
      for (const RunEvent& event : events) {
        candidate_.events.push_back(&event);
        candidate_.own_thread.push_back(all);
      }
    }
    candidate_.event_count = static_cast<int>(candidate_.events.size());
    candidate_.first_events[thread_count_] = candidate_.event_count;
    const Relation none(candidate_.event_count);
    candidate_.rf = candidate_.co = candidate_.fr = none;
    if (visitor_.VisitRuns(candidate_)) ChooseOrder(0);
  }

  int EventAt(int location, LocationOrder::Access access) const {
    return candidate_.first_events[access.thread] +
           Chosen(access.thread).locations[location].events[access.index];
  }

  void ChooseOrder(size_t depth) {
    if (depth == location_sequence_.size()) {
      ended_ = !visitor_.Visit(candidate_);
      return;
    }
    const int location = location_sequence_[depth];
    for (const LocationOrder& order : *chosen_orders_[location]) {
      PutOrder(location, order);
      if (visitor_.VisitPart(candidate_)) ChooseOrder(depth + 1);
      if (ended_) return;
    }
    for (const LocationOrder& order : *chosen_orders_[location]) {
      for (const LocationOrder::Access& write : order.writes) ClearRows(EventAt(location, write));
      for (const LocationOrder::Read& read : order.reads) ClearRows(EventAt(location, read.access));
      break;  // they all have the same events
    }
  }
  void ClearRows(int event) {
    candidate_.rf.SetRow(event, 0);
    candidate_.co.SetRow(event, 0);
    candidate_.fr.SetRow(event, 0);
  }

  void PutOrder(int location, const LocationOrder& order) {
    EventSet later = 0;
    int newer[kEventsMax + 1];
    EventSet newer_set[kEventsMax + 1];
    const int count = static_cast<int>(order.writes.size());
    for (int i = count - 1; i >= 0; --i) {
      newer[i] = EventAt(location, order.writes[i]);
      newer_set[i + 1] = later;
      candidate_.co.SetRow(newer[i], later);
      candidate_.rf.SetRow(newer[i], 0);
      later |= OnlyEvent(newer[i]);
    }
    newer_set[0] = later;
    for (const LocationOrder::Read& read : order.reads) {
      const int event = EventAt(location, read.access);
      if (read.from != 0) candidate_.rf.Add(newer[read.from - 1], event);
      candidate_.fr.SetRow(event, newer_set[read.from]);
    }
    candidate_.last_values[location] =
        count == 0 ? InitialValue(location) : candidate_.events[newer[count - 1]]->value;
  }

  const Program& program_;
  const LocationRules& rules_;
  CandidateVisitor& visitor_;
  const int thread_count_, location_count_;
  std::vector<std::vector<ThreadRun>> runs_;
  std::vector<std::vector<RunSummary>> summaries_;
  std::vector<uint64_t> stores_;  // of each thread, in any of its runs
  std::map<std::pair<int, Value>, size_t> value_bits_;
  std::vector<std::vector<const LocationAccesses*>> accesses_;
  std::vector<std::map<LocationAccesses, uint32_t>> access_numbers_;
  std::vector<std::unordered_map<uint64_t, std::vector<LocationOrder>>> orders_;
  std::vector<const std::vector<LocationOrder>*> chosen_orders_;
  std::vector<int> location_sequence_;
  Candidate candidate_;
  bool ended_ = false;
};

}  // namespace

bool ForEachCandidate(const Program& program, const LocationRules& rules,
                      CandidateVisitor& visitor) {
  return CandidateMaker(program, rules, visitor).Go();
}

}  // namespace walkrace::litmus
