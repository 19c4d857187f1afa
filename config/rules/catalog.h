// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Every rule by name. A new rule: its own file, a line here and one in registry.cpp.
#pragma once

#include "config/rules/rule.h"

namespace qvm::config {

extern const Rule kUnknownWord;         // A01
extern const Rule kMissingArgument;     // A02
extern const Rule kKeyValue;            // A03
extern const Rule kOpenQuote;           // A04
extern const Rule kUnquotedText;        // A05
extern const Rule kSystemFirst;         // A06
extern const Rule kAddressPrefix;       // A07
extern const Rule kAddressSuffix;       // A08
extern const Rule kRepeatedOption;      // A09
extern const Rule kOtherSubstitution;   // A11
extern const Rule kFailedSubstitution;  // A12
extern const Rule kCpuCount;            // A17
extern const Rule kBadValue;            // A20
extern const Rule kHashInWord;          // A21
extern const Rule kUnusableFile;        // A22
extern const Rule kNotSupported;        // A23
extern const Rule kNestedFile;          // A24
extern const Rule kSuppression;         // A25
extern const Rule kLoadTarget;          // B01
extern const Rule kOverlap;             // B02
extern const Rule kPageAlignment;       // B03
extern const Rule kNoMemory;            // B06
extern const Rule kLoadFile;            // B07
extern const Rule kUnknownController;   // D01
extern const Rule kControllerName;      // D02
extern const Rule kSharedLine;          // D03
extern const Rule kLocWithoutIntr;      // D04
extern const Rule kMissingLocation;     // E01
extern const Rule kDuplicateName;       // E05
extern const Rule kRegionLists;         // E10a
extern const Rule kRegionCreation;      // E10b
extern const Rule kVariableValue;       // G07
extern const Rule kDuplicateSystem;     // H02

// `cpu 2`: rule A17 reports such a word, A01 does not.
bool counts_cpus(const UnknownWord& unknown, const SyntaxTree& tree);

}  // namespace qvm::config
