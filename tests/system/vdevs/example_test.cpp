// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// docs/examples/vdev-counter from its option table and configuration to a running device.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "config/load.h"
#include "qvm/plan/vm_plan.h"
#include "tests/support/vdevs/qemu_process.h"

namespace qvm::testing {
namespace {

constexpr const char* kExample = QVM_SOURCE_DIR "/docs/examples/vdev-counter";

// What `qvm plan` makes of the example; warnings and errors go into findings.
std::optional<plan::VmPlan> plan_example(std::vector<std::string>& findings) {
  auto tables = config::TableSet::shipped().value();
  std::vector<Error> failures;
  tables.add_directory(QVM_COUNTER_DIRECTORY, failures);
  for (const Error& failure : failures) findings.push_back(failure.message());

  config::HostReader reader;
  reader.set_default("QVM_GUESTS", QVM_GUEST_DIR);
  config::VmInput input;
  input.words = {"@" + std::string(kExample) + "/counter.qvmconf"};
  const config::LoadedSystem loaded = config::load_vms({input}, tables, reader);
  const auto take = [&findings](const config::DiagnosticSink& sink) {
    for (const auto& found : sink.all()) {
      if (found.severity != config::Severity::info) findings.push_back(found.message);
    }
  };
  take(loaded.diagnostics);

  plan::HostFacts host;
  host.runtime_directory = "/run/qvm";
  host.plugin_directory = QVM_COUNTER_DIRECTORY;
  plan::HostQueries queries;
  queries.read_head = [&reader](const std::string& path) -> std::optional<std::string> {
    auto head = reader.read_head(path, plan::kImageHead);
    return head ? std::optional(*head) : std::nullopt;
  };
  queries.find_group = [](const std::string&) -> std::optional<gid_t> { return std::nullopt; };
  config::DiagnosticSink sink;
  auto plan = plan::build(loaded.vms.at(0), loaded.names.at(0), host, loaded.sources, sink, queries);
  take(sink);
  return plan;
}

TEST(VdevExample, IsPlannedWithoutAWarning) {
  std::vector<std::string> findings;
  const auto plan = plan_example(findings);
  EXPECT_EQ(findings, std::vector<std::string>{});
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->name, "counting");
}

TEST(VdevExample, RunsAsPlanned) {
  std::vector<std::string> findings;
  const auto plan = plan_example(findings);
  ASSERT_TRUE(plan);
  const ScratchDirectory directory;
  QemuProcess qemu(
      {.accelerator = "qtest", .vmhost_config = directory.write("vmhost.json", plan->vmhost_json)});
  EXPECT_EQ(qemu.qtest_read('l', 0x1c060000), 41u);
}

}  // namespace
}  // namespace qvm::testing
