#include "engine/run_edges.h"

namespace walkrace {

void RunEdgeRelease(void* /*edge*/) {}
void RunEdgeAcquire(void* /*edge*/) {}

}  // namespace walkrace
