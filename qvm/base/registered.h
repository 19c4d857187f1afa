// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Objects of one type that enter a list by themselves, so that adding one is adding a file: no list names
// them.
//
//   struct Rule {
//     std::string_view id;
//     Registered<Rule> registered{*this};
//   };
//   const Rule kOpenQuote{.id = "A04"};   // one of Registered<Rule>::all() from now on
//
// They are constants of their sources: made while the program starts, in any order, and never taken out.
// Nothing refers to them, so the linker leaves them out of a program unless it takes their library whole
// (QVM_WHOLE in cmake/QvmTargets.cmake).
#pragma once

#include <vector>

namespace qvm {

template <class T>
class Registered {
 public:
  explicit Registered(const T& object) : object_(&object), next_(newest_) { newest_ = this; }
  ~Registered() = default;
  Registered(const Registered&) = delete;
  Registered& operator=(const Registered&) = delete;

  // In no particular order. From main() on, and in any thread.
  static std::vector<const T*> all() {
    std::vector<const T*> objects;
    for (const Registered* one = newest_; one != nullptr; one = one->next_) objects.push_back(one->object_);
    return objects;
  }

 private:
  // Before any constructor runs.
  static inline constinit const Registered* newest_ = nullptr;

  const T* object_;
  const Registered* next_;
};

}  // namespace qvm
