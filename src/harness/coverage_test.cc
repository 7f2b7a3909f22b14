#include "harness/coverage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/harness_test_bed.h"

namespace walkrace {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

Coverage CoverageOf(std::initializer_list<const char*> texts) {
  Coverage coverage;
  for (const char* text : texts) {
    Runner::Get().Replay(FileOf(text).input, ContextOf("arm64").run);
    coverage.Add(Runner::Get().engine());
  }
  return coverage;
}

uint64_t RunsWith(const Coverage& coverage, OrderKind kind, const std::string& before,
                  const std::string& after) {
  uint64_t runs = 0;
  for (const Coverage::Order& order : coverage.Orders()) {
    if (order.kind == kind && order.before.starts_with(before) && order.after.starts_with(after)) {
      runs = std::max(runs, order.runs);
    }
  }
  return runs;
}

constexpr char kGetThenZap[] = "cpu 0\n get 0\n unpin\ncpu 1\n zap 0\n";
constexpr char kZapThenGet[] =
    "cpu 0\n get 0\n unpin\ncpu 1\n zap 0\npreempt cpu 0 at start to cpu 1\n";

TEST(Coverage, CountsTheRunsThatReachAnOrder) {
  const char* put = "gup_put_folio update folio.refcount";
  const char* free = "free_page_and_swap_cache update folio.refcount";
  const char* zap = "zap_pte_range update T.pte[]";
  const char* walk = "gup_pte_range load T.pte[]";
  const Coverage one = CoverageOf({kGetThenZap});
  EXPECT_EQ(RunsWith(one, OrderKind::kConflict, put, free), 1u);
  EXPECT_EQ(RunsWith(one, OrderKind::kReadsFrom, put, free), 1u);
  EXPECT_EQ(RunsWith(one, OrderKind::kConflict, zap, walk), 0u);

  const Coverage all = CoverageOf({kGetThenZap, kZapThenGet, kZapThenGet});
  EXPECT_EQ(all.runs(), 3u);
  EXPECT_EQ(RunsWith(all, OrderKind::kConflict, put, free), 1u);
  EXPECT_EQ(RunsWith(all, OrderKind::kConflict, zap, walk), 2u);
  EXPECT_EQ(RunsWith(all, OrderKind::kReadsFrom, zap, walk), 2u);
}

TEST(Coverage, NamesWhatIsPossible) {
  for (const Coverage::Order& order : CoverageOf({kGetThenZap}).Orders()) {
    for (const std::string& name : {order.before, order.after}) {
      EXPECT_THAT(name, AllOf(HasSubstr(" ("), HasSubstr(".cc:"), Not(HasSubstr("pte[0]"))));
    }
    EXPECT_FALSE(order.before.find(" load ") != std::string::npos &&
                 order.after.find(" load ") != std::string::npos)
        << "two reads: " << order.before << ", " << order.after;
  }
}

}  // namespace
}  // namespace walkrace
