// The only happens-before edges that the engine gives ThreadSanitizer: start and end of a run.
// Without them memory that the next run reuses would give false races. run_edges_tsan.cc or
// run_edges_none.cc, by flavour.
#ifndef WALKRACE_ENGINE_RUN_EDGES_H_
#define WALKRACE_ENGINE_RUN_EDGES_H_

namespace walkrace {

void RunEdgeRelease(void* edge);
void RunEdgeAcquire(void* edge);

}  // namespace walkrace

#endif  // WALKRACE_ENGINE_RUN_EDGES_H_
