// What can be taken out of the paths: a cut, asked for by its name where the piece stands. No run
// takes any out, but one of a variant, whose row in variants.cc has the same names; a test holds
// the two against each other.
#ifndef WALKRACE_PATHS_CUTS_H_
#define WALKRACE_PATHS_CUTS_H_

#include <stdint.h>

// The name of a cut, as a number that the compiler makes: FNV-1a of 64 bits. None has 0.
struct wr_cut {
  uint64_t hash = 0;

  constexpr wr_cut() = default;
  // NOLINTNEXTLINE(google-explicit-constructor): a name is a cut
  consteval wr_cut(const char* name) : hash(0xcbf29ce484222325) {
    for (; *name != '\0'; ++name) {
      hash = (hash ^ static_cast<unsigned char>(*name)) * 0x100000001b3;
    }
  }
  friend bool operator==(const wr_cut&, const wr_cut&) = default;
};

bool is_cut(wr_cut cut);

#endif  // WALKRACE_PATHS_CUTS_H_
