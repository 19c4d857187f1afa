// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// A value or the reason why there is none, for failures of the environment (files, sockets, libvirt).
#pragma once

#include <cstring>
#include <string>
#include <string_view>
#include <system_error>
#include <tl/expected.hpp>
#include <utility>

namespace qvm {

// Why something failed, outermost context first: "start VM 'left': connect to '/run/…': Connection refused".
// One sentence, lower-case start, no full stop. The place that gives up prints it, once.
class [[nodiscard]] Error {
 public:
  explicit Error(std::string message) : x_message(std::move(message)) {}

  // "what: strerror(code)"; code is an errno value and stays readable for callers that decide on it.
  static Error from_errno(std::string_view what, int code = errno) {
    Error error(std::string(what) + ": " + std::generic_category().message(code));
    error.x_errno = code;
    return error;
  }

  // The same failure seen from one layer further out.
  Error with_context(std::string_view context) && {
    x_message.insert(0, std::string(context) + ": ");
    return std::move(*this);
  }

  const std::string& message() const { return x_message; }
  // 0 if the failure was not a system call's.
  int code() const { return x_errno; }

 private:
  std::string x_message;
  int x_errno = 0;
};

template <class T>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> fail(std::string message) {
  return tl::unexpected<Error>(Error(std::move(message)));
}
inline tl::unexpected<Error> fail_errno(std::string_view what, int code = errno) {
  return tl::unexpected<Error>(Error::from_errno(what, code));
}
// For handing an inner failure on with one more line of context.
template <class T>
tl::unexpected<Error> fail_from(Result<T>&& inner, std::string_view context) {
  return tl::unexpected<Error>(std::move(inner.error()).with_context(context));
}

namespace detail {

template <class T, class E>
T value_of(tl::expected<T, E>&& result) {
  return *std::move(result);
}
template <class E>
void value_of(tl::expected<void, E>&&) {}

}  // namespace detail
}  // namespace qvm

// The value of a Result; if there is none, the function returns with the error. A Result that has a name is
// moved from.
//   auto loop = QVM_TRY(EventLoop::create());
// clang-format off
#define QVM_TRY(...) QVM_TRY_NAMED(QVM_TRY_NAME(__COUNTER__), __VA_ARGS__)
#define QVM_TRY_NAME(number) QVM_TRY_JOINED(number)
#define QVM_TRY_JOINED(number) qvm_try_##number
// An expression of statements, which GCC and clang have: a function's end in the middle takes one.
#define QVM_TRY_NAMED(name, ...)                                   \
  __extension__({                                                  \
    auto&& name = (__VA_ARGS__);                                   \
    if (!name) return ::tl::unexpected(std::move(name).error());   \
    ::qvm::detail::value_of(std::move(name));                      \
  })
// clang-format on
