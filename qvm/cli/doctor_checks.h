// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Judges the facts about a host: what each means for VMs, and the command that mends it. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "qvm/cli/doctor_facts.h"

namespace qvm::cli {

// ok: as it should be. note: something is missing that few VMs need. warning: VMs start, but slower, or not
// all of them. error: no VM starts.
enum class Verdict { ok, note, warning, error };
std::string_view to_string(Verdict verdict);

// One precondition. Each text is one line.
struct Check {
  std::string id{};     // for programs; never changes
  std::string title{};  // for people
  Verdict verdict = Verdict::ok;
  std::string found{};
  std::string meaning{};  // empty if the verdict is ok
  std::string remedy{};   // a command, or what to change; empty: nothing to do
};

// In the order in which a start needs them.
std::vector<Check> examine(const DoctorFacts& facts);
// Whether VMs can start: no check is an error.
bool usable(const std::vector<Check>& checks);

// One line per check.
std::string checks_to_text(const std::vector<Check>& checks);
// As schemas/doctor.schema.json says.
std::string checks_to_json(const std::vector<Check>& checks);

}  // namespace qvm::cli
