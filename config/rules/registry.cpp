// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <algorithm>
#include <array>

#include "config/rules/catalog.h"

namespace qvm::config {

std::span<const Rule* const> all_rules() {
  static constexpr std::array kRules = {
      &kUnknownWord,
      &kMissingArgument,
      &kKeyValue,
      &kOpenQuote,
      &kUnquotedText,
      &kSystemFirst,
      &kAddressPrefix,
      &kAddressSuffix,
      &kRepeatedOption,
      &kOldContext,
      &kOtherSubstitution,
      &kFailedSubstitution,
      &kDeprecated,
      &kNotAvailable,
      &kOddCharacters,
      &kSwappedMemory,
      &kCpuCount,
      &kPassWithoutLoc,
      &kShortDeviceName,
      &kBadValue,
      &kHashInWord,
      &kUnusableFile,
      &kNotSupported,
      &kNestedFile,
      &kSuppression,
      &kLoadTarget,
      &kOverlap,
      &kPageAlignment,
      &kPcMemoryMap,
      &kHostMemory,
      &kNoMemory,
      &kLoadFile,
      &kPathBase,
      &kCmdlineDevices,
      &kLoadKinds,
      &kTreeDump,
      &kLoadsOverlap,
      &kOtherMachine,
      &kBlobFormat,
      &kCmdlineCpus,
      &kSharedPin,
      &kUnknownHostCpu,
      &kTooManyCpus,
      &kPriority,
      &kUnequalPriorities,
      &kPinsAcrossVms,
      &kUnknownController,
      &kControllerName,
      &kSharedLine,
      &kLocWithoutIntr,
      &kGicLine,
      &kNoController,
      &kEventTimer,
      &kGicOptions,
      &kTreeDiffers,
      &kNoMessages,
      &kMissingLocation,
      &kPeers,
      &kMac,
      &kPeerFeatures,
      &kDuplicateName,
      &kSharedDisk,
      &kHostDevice,
      &kConsoleWithoutHost,
      &kSharedTerminal,
      &kRegionLists,
      &kRegionCreation,
      &kWatchdog,
      &kPciPosition,
      &kInputDevice,
      &kSharedDirectory,
      &kInterfaceOrder,
      &kBoardDevices,
      &kLonelyRegion,
      &kDiskFormat,
      &kSharedPeer,
      &kSharedHostDevice,
      &kPassFlags,
      &kPassedTwice,
      &kMovedDma,
      &kIgnoredParts,
      &kEarlyUnmask,
      &kHostVector,
      &kUsedReservation,
      &kEmptyPass,
      &kUnalignedPass,
      &kLostMessages,
      &kIgnoredFaults,
      &kBlockTimeout,
      &kBusyHalt,
      &kUnsafeDevice,
      &kVariableValue,
      &kDryRun,
      &kDumpPlace,
      &kEffect,
      &kDuplicateSystem,
      &kDecision,
      &kHostPath,
      &kImpossiblePlace,
      &kUnusableName,
      &kUnknownDependency,
      &kDependencyCycle,
      &kAwaitedRegion,
      &kAwaitedConsole,
  };
  return kRules;
}

const Rule* find_rule(std::string_view id) {
  const auto rules = all_rules();
  const auto found =
      std::find_if(rules.begin(), rules.end(), [&](const Rule* rule) { return rule->id == id; });
  return found == rules.end() ? nullptr : *found;
}

void run_rules(const RuleInput& input, DiagnosticSink& sink) {
  for (const Rule* rule : all_rules()) {
    if (rule->check != nullptr) rule->check(input, sink);
  }
}

}  // namespace qvm::config
