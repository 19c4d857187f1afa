# SPDX-FileCopyrightText: 2026 the qvm authors
# SPDX-License-Identifier: BSD-2-Clause
qvm_library(qvm_config_test_support support/config_text.cpp LINK qvm_config PRIVATE qvm::fdt)

qvm_test(config_unit_test
  unit/config/every_rule_test.cpp unit/config/format_test.cpp unit/config/host_map_test.cpp unit/config/language_rules_test.cpp unit/config/lexer_test.cpp
  unit/config/load_test.cpp unit/config/model_test.cpp unit/config/numbers_test.cpp
  unit/config/option_table_test.cpp unit/config/parser_test.cpp unit/config/reader_test.cpp unit/config/render_test.cpp
  unit/config/rules_test.cpp unit/config/rules_set_test.cpp unit/config/suggest_test.cpp unit/config/suppress_test.cpp unit/config/values_test.cpp
  LINK qvm_config_test_support)
qvm_test(lint_command_test
  unit/config/every_rule_program_test.cpp unit/config/fix_test.cpp unit/config/format_command_test.cpp unit/config/lint_command_test.cpp unit/config/lint_inputs_test.cpp
  unit/config/lint_output_test.cpp unit/config/text_diff_test.cpp support/lint_run.cpp support/run_program.cpp
  LINK qvm_config_test_support qvm_lint_command)
add_dependencies(lint_command_test qvm-lint)
# The examples of docs/contributing.md, as if they were in their places.
qvm_test(contributing_test
  unit/docs/contributing_test.cpp unit/config/every_rule_test.cpp
  ../docs/examples/rules/z01_no_console.cpp ../docs/examples/rules/z02_never_over.cpp ../docs/examples/edu/plan.cpp
  ../docs/examples/commands/names.cpp
  LINK qvm_config_test_support qvm_plan_fixture ${QVM_WHOLE}qvm_cli>)
qvm_test(lint_golden_test golden/lint/lint_golden_test.cpp LINK qvm_config_test_support LABEL golden)
qvm_test(reference_test unit/config/reference_test.cpp support/run_program.cpp
  LINK qvm_config_test_support qvm_lint_command LABEL golden)
qvm_test(language_corpus_test corpus/qvmconf/corpus_test.cpp LINK qvm_config_test_support LABEL golden)
