// Holds the memory models against the axiomatic checker, by random programs: whatever a model
// shows must be allowed; how much of what is allowed it shows is its power. usage: litmus_power
// MODEL PROGRAMS [FIRST_SEED]
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "litmus/axiomatic.h"
#include "litmus/explore.h"
#include "litmus/random_litmus.h"
#include "litmus/to_text.h"

using namespace walkrace;
using namespace walkrace::litmus;

int main(int argc, char** argv) {
  const MemoryRow* row = argc > 2 ? FindMemory(argv[1]) : nullptr;
  if (row == nullptr) {
    std::fprintf(stderr, "usage: %s sc|tso|mca|lkmm PROGRAMS [FIRST_SEED]\n", argv[0]);
    return 2;
  }
  const uint64_t programs = std::strtoull(argv[2], nullptr, 10);
  const uint64_t first = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 1;
  uint64_t forbidden = 0, weak = 0, weak_seen = 0, buffered = 0, buffered_seen = 0;
  uint64_t sc_missed = 0, incomplete = 0, executions = 0, differ = 0;
  double checker_seconds = 0, model_seconds = 0;
  const auto now = [] { return std::chrono::steady_clock::now(); };
  const auto seconds = [](auto from, auto to) {
    return std::chrono::duration<double>(to - from).count();
  };
  auto told = now();
  for (uint64_t seed = first; seed < first + programs; ++seed) {
    // Small ones: they are explored to their end.
    const Program program = RandomLitmus(seed, {.threads_max = 3, .accesses_max = 8});
    const auto start = now();
    LkmmOptions check;
    check.candidates_max = 200'000;
    const LkmmResult allowed = CheckLkmm(program, check);
    const auto middle = now();
    checker_seconds += seconds(start, middle);
    if (!allowed.complete) {
      ++incomplete;
      continue;
    }
    ExploreOptions options;
    options.executions_max = 2'000'000;
    const Exploration shown = Explore(program, row->kind, options);
    model_seconds += seconds(middle, now());
    executions += shown.executions;
    bool bad = false;
    for (const auto& [state, count] : shown.states) {
      if (allowed.states.find(state) == allowed.states.end()) bad = true;
    }
    if (bad) {
      if (forbidden++ < 3) {
        std::printf("forbidden outcome, seed %llu:\n%s\n", static_cast<unsigned long long>(seed),
                    ToText(program).c_str());
        for (const auto& [state, count] : shown.states) {
          if (allowed.states.find(state) != allowed.states.end()) continue;
          for (size_t t = 0; t < state.registers.size(); ++t) {
            for (size_t r = 0; r < state.registers[t].size(); ++r) {
              std::printf(" %zu:%s=%lld", t, program.threads[t].registers[r].c_str(),
                          static_cast<long long>(state.registers[t][r]));
            }
          }
          for (size_t l = 0; l < state.locations.size(); ++l) {
            std::printf(" %s=%lld", program.locations[l].name.c_str(),
                        static_cast<long long>(state.locations[l]));
          }
          std::printf("\n");
        }
        std::fflush(stdout);
      }
    }
    if (!shown.complete) ++incomplete;
    bool missed = false;
    for (const auto& [state, about] : allowed.about) {
      const bool seen = shown.states.find(state) != shown.states.end();
      if (about.sc) {
        sc_missed += !seen;
      } else if (about.needs_load_buffering) {
        ++buffered;
        buffered_seen += seen;
      } else {
        ++weak;
        weak_seen += seen;
        missed |= !seen;
      }
    }
    if (missed && differ++ < 0) std::printf("%s\n", ToText(program).c_str());
    if (missed && std::getenv("SHOW_MISSED") != nullptr && differ <= 5) {
      std::printf("missed, seed %llu:\n%s\n", static_cast<unsigned long long>(seed),
                  ToText(program).c_str());
      for (const auto& [state, about] : allowed.about) {
        if (about.sc || about.needs_load_buffering || shown.states.contains(state)) continue;
        for (size_t t = 0; t < state.registers.size(); ++t) {
          for (size_t r = 0; r < state.registers[t].size(); ++r) {
            std::printf(" %zu:%s=%lld", t, program.threads[t].registers[r].c_str(),
                        static_cast<long long>(state.registers[t][r]));
          }
        }
        for (size_t l = 0; l < state.locations.size(); ++l) {
          std::printf(" %s=%lld", program.locations[l].name.c_str(),
                      static_cast<long long>(state.locations[l]));
        }
        std::printf("\n");
      }
    }
    if (seconds(told, now()) > 10) {
      told = now();
      std::fprintf(
          stderr, "%llu programs, %llu forbidden, power %.1f %%\n",
          static_cast<unsigned long long>(seed) - first + 1,
          static_cast<unsigned long long>(forbidden),
          weak == 0 ? 0.0 : 100.0 * static_cast<double>(weak_seen) / static_cast<double>(weak));
    }
  }
  std::printf(
      "%s: %llu programs, %llu with a forbidden outcome; weak outcomes without load buffering: "
      "%llu, "
      "seen %llu (%.2f %%); with it: %llu, seen %llu; sc outcomes missed: %llu; not explored to "
      "the "
      "end: %llu; %llu executions; checker %.0f s, model %.0f s\n",
      row->name, static_cast<unsigned long long>(programs),
      static_cast<unsigned long long>(forbidden), static_cast<unsigned long long>(weak),
      static_cast<unsigned long long>(weak_seen),
      weak == 0 ? 0.0 : 100.0 * static_cast<double>(weak_seen) / static_cast<double>(weak),
      static_cast<unsigned long long>(buffered), static_cast<unsigned long long>(buffered_seen),
      static_cast<unsigned long long>(sc_missed), static_cast<unsigned long long>(incomplete),
      static_cast<unsigned long long>(executions), checker_seconds, model_seconds);
  return forbidden == 0 ? 0 : 1;
}
