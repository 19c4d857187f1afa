// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// What a lint rule is. One rule per file of this folder, which is known by being there.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "config/language/option_table.h"
#include "config/manifest/system_config.h"
#include "config/model/checked_vm.h"
#include "config/text/diagnostic.h"
#include "config/text/reader.h"
#include "config/text/source.h"
#include "qvm/base/registered.h"

namespace qvm::config {

struct RuleInput {
  std::span<const CheckedVm> vms;
  const TableSet& tables;
  const SourceSet& sources;
  Reader& reader;
  const SystemConfig* manifest = nullptr;  // that names the VMs; nullptr: none
};

// Configurations of one or two VMs. Where an example names files, guest.elf is an ELF file (arm.elf for ARM),
// guest.bin something else, Image and bzImage are Linux kernels for ARM and x86, Image.gz is compressed,
// guest.ifs a QNX image, guest.dtb a device tree (tree.dtb has a pl011 in it), disk.img and other.img raw
// disks, disk.qcow2 another one, each of 8 KiB; empty.bin is empty; shared is a directory; the configurations
// are in vms, beside.elf too; /dev/hd0 and its partition /dev/hd0t11, /dev/ptyp0, /dev/ttyp0 and /dev/ttyS1
// are devices; others do not exist. The environment has HOME only. The host has 4 CPUs and 8 GiB.
struct RuleExample {
  std::string_view first;
  std::string_view second = {};
  // A manifest that names them as left.qvmconf and right.qvmconf; empty: there is none.
  std::string_view manifest = {};
};

struct Rule {
  std::string_view id;
  Severity severity = Severity::error;  // the worst that the rule reports
  std::string_view title;               // one line for --list-rules
  std::string_view documentation;       // why, and what to do; for --explain
  RuleExample wrong;                    // triggers the rule
  // The same done well: nothing but infos and what rules about the host say.
  RuleExample right;
  // Adds its findings. nullptr: whoever reads the words or values reports it at once, and of comments
  // config/lint/suppress.h.
  void (*check)(const RuleInput& input, DiagnosticSink& sink) = nullptr;
  // It says what becomes of a configuration on this host, rather than what is wrong with it.
  bool about_host = false;
  Registered<Rule> registered{*this};
};

// All rules, sorted by id.
std::span<const Rule* const> all_rules();
const Rule* find_rule(std::string_view id);

// Runs every rule over the set.
void run_rules(const RuleInput& input, DiagnosticSink& sink);

}  // namespace qvm::config
