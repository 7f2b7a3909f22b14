#include <cstdio>

#include "harness/tree_check.h"
#include "kernel/port/trees.h"
#include "tool/commands.h"
#include "tool/common.h"

namespace walkrace {
namespace {

int CheckOne(const wr_tree& tree, bool quiet) {
  int wrong = 0;
  for (const TreeCheckResult& result : CheckTree(tree)) {
    const bool ok = result.why.empty();
    wrong += ok ? 0 : 1;
    if (ok && quiet) continue;
    std::printf("%-4s %s: %s%s%s\n", ok ? "ok" : "FAIL", tree.name, result.name.c_str(),
                ok ? "" : ": ", result.why.c_str());
  }
  if (wrong != 0) {
    std::fprintf(
        stderr,
        "walkrace: tree %s (Linux %s) does not do its work in this build: being clean would "
        "mean nothing (exit 3)\n  a lost CONFIG or macro compiles to nothing without a "
        "word: src/kernel/port/generated/autoconf.h, src/kernel/port/asm\n",
        tree.name, tree.release);
  }
  return wrong;
}

int RunTreeCheck(const std::string& name, bool quiet) {
  size_t count;
  const wr_tree* const* trees = Trees(&count);
  if (!name.empty() && FindTree(name.c_str()) == nullptr) {
    std::fprintf(stderr, "walkrace: no kernel tree '%s' in this build (walkrace list)\n",
                 name.c_str());
    return kExitUsage;
  }
  if (count == 0) {
    std::fprintf(stderr,
                 "walkrace: no kernel tree in this build: configure it with "
                 "-DWALKRACE_KERNEL_TREE=[NAME=]DIR\n");
    return kExitUsage;
  }
  int wrong = 0;
  for (size_t i = 0; i < count; ++i) {
    if (name.empty() || name == trees[i]->name) wrong += CheckOne(*trees[i], quiet);
  }
  return wrong == 0 ? 0 : kExitInfrastructure;
}

}  // namespace

void AddTreeCheckCommand(CLI::App& app, int& exit_code) {
  auto name = std::make_shared<std::string>();
  auto quiet = std::make_shared<bool>(false);
  CLI::App* command = app.add_subcommand(
      "tree-check",
      "whether a kernel tree does its work in this build: its GUP returns pages, its "
      "mutators mutate, and a re-check taken out is caught");
  command->add_option("--tree", *name, "this one only");
  command->add_flag("--quiet", *quiet, "only what is wrong");
  AddBackendOption(*command);
  command->callback([name, quiet, &exit_code] { exit_code = RunTreeCheck(*name, *quiet); });
}

}  // namespace walkrace
