# SPDX-FileCopyrightText: 2026 the qvm authors
# SPDX-License-Identifier: BSD-2-Clause
qvm_test(base_unit_test THREADS unit/base/asserts_test.cpp unit/base/event_loop_test.cpp unit/base/json_fields_test.cpp unit/base/log_budget_test.cpp unit/base/log_limit_test.cpp unit/base/log_tail_test.cpp unit/base/log_test.cpp unit/base/process_limits_test.cpp unit/base/result_test.cpp unit/base/retry_pause_test.cpp unit/base/runtime_place_test.cpp unit/base/standard_streams_test.cpp LINK qvm_base nlohmann_json::nlohmann_json)
