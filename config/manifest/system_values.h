// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Values of a manifest: from text to number, with what was probably meant when it is wrong.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "config/manifest/system_config.h"
#include "qvm/base/result.h"

namespace qvm::config {

struct ValueProblem {
  std::string message;  // lower case, no full stop
  std::string help;     // may be empty
  std::string better;   // the text to write instead, if that is certain; may be empty
};

template <class T>
using Value = tl::expected<T, ValueProblem>;

// "64KiB", "64 KiB", "4096B": a decimal number without leading zeros and one of B, KiB, MiB, GiB; more than
// 0.
Value<std::uint64_t> parse_manifest_size(std::string_view text);

// "0660": four octal digits of which only read and write bits are set. quoted: it stood in quotes, as it
// must, because YAML readers disagree on what 0660 is.
enum class Quoting { plain, quoted };
Value<std::uint32_t> parse_manifest_mode(std::string_view text, Quoting quoting);

// "500ms", "10s", "2min", "1h": a whole number with a unit, more than 0, at most kLongestDuration.
Value<std::chrono::milliseconds> parse_duration(std::string_view text);

// "no", "on-failure", "always".
Value<RestartPolicy::When> parse_restart(std::string_view text);

// A whole number without leading zeros, from 1 to most. what: of what, for the message.
Value<unsigned> parse_count(std::string_view text, std::string_view what, unsigned most);

// A number without leading zeros below 4294967295, or an account's name.
Value<Account> parse_account(std::string_view text);

// A decimal number without leading zeros, 1 to most.
Value<std::uint32_t> parse_manifest_count(std::string_view text, std::uint32_t most);

// "none", "advise", "require".
Value<HugePages> parse_huge_pages(std::string_view text);

// "true", "false".
Value<bool> parse_truth(std::string_view text);

// "kvm", "tcg", "auto".
Value<Accelerator> parse_accelerator(std::string_view text);

// A libvirt URI of this host: "qemu:///embed…", "qemu:///system", "qemu:///session", "test:///default".
Value<std::string> parse_libvirt_uri(std::string_view text);

// What a VM and what a region can be called.
Value<std::string> parse_vm_name(std::string_view text);
Value<std::string> parse_region_name(std::string_view text);

}  // namespace qvm::config
