// litmus_power MODEL|all PROGRAMS [SEED]: draws programs (random_litmus.h) from SEED on, explores
// each under the model, or under every one, and holds what it shows against the axiomatic checker
// (model_power.h). Prints states that are forbidden, with their programs, and how much is shown of
// what is allowed; a line every 2 seconds; on Ctrl-C what there is by then. With SHOW_MISSED=1 in
// the environment also what the model could show and does not. Exit code 1 where something
// forbidden was shown.
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string_view>
#include <vector>

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

struct Measured {
  const MemoryRow* model;
  Power power = {};
};

void HoldOne(const Program& program, const Allowed& allowed, const std::function<bool()>& poll,
             Measured& of) {
  if (!allowed.complete()) {
    ++of.power.given_up;
    return;
  }
  ExploreOptions options;
  int polls = 0;
  options.stop = [&] { return ++polls > kPollsMax || poll(); };
  const Exploration shown = Explore(program, of.model->kind, options);
  if (interrupted != 0) return;
  const Held held = Hold(allowed, shown, of.model->kind, of.power);
  Print("forbidden states", program, held.forbidden);
  if (std::getenv("SHOW_MISSED") != nullptr && held.complete) {
    Print("missed states", program, held.missed);
  }
}

int Run(std::vector<Measured> models, uint64_t programs, uint64_t first_seed) {
  EveryTwoSeconds clock;
  const auto poll = [&] {
    if (clock.IsDue()) {
      for (const Measured& of : models) {
        std::fprintf(stderr, "%s: %s\n", of.model->name, of.power.Text().c_str());
      }
    }
    return interrupted != 0;
  };
  for (uint64_t seed = first_seed; seed < first_seed + programs && !poll(); ++seed) {
    const Program program = RandomLitmus(seed);
    const Allowed allowed = CheckBoth(program, poll);
    for (Measured& of : models) {
      if (interrupted == 0) HoldOne(program, allowed, poll, of);
    }
  }
  bool holds = true;
  for (const Measured& of : models) {
    std::printf("%s, seeds from %llu: %s%s\n", of.model->name,
                static_cast<unsigned long long>(first_seed), of.power.Text().c_str(),
                interrupted != 0 ? " (interrupted)" : "");
    holds = holds && of.power.forbidden_programs == 0;
  }
  return holds ? 0 : 1;
}

// The one of that name, or every one; none where there is none.
std::vector<Measured> ModelsNamed(std::string_view name) {
  std::vector<Measured> models;
  size_t count = 0;
  const MemoryRow* rows = MemoryRows(&count);
  for (size_t i = 0; i < count; ++i) {
    if (name == "all" || name == rows[i].name) models.push_back({.model = &rows[i]});
  }
  return models;
}

}  // namespace
}  // namespace walkrace::litmus

int main(int argc, char** argv) {
  using walkrace::litmus::Run;
  const auto models = walkrace::litmus::ModelsNamed(argc == 3 || argc == 4 ? argv[1] : "");
  if (models.empty()) {
    std::fprintf(stderr, "usage: %s sc|tso|mca|lkmm|all PROGRAMS [SEED]\n", argv[0]);
    return 2;
  }
  std::signal(SIGINT, [](int) { walkrace::litmus::interrupted = 1; });
  return Run(models, std::strtoull(argv[2], nullptr, 10),
             argc == 4 ? std::strtoull(argv[3], nullptr, 10) : 1);
}
