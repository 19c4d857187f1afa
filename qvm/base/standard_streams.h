// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// What a program does about its standard streams: printing that neither throws nor loses anything unnoticed.
// On the main thread.
#pragma once

#include <string_view>

namespace qvm {

// Exit status (EX_IOERR of sysexits.h): the work was done, but not all that was to be printed could be
// written.
inline constexpr int kOutputLost = 74;

// To be called first in main(). Standard streams that are closed are taken by something that can be neither
// read nor written: or else the next file or socket that is opened would be one of them, and be printed into.
// A file that may not grow (RLIMIT_FSIZE) is a write that fails, printed or not, and not the program's end.
void begin_output() noexcept;

// Writes text to standard output at once, after all that stdio and std::cout still hold. False if it could
// not be written as a whole; end_output() remembers it, so that callers that go on need not look.
bool write_output(std::string_view text) noexcept;

// From now on, to the program's end, readers of standard output and error are waited for no longer than a
// second in all; what they have no room for then is dropped.
void hurry_output() noexcept;
// Of a program that reads its signals from a descriptor: output is hurried as soon as that is readable while
// a reader is waited for. fd must be valid until another one is set; -1: none.
void set_output_interrupt(int fd) noexcept;

// Writes "PROGRAM: message" to standard error. If that fails, there is nobody left to tell.
void write_complaint(std::string_view program, std::string_view message) noexcept;
// Writes text to standard error as it is.
void write_error(std::string_view text) noexcept;

// To be called last in main(): the exit status, with what standard output has become. Complains if some of
// it was lost; status 0 becomes kOutputLost then, another one stays. A reader that has closed its pipe is not
// complained about: it did so on purpose.
int end_output(std::string_view program, int status) noexcept;

}  // namespace qvm
