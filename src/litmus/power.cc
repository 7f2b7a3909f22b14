// litmus_power MODEL PROGRAMS [SEED]: draws programs (random_litmus.h) from SEED on, explores each
// under the model, and holds what it shows against the axiomatic checker (model_power.h). Prints
// states that are forbidden, with their programs, and how much is shown of what is allowed; a line
// every 2 seconds; on Ctrl-C what there is by then. With SHOW_MISSED=1 in the environment also what
// the model could show and does not. Exit code 1 where something forbidden was shown.
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "litmus/model_power.h"
#include "litmus/random_litmus.h"
#include "litmus/to_text.h"

namespace walkrace::litmus {
namespace {

// Of some thousand runs each: what takes longer is given up.
constexpr int kPollsMax = 20'000;

volatile std::sig_atomic_t interrupted = 0;

class EveryTwoSeconds {
 public:
  bool IsDue() {
    const auto now = std::chrono::steady_clock::now();
    if (now < next_) return false;
    next_ = now + std::chrono::seconds(2);
    return true;
  }

 private:
  std::chrono::steady_clock::time_point next_ =
      std::chrono::steady_clock::now() + std::chrono::seconds(2);
};

void Print(const char* what, const Program& program, const std::vector<FinalState>& states) {
  if (states.empty()) return;
  std::printf("%s of %s:\n%s\n", what, program.name.c_str(), ToText(program).c_str());
  for (const FinalState& state : states) std::printf("%s\n", StateText(program, state).c_str());
  std::fflush(stdout);
}

int Run(const MemoryRow& model, uint64_t programs, uint64_t first_seed) {
  const bool shows_missed = std::getenv("SHOW_MISSED") != nullptr;
  Power power;
  EveryTwoSeconds clock;
  const auto poll = [&] {
    if (clock.IsDue()) std::fprintf(stderr, "%s: %s\n", model.name, power.Text().c_str());
    return interrupted != 0;
  };
  for (uint64_t seed = first_seed; seed < first_seed + programs && !poll(); ++seed) {
    const Program program = RandomLitmus(seed);
    const Allowed allowed = CheckBoth(program, poll);
    if (!allowed.complete()) {
      power.given_up += interrupted == 0;
      continue;
    }
    ExploreOptions options;
    int polls = 0;
    options.stop = [&] { return ++polls > kPollsMax || poll(); };
    const Exploration shown = Explore(program, model.kind, options);
    if (interrupted != 0) break;
    const Held held = Hold(allowed, shown, model.kind, power);
    Print("forbidden states", program, held.forbidden);
    if (shows_missed && held.complete) Print("missed states", program, held.missed);
  }
  std::printf("%s, seeds from %llu: %s%s\n", model.name,
              static_cast<unsigned long long>(first_seed), power.Text().c_str(),
              interrupted != 0 ? " (interrupted)" : "");
  return power.forbidden_programs == 0 ? 0 : 1;
}

}  // namespace
}  // namespace walkrace::litmus

int main(int argc, char** argv) {
  const walkrace::MemoryRow* model =
      argc == 3 || argc == 4 ? walkrace::FindMemory(argv[1]) : nullptr;
  if (model == nullptr) {
    std::fprintf(stderr, "usage: %s sc|tso|mca|lkmm PROGRAMS [SEED]\n", argv[0]);
    return 2;
  }
  std::signal(SIGINT, [](int) { walkrace::litmus::interrupted = 1; });
  return walkrace::litmus::Run(*model, std::strtoull(argv[2], nullptr, 10),
                               argc == 4 ? std::strtoull(argv[3], nullptr, 10) : 1);
}
