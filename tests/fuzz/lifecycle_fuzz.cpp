// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "tests/fuzz/engine.h"
#include "tests/fuzz/targets.h"

QVM_FUZZ_TARGET(check_lifecycle_input)
