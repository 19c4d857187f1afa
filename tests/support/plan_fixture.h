// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Plans of configuration texts on an invented host: no disk, no environment, always the same.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/load.h"
#include "qvm/plan/vm_plan.h"

namespace qvm::test {

// A file system of texts. A name with a known ending has contents without being listed: *.elf is a multiboot
// image, *.bzImage a Linux kernel, *.elf64 an ELF file that cannot be started, *.aarch64 one for ARM with a
// segment at 0x80080000, *.Image an arm64 Linux kernel, *.bin 64 KiB of nothing. Every directory is there but
// those called nowhere.
class FakeFiles final : public config::Reader {
 public:
  std::map<std::string, std::string, std::less<>> texts;
  std::optional<vdevs::KvmGics> kvm_gics;  // of the host

  Result<std::string> read(std::string_view path, std::uint64_t limit) override;
  Result<std::string> read_head(std::string_view path, std::uint64_t count) override;
  Result<config::FileFacts> facts(std::string_view path) override;
  std::optional<std::string> environment(std::string_view name) override;
  config::HostResources host() override { return {}; }

 private:
  std::optional<std::string> contents(std::string_view path) const;
};

// TCG, root, runtime directory /run/qvm, qboot, working directory /home/user.
plan::HostFacts fake_host();

struct Planned {
  config::LoadedSystem loaded;
  config::DiagnosticSink findings;  // of the plan alone
  std::optional<plan::VmPlan> plan;

  // Everything the plan found: "path:line:column: severity: message [rule]", notes and help indented below.
  std::string text() const;
};

// Table set with the vdevs of tests/golden/plan/vdevs and docs/examples/edu added to the shipped ones.
const config::TableSet& fake_tables();

// Reads name from files and plans it. What the linter finds is in loaded; the plan is made all the same.
// manifest: whose host-map counts; nullptr: none. The host has PCI devices, some of which can be given away.
Planned plan_file(FakeFiles& files, const std::string& name, const plan::HostFacts& host,
                  const config::SystemConfig* manifest = nullptr);
// The same for a text called vm.qvmconf.
Planned plan_text(const std::string& text, const plan::HostFacts& host = fake_host(),
                  const config::SystemConfig* manifest = nullptr);

}  // namespace qvm::test
