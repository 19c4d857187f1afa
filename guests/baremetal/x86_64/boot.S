/* SPDX-FileCopyrightText: 2026 the qvm authors */
/* SPDX-License-Identifier: BSD-2-Clause */
/* From the multiboot entry (32-bit, no paging) to guest_start() in 64-bit mode, the same way up for a second
   processor, and the interrupt stubs. The first 4 GiB are mapped 1:1 with 2 MiB pages. */

#define CR0_PE_PG 0x80000001
#define CR4_PAE 0x20
#define MSR_EFER 0xc0000080
#define EFER_LME 0x100
#define CODE64 0x08
#define DATA 0x10
#define CODE32 0x18
#define AP_BASE 0x8000  /* where processors.cpp puts the trampoline: the SIPI vector is AP_BASE >> 12 */

    .section .multiboot, "a"
    .align 4
    .long 0x1BADB002, 0, -0x1BADB002

    .section .text.boot, "ax"
    .code32
    .globl _start
_start:
    cli
    cld
    mov $boot_stack_end, %esp
    mov %ebx, boot_information          /* .bss is zero: the loader has cleared it */

    mov $page_directory, %edi           /* 2048 entries of 2 MiB, present, writable, large */
    mov $0x83, %eax
    mov $2048, %ecx
1:  mov %eax, (%edi)
    movl $0, 4(%edi)
    add $0x200000, %eax
    add $8, %edi
    loop 1b

    mov $page_directory_pointers, %edi
    mov $page_directory + 3, %eax
    mov $4, %ecx
2:  mov %eax, (%edi)
    add $0x1000, %eax
    add $8, %edi
    loop 2b
    movl $page_directory_pointers + 3, page_map

    lgdt gdt_pointer
    call enter_long_mode
    ljmp $CODE64, $start64

/* Turns on long mode; on return the processor is in its 32-bit compatibility mode. */
enter_long_mode:
    mov %cr4, %eax
    or $CR4_PAE, %eax
    mov %eax, %cr4
    mov $page_map, %eax
    mov %eax, %cr3
    mov $MSR_EFER, %ecx
    rdmsr
    or $EFER_LME, %eax
    wrmsr
    mov %cr0, %eax
    or $CR0_PE_PG, %eax
    mov %eax, %cr0
    ret

    .code64
start64:
    mov $DATA, %eax
    mov %eax, %ds
    mov %eax, %es
    mov %eax, %ss
    xor %eax, %eax
    mov %eax, %fs
    mov %eax, %gs
    mov $boot_stack_end, %rsp
    xor %ebp, %ebp
    call guest_start
3:  cli
    hlt
    jmp 3b

/* Second processor: copied to AP_BASE, entered in 16-bit real mode with CS = AP_BASE >> 4. */
    .section .rodata.trampoline, "a"
    .globl ap_trampoline, ap_trampoline_end
    .code16
ap_trampoline:
    cli
    xor %ax, %ax
    mov %ax, %ds
    lgdtl AP_BASE + (ap_gdt_pointer - ap_trampoline)
    mov %cr0, %eax
    or $1, %al
    mov %eax, %cr0
    ljmpl $CODE32, $AP_BASE + (ap_start32 - ap_trampoline)
    .align 8
ap_gdt_pointer:
    .word gdt_end - gdt - 1
    .long gdt
    .code32
ap_start32:
    mov $DATA, %ax
    mov %ax, %ds
    mov %ax, %es
    mov %ax, %ss
    mov $ap_stack_end, %esp
    mov $enter_long_mode, %eax
    call *%eax
    ljmp $CODE64, $ap_start64
ap_trampoline_end:

    .section .text.boot, "ax"
    .code64
ap_start64:
    mov $DATA, %eax
    mov %eax, %ds
    mov %eax, %es
    mov %eax, %ss
    mov $ap_stack_end, %rsp
    xor %ebp, %ebp
    call ap_start
4:  cli
    hlt
    jmp 4b

/* One stub per vector; all meet in interrupt_common with vector and error code on the stack. */
    .text
    .altmacro
    .macro STUB vector
stub_\vector:
    .if (\vector == 8) || ((\vector >= 10) && (\vector <= 14)) || (\vector == 17) || (\vector == 21)
    .else
    push $0
    .endif
    push $\vector
    jmp interrupt_common
    .endm
    .macro STUB_ADDRESS vector
    .quad stub_\vector
    .endm

    .set i, 0
    .rept 256
    STUB %i
    .set i, i + 1
    .endr

/* The handlers are C++ functions: they keep the other registers themselves. The processor has aligned the stack to 16
   before it pushed its 40 bytes; with error code, vector and the nine registers that makes 128. */
interrupt_common:
    push %rax
    push %rcx
    push %rdx
    push %rsi
    push %rdi
    push %r8
    push %r9
    push %r10
    push %r11
    cld
    mov %rsp, %rdi
    call interrupt_entry
    pop %r11
    pop %r10
    pop %r9
    pop %r8
    pop %rdi
    pop %rsi
    pop %rdx
    pop %rcx
    pop %rax
    add $16, %rsp
    iretq

    .section .rodata
    .align 8
    .globl interrupt_stubs
interrupt_stubs:
    .set i, 0
    .rept 256
    STUB_ADDRESS %i
    .set i, i + 1
    .endr

    .data
    .align 8
gdt:
    .quad 0
    .quad 0x00af9a000000ffff            /* 0x08: 64-bit code */
    .quad 0x00cf92000000ffff            /* 0x10: data */
    .quad 0x00cf9a000000ffff            /* 0x18: 32-bit code */
gdt_end:
gdt_pointer:
    .word gdt_end - gdt - 1
    .long gdt

    .bss
    .align 4096
page_map:
    .skip 4096
    .globl page_directory_pointers
page_directory_pointers:
    .skip 4096
page_directory:
    .skip 4 * 4096
    .globl boot_information
boot_information:
    .skip 8
    .align 16
    .skip 16384
boot_stack_end:
    .skip 16384
ap_stack_end:

    .section .note.GNU-stack, "", @progbits
