// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Objects of one type that enter a list by themselves, so that adding one is adding a file: no list names
// them.
//
//   struct Rule {
//     std::string_view id;
//     Registered<Rule> registered{*this};
//   };
//   const Rule kOpenQuote{.id = "A04"};   // one of Registered<Rule>::sorted_by(&Rule::id) from main() on
//
// They are constants of their sources: made while the program starts, in any order, and never taken out.
// Nothing refers to them, so the linker leaves them out of a program unless it takes their library whole
// (QVM_WHOLE in cmake/QvmTargets.cmake).
#pragma once

#include <algorithm>
#include <string_view>
#include <vector>

namespace qvm {

template <class T>
class Registered {
 public:
  explicit Registered(const T& object) : object_(&object), next_(newest_) { newest_ = this; }
  ~Registered() = default;
  Registered(const Registered&) = delete;
  Registered& operator=(const Registered&) = delete;

  // All of them, from main() on, in any thread. key: the name of a T, always the same one.
  static const std::vector<const T*>& sorted_by(std::string_view T::*key) {
    static const std::vector<const T*> objects = [key] {
      std::vector<const T*> all;
      for (const Registered* one = newest_; one != nullptr; one = one->next_) all.push_back(one->object_);
      std::sort(all.begin(), all.end(),
                [key](const T* left, const T* right) { return left->*key < right->*key; });
      return all;
    }();
    return objects;
  }
  // nullptr: none has that name.
  static const T* find(std::string_view T::*key, std::string_view name) {
    for (const T* one : sorted_by(key)) {
      if (one->*key == name) return one;
    }
    return nullptr;
  }

 private:
  // Before any constructor runs.
  static inline constinit const Registered* newest_ = nullptr;

  const T* object_;
  const Registered* next_;
};

}  // namespace qvm
