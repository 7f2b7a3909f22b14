// Candidate executions of a litmus program: every combination of its threads' runs in which each
// value that is read is one that was stored, with every order of the stores to each location.
// Whether a memory model allows one is for axiomatic.h; coherence and the atomicity of
// read-modify-writes hold already (locks as lock.cat has them: read-modify-writes of one word).
#ifndef WALKRACE_LITMUS_CANDIDATE_H_
#define WALKRACE_LITMUS_CANDIDATE_H_

#include <cstdint>
#include <vector>

#include "litmus/location_orders.h"
#include "litmus/program.h"
#include "litmus/relation.h"
#include "litmus/thread_runs.h"

namespace walkrace::litmus {

// Events are numbered thread by thread in program order. Initial values have no events: nothing
// can be ordered before them.
struct Candidate {
  std::vector<const ThreadRun*> runs;  // of each thread
  std::vector<int> run_numbers;        // in the order of AllThreadRuns()
  std::vector<int> first_events;       // of each thread, and the number of all events
  int event_count = 0;
  std::vector<const RunEvent*> events;
  std::vector<EventSet> own_thread;  // of each event: the events of its thread
  Relation rf, co, fr;
  std::vector<Value> last_values;  // of each location, in coherence order
};

class CandidateVisitor {
 public:
  virtual ~CandidateVisitor() = default;
  // The runs are chosen, rf, co and fr are empty. Returns false to skip all candidates with them.
  virtual bool VisitRuns(const Candidate& candidate) = 0;
  // rf, co and fr of one more location are there. Returns false to skip.
  virtual bool VisitPart(const Candidate& candidate) = 0;
  // A candidate is complete. Returns false to end it all.
  virtual bool Visit(const Candidate& candidate) = 0;
};

// Returns false where the visitor ended it, or where a thread has too many runs.
// REQUIRES: at most 4 threads. Runs with more than 64 events together are an error.
bool ForEachCandidate(const Program& program, const LocationRules& rules,
                      CandidateVisitor& visitor);

}  // namespace walkrace::litmus

#endif  // WALKRACE_LITMUS_CANDIDATE_H_
