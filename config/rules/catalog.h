// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Every rule by name. A new rule: its own file, a line here and one in registry.cpp.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

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
extern const Rule kOldContext;          // A10
extern const Rule kOtherSubstitution;   // A11
extern const Rule kFailedSubstitution;  // A12
extern const Rule kDeprecated;          // A13
extern const Rule kNotAvailable;        // A14
extern const Rule kOddCharacters;       // A15
extern const Rule kSwappedMemory;       // A16
extern const Rule kCpuCount;            // A17
extern const Rule kPassWithoutLoc;      // A18
extern const Rule kShortDeviceName;     // A19
extern const Rule kBadValue;            // A20
extern const Rule kHashInWord;          // A21
extern const Rule kUnusableFile;        // A22
extern const Rule kNotSupported;        // A23
extern const Rule kNestedFile;          // A24
extern const Rule kSuppression;         // A25
extern const Rule kLoadTarget;          // B01
extern const Rule kOverlap;             // B02
extern const Rule kPageAlignment;       // B03
extern const Rule kPcMemoryMap;         // B04
extern const Rule kHostMemory;          // B05
extern const Rule kNoMemory;            // B06
extern const Rule kLoadFile;            // B07
extern const Rule kPathBase;            // B08
extern const Rule kCmdlineDevices;      // B09
extern const Rule kLoadKinds;           // B10
extern const Rule kTreeDump;            // B11
extern const Rule kLoadsOverlap;        // B12
extern const Rule kOtherMachine;        // B13
extern const Rule kBlobFormat;          // B14
extern const Rule kCmdlineCpus;         // C01
extern const Rule kSharedPin;           // C02
extern const Rule kUnknownHostCpu;      // C03
extern const Rule kTooManyCpus;         // C04
extern const Rule kPriority;            // C05
extern const Rule kUnequalPriorities;   // C06
extern const Rule kPinsAcrossVms;       // C07
extern const Rule kUnknownController;   // D01
extern const Rule kControllerName;      // D02
extern const Rule kSharedLine;          // D03
extern const Rule kLocWithoutIntr;      // D04
extern const Rule kGicLine;             // D05
extern const Rule kNoController;        // D06
extern const Rule kEventTimer;          // D07
extern const Rule kGicOptions;          // D08
extern const Rule kTreeDiffers;         // D09
extern const Rule kNoMessages;          // D10
extern const Rule kMissingLocation;     // E01
extern const Rule kPeers;               // E02
extern const Rule kMac;                 // E03
extern const Rule kPeerFeatures;        // E04
extern const Rule kDuplicateName;       // E05
extern const Rule kSharedDisk;          // E06
extern const Rule kHostDevice;          // E07
extern const Rule kConsoleWithoutHost;  // E08
extern const Rule kSharedTerminal;      // E09
extern const Rule kRegionLists;         // E10a
extern const Rule kRegionCreation;      // E10b
extern const Rule kWatchdog;            // E11
extern const Rule kPciPosition;         // E12
extern const Rule kInputDevice;         // E13
extern const Rule kSharedDirectory;     // E14
extern const Rule kInterfaceOrder;      // E16
extern const Rule kBoardDevices;        // E17
extern const Rule kLonelyRegion;        // E19
extern const Rule kDiskFormat;          // E20
extern const Rule kSharedPeer;          // E21
extern const Rule kSharedHostDevice;    // E22
extern const Rule kPassFlags;           // F01
extern const Rule kPassedTwice;         // F02
extern const Rule kMovedDma;            // F03
extern const Rule kIgnoredParts;        // F04
extern const Rule kEarlyUnmask;         // F05
extern const Rule kHostVector;          // F06
extern const Rule kUsedReservation;     // F07
extern const Rule kEmptyPass;           // F09
extern const Rule kUnalignedPass;       // F10
extern const Rule kLostMessages;        // G01
extern const Rule kIgnoredFaults;       // G03
extern const Rule kBlockTimeout;        // G04
extern const Rule kBusyHalt;            // G05
extern const Rule kUnsafeDevice;        // G06
extern const Rule kVariableValue;       // G07
extern const Rule kDryRun;              // G08
extern const Rule kDumpPlace;           // G09
extern const Rule kEffect;              // H01
extern const Rule kDuplicateSystem;     // H02
extern const Rule kDecision;            // H03
extern const Rule kHostPath;            // H04
extern const Rule kImpossiblePlace;     // H05
extern const Rule kUnusableName;        // H06
extern const Rule kUnknownDependency;   // I01
extern const Rule kDependencyCycle;     // I02
extern const Rule kAwaitedRegion;       // I03
extern const Rule kAwaitedConsole;      // I04

// `cpu 2`: rule A17 reports such a word, A01 does not.
bool counts_cpus(const UnknownWord& unknown, const SyntaxTree& tree);
// `pass 0x1000,0x1000`: rule A18 reports such a word, A01 does not.
bool passes_without_loc(const UnknownWord& unknown, const SyntaxTree& tree);
// What `vdev blk` means: rule A19 reports such a type, A01 does not. "": the type is known, or resembles
// nothing.
std::string long_device_name(std::string_view type, const TableSet& tables);
// What devices of the VM cannot be wired to although it has a name, and why; rule D06 reports it, D01 does
// not.
std::map<std::string, const char*, std::less<>> undelivering(const VmConfig& vm);

}  // namespace qvm::config
