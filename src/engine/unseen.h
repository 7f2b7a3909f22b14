// While one stands, ThreadSanitizer ignores what its thread or fiber does. It does not look into
// the engine, but intercepts allocation: what one CPU allocates for the engine and another lets go
// would be a race, as it cannot see that CPUs take turns. unseen_tsan.cc or unseen_none.cc, by
// flavour.
#ifndef WALKRACE_ENGINE_UNSEEN_H_
#define WALKRACE_ENGINE_UNSEEN_H_

namespace walkrace {

void BeginUnseen();
void EndUnseen();

class Unseen {
 public:
  Unseen() { BeginUnseen(); }
  ~Unseen() { EndUnseen(); }
  Unseen(const Unseen&) = delete;
  Unseen& operator=(const Unseen&) = delete;
};

}  // namespace walkrace

#endif  // WALKRACE_ENGINE_UNSEEN_H_
