/* SPDX-FileCopyrightText: 2026 the qvm authors */
/* SPDX-License-Identifier: BSD-2-Clause */
/* From the entry of Linux's boot protocol (MMU and caches off, EL1 or EL2, x0: the device tree) to guest_start(), the
   same way up for further processors, and the exception vectors. The tables are part of the image, so that nothing
   is written to memory before the caches are on. */

#define BLOCK_DEVICE 0x0060000000000401     /* never executed, accessed, attribute 0 */
#define BLOCK_MEMORY 0x0040000000000705     /* inner shareable, accessed, attribute 1 */
#define TABLE 3
#define ATTRIBUTES 0xff04                   /* 0: device nGnRE, 1: memory, write-back */
#define TRANSLATION 0x80803519              /* 39 bits, 4 KiB pages, write-back walks, inner shareable, no TTBR1 */
#define CONTROL_OFF 0x30d00800              /* the bits that are always 1 */
#define CONTROL_ON 0x30d0180d               /* with MMU, data cache, stack alignment, instruction cache */
#define STACK_BYTES 16384

    .section .text.start, "ax"
    .globl _start
_start:
    mov x19, x0
    bl enter_el1
    bl enter_mapping
    adrp x1, bss_start
    add x1, x1, :lo12:bss_start
    adrp x2, bss_end
    add x2, x2, :lo12:bss_end
1:  cmp x1, x2
    b.hs 2f
    stp xzr, xzr, [x1], #16
    b 1b
2:  adrp x1, boot_stack_end
    add x1, x1, :lo12:boot_stack_end
    mov sp, x1
    mov x29, xzr
    mov x30, xzr
    mov x0, x19
    bl guest_start
3:  wfi
    b 3b

/* A further processor, as PSCI starts it: x0 is its number, from 1 on. */
    .section .text.boot, "ax"
    .globl secondary_entry
secondary_entry:
    mov x19, x0
    bl enter_el1
    bl enter_mapping
    adrp x1, secondary_stacks
    add x1, x1, :lo12:secondary_stacks
    mov x2, #STACK_BYTES
    madd x1, x19, x2, x1                    /* the end of stack number x0 - 1 */
    mov sp, x1
    mov x29, xzr
    mov x30, xzr
    mov x0, x19
    bl secondary_start
4:  wfi
    b 4b

/* Goes on behind its caller in EL1. Changes x0, x1. */
enter_el1:
    mrs x0, CurrentEL
    cmp x0, #(2 << 2)
    b.ne 5f
    mov x0, #(1 << 31)                      /* EL1 is 64-bit, nothing traps */
    msr hcr_el2, x0
    mov x0, #3                              /* counter and physical timer are EL1's */
    msr cnthctl_el2, x0
    msr cntvoff_el2, xzr
    mrs x0, midr_el1
    msr vpidr_el2, x0
    mrs x0, mpidr_el1
    msr vmpidr_el2, x0
    mov x0, #0x33ff
    msr cptr_el2, x0
    msr vttbr_el2, xzr
    mrs x0, id_aa64pfr0_el1
    ubfx x0, x0, #24, #4
    cbz x0, 6f
    mov x0, #9                              /* the GIC's registers, for EL1 too */
    msr S3_4_C12_C9_5, x0
    isb
    msr S3_4_C12_C11_0, xzr
6:  ldr x0, =CONTROL_OFF
    msr sctlr_el1, x0
    mov x0, #0x3c5                          /* EL1 with its own stack, all masked */
    msr spsr_el2, x0
    msr elr_el2, x30
    eret
5:  msr daifset, #15
    msr spsel, #1
    ret

/* Changes x0, x1. */
enter_mapping:
    ldr x0, =ATTRIBUTES
    msr mair_el1, x0
    ldr x0, =TRANSLATION
    mrs x1, id_aa64mmfr0_el1
    and x1, x1, #15
    cmp x1, #5
    b.ls 7f
    mov x1, #5                              /* 48 bits are more than enough */
7:  orr x0, x0, x1, lsl #32
    msr tcr_el1, x0
    adrp x0, page_directory
    add x0, x0, :lo12:page_directory
    msr ttbr0_el1, x0
    adrp x0, exception_vectors
    add x0, x0, :lo12:exception_vectors
    msr vbar_el1, x0
    dsb sy
    tlbi vmalle1
    ic iallu
    dsb sy
    isb
    ldr x0, =CONTROL_ON
    msr sctlr_el1, x0
    isb
    ret

    .ltorg

/* All meet in exception_common with their number on the stack, below room for the registers. */
    .text
    .macro VECTOR number
    .balign 128
    sub sp, sp, #288
    stp x0, x1, [sp]
    mov x0, #\number
    b exception_common
    .endm

    .balign 2048
exception_vectors:
    .set i, 0
    .rept 16
    VECTOR i
    .set i, i + 1
    .endr

exception_common:
    stp x2, x3, [sp, #16]
    stp x4, x5, [sp, #32]
    stp x6, x7, [sp, #48]
    stp x8, x9, [sp, #64]
    stp x10, x11, [sp, #80]
    stp x12, x13, [sp, #96]
    stp x14, x15, [sp, #112]
    stp x16, x17, [sp, #128]
    stp x18, x19, [sp, #144]
    stp x20, x21, [sp, #160]
    stp x22, x23, [sp, #176]
    stp x24, x25, [sp, #192]
    stp x26, x27, [sp, #208]
    stp x28, x29, [sp, #224]
    mrs x1, elr_el1
    stp x30, x1, [sp, #240]
    mrs x1, spsr_el1
    stp x1, x0, [sp, #256]
    mov x0, sp
    bl exception_entry
    ldr x1, [sp, #256]
    msr spsr_el1, x1
    ldp x30, x1, [sp, #240]
    msr elr_el1, x1
    ldp x2, x3, [sp, #16]                   /* the others are the same again: C++ functions keep them */
    ldp x4, x5, [sp, #32]
    ldp x6, x7, [sp, #48]
    ldp x8, x9, [sp, #64]
    ldp x10, x11, [sp, #80]
    ldp x12, x13, [sp, #96]
    ldp x14, x15, [sp, #112]
    ldp x16, x17, [sp, #128]
    ldr x18, [sp, #144]
    ldp x0, x1, [sp]
    add sp, sp, #288
    eret

/* What is no memory of ours is a device, 1 GiB an entry, 512 GiB in all. */
    .data
    .balign 4096
    .globl page_directory
page_directory:
    .set i, 0
    .rept 512
    .if i == 2
    .quad image_directory + TABLE
    .else
    .quad (i << 30) + BLOCK_DEVICE
    .endif
    .set i, i + 1
    .endr
/* The GiB of the image: memory is what it needs, from 0x80000000 on. */
image_directory:
    .set i, 0
    .rept 512
    .if i < 8
    .quad 0x80000000 + (i << 21) + BLOCK_MEMORY
    .else
    .quad 0x80000000 + (i << 21) + BLOCK_DEVICE
    .endif
    .set i, i + 1
    .endr

    .bss
    .balign 16
    .skip STACK_BYTES
boot_stack_end:
secondary_stacks:
    .skip 7 * STACK_BYTES

    .section .note.GNU-stack, "", @progbits
