// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// What the host tells the tests about itself: variables of the environment, read here and nowhere else.
#pragma once

#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace qvm::test {

// QVM_TEST_SLOWNESS: by how much time limits are longer on this host than on usual hardware, a whole number
// from 1 (the default) to 100. Anything else ends the program: a limit that is not meant would prove nothing.
inline unsigned slowness() {
  constexpr unsigned kMost = 100;
  const char* const text = std::getenv("QVM_TEST_SLOWNESS");
  if (text == nullptr) return 1;
  const std::string_view digits = text;
  unsigned value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error == std::errc() && end == digits.data() + digits.size() && value >= 1 && value <= kMost)
    return value;
  std::fprintf(stderr, "QVM_TEST_SLOWNESS is '%s': it has to be a whole number from 1 to %u\n", text, kMost);
  std::exit(2);
}

// A time limit of a test, as it is on this host. Applied where the deadline is computed, so that tests state
// their limits for usual hardware.
template <typename Rep, typename Period>
std::chrono::duration<Rep, Period> on_this_host(std::chrono::duration<Rep, Period> limit) {
  return limit * static_cast<Rep>(slowness());
}

// QVM_TEST_ACCEL: the accelerator of tests that run under one only, "tcg" (the default) or "kvm". TCG is the
// default because a KVM in software needs minutes to boot a Linux.
inline std::string usual_accelerator() {
  const char* const text = std::getenv("QVM_TEST_ACCEL");
  const std::string accelerator = text == nullptr ? "tcg" : text;
  if (accelerator == "tcg" || accelerator == "kvm") return accelerator;
  std::fprintf(stderr, "QVM_TEST_ACCEL is '%s': it has to be tcg or kvm\n", text);
  std::exit(2);
}

// The accelerator of boards, which are aarch64: on another host nothing but TCG runs them.
inline std::string board_accelerator() {
#ifdef __aarch64__
  return usual_accelerator();
#else
  return "tcg";
#endif
}

// QVM_TEST_LINUX_ARM64: a folder with the Linux guest for arm64, made on another machine with
// `tools/linux-image.sh --arch arm64 --add …/driver-check FOLDER`. Empty: the tests make it.
inline std::string made_linux_arm64() {
  const char* const folder = std::getenv("QVM_TEST_LINUX_ARM64");
  return folder == nullptr ? "" : folder;
}

}  // namespace qvm::test
