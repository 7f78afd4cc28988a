/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <elf.h>
#include <sys/procfs.h>

#include "image/image.h"

static const struct arch *const all[] = {&arch_x86_64, &arch_i386, &arch_aarch64, &arch_riscv64};

static void found_by_machine_and_class(void **state)
{
    (void)state;
    assert_ptr_equal(arch_find(EM_X86_64, ELFCLASS64), &arch_x86_64);
    assert_ptr_equal(arch_find(EM_386, ELFCLASS32), &arch_i386);
    assert_ptr_equal(arch_find(EM_AARCH64, ELFCLASS64), &arch_aarch64);
    assert_ptr_equal(arch_find(EM_RISCV, ELFCLASS64), &arch_riscv64);
    assert_null(arch_find(EM_RISCV, ELFCLASS32));
    assert_null(arch_find(EM_X86_64, ELFCLASS32)); /* x32 */
    assert_null(arch_find(EM_PPC64, ELFCLASS64));
}

static void tables_are_consistent(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        const struct arch *a = all[i];
        for (size_t k = 0; k < a->n_regs; k++) {
            assert_true(a->regs[k].offset + a->regs[k].size <= a->prstatus_reg_size);
            assert_true(a->regs[k].dwarf == REG_NONE || a->regs[k].dwarf < REG_MAX);
            for (size_t j = 0; j < k; j++)
                assert_true(a->regs[k].dwarf == REG_NONE || a->regs[j].dwarf != a->regs[k].dwarf);
        }
        assert_true(a->prstatus_reg + a->prstatus_reg_size <= a->prstatus_size);
        assert_true(a->prpsinfo_psargs + 80 == a->prpsinfo_size);
        assert_true(a->prpsinfo_fname + 16 == a->prpsinfo_psargs);
        const uint16_t named[] = {a->pc, a->sp, a->fp};
        for (size_t k = 0; k < ARRAY_LEN(named); k++)
            assert_non_null(arch_reg_name(a, named[k]));
        for (const uint16_t *r = a->callee_saved; *r != REG_NONE; r++)
            assert_non_null(arch_reg_name(a, *r));
        for (size_t k = 0; k < a->n_sigframes; k++) {
            const struct sigframe_desc *f = &a->sigframes[k];
            bool has_pc = false, has_sp = false;
            for (size_t j = 0; j < f->n_saved; j++) {
                assert_non_null(arch_reg_name(a, f->saved[j].dwarf));
                has_pc |= f->saved[j].dwarf == a->pc;
                has_sp |= f->saved[j].dwarf == a->sp;
            }
            assert_true(has_pc && has_sp);
            assert_ptr_equal(arch_sigframe(a, (struct bytes){f->code, f->code_size}), f);
            assert_null(arch_sigframe(a, (struct bytes){f->code, f->code_size - 1u}));
        }
    }
    assert_null(arch_reg_name(&arch_x86_64, REG_NONE));
}

#ifdef __x86_64__
/* Against this machine's own headers. */
static void layout_of_the_notes(void **state)
{
    (void)state;
    const struct arch *a = arch_native();
    assert_int_equal(a->prstatus_size, sizeof(prstatus_t));
    assert_int_equal(a->prstatus_cursig, offsetof(prstatus_t, pr_cursig));
    assert_int_equal(a->prstatus_pid, offsetof(prstatus_t, pr_pid));
    assert_int_equal(a->prstatus_reg, offsetof(prstatus_t, pr_reg));
    assert_int_equal(a->prstatus_reg_size, sizeof(elf_gregset_t));
    assert_int_equal(a->prpsinfo_size, sizeof(prpsinfo_t));
    assert_int_equal(a->prpsinfo_uid, offsetof(prpsinfo_t, pr_uid));
    assert_int_equal(a->prpsinfo_pid, offsetof(prpsinfo_t, pr_pid));
    assert_int_equal(a->prpsinfo_fname, offsetof(prpsinfo_t, pr_fname));
    assert_int_equal(a->prpsinfo_psargs, offsetof(prpsinfo_t, pr_psargs));
}

static void put(uint8_t *gp, size_t index, int64_t v)
{
    memcpy(gp + index * 8, &v, 8);
}

static void interrupted_calls(void **state)
{
    (void)state;
    enum { RAX = 10, ORIG_RAX = 15, R10 = 7, EPOLL_WAIT = 232, READ = 0 };
    uint8_t gp[216] = {0}, before[216];

    put(gp, RAX, -4);
    put(gp, ORIG_RAX, EPOLL_WAIT);
    put(gp, R10, 0xffffffff); /* int -1; the upper half is not defined */
    memcpy(before, gp, sizeof(gp));
    assert_true(arch_x86_64.restart_call(gp));
    put(before, RAX, -514);
    assert_memory_equal(gp, before, sizeof(gp));
    assert_false(arch_x86_64.restart_call(gp)); /* the result is no EINTR now */

    put(gp, RAX, -4);
    put(gp, R10, 100); /* a timeout would start anew: left as the kernel made it */
    assert_false(arch_x86_64.restart_call(gp));
    put(gp, ORIG_RAX, READ);
    assert_false(arch_x86_64.restart_call(gp));
    put(gp, ORIG_RAX, -1);
    assert_false(arch_x86_64.restart_call(gp));
}

/* ---- frames ---- */

enum { PR_RAX = 10, PR_ORIG = 15, PR_RIP = 16, STATE = 2696 };

static uint64_t word_at(const uint8_t *p, size_t at)
{
    uint64_t v;
    memcpy(&v, p + at, sizeof(v));
    return v;
}

/* As the layout of struct rt_sigframe has them: rax and rip. */
static void expect_frame(int64_t rax, int64_t orig, int64_t want_rax, uint64_t want_rip)
{
    uint64_t pr_reg[27] = {0};
    uint8_t out[4096];
    const struct frame_want want = {
        .at = 0x7000, .returns_to = 0x1234, .pr_reg = (const uint8_t *)pr_reg, .blocked = 0x55};

    pr_reg[PR_RAX] = (uint64_t)rax;
    pr_reg[PR_ORIG] = (uint64_t)orig;
    pr_reg[PR_RIP] = 0x400010;
    size_t n = arch_x86_64.call->frame->put(&want, out, sizeof(out));
    assert_true(n > 0 && n < 512);
    assert_int_equal(word_at(out, 0), 0x1234);
    assert_int_equal(word_at(out, 152), (uint64_t)want_rax);
    assert_int_equal(word_at(out, 176), want_rip);
    assert_int_equal(word_at(out, 232), 0); /* no XSAVE area */
    assert_int_equal(word_at(out, n - 8), 0x55);
}

/* What the kernel starts anew stands at its instruction, with its number. */
static void frame_begins_calls_anew(void **state)
{
    (void)state;
    for (int64_t result = -514; result <= -512; result++)
        expect_frame(result, 7, 7, 0x40000e);
    expect_frame(-516, 7, 7, 0x40000e);
    expect_frame(-4, 7, -4, 0x400010);
    expect_frame(5, 7, 5, 0x400010);
    expect_frame(-512, -1, -512, 0x400010); /* in no call */
}

static void frame_needs_room_and_state(void **state)
{
    (void)state;
    static uint8_t area[STATE], out[8192];
    uint64_t pr_reg[27] = {0}, features = 7, in_use = 3;
    struct frame_want want = {.at = 0x7000, .pr_reg = (const uint8_t *)pr_reg, .state = {area, 575}};
    const struct frame_desc *d = arch_x86_64.call->frame;

    memcpy(area + 464, &features, 8);
    memcpy(area + 512, &in_use, 8);
    assert_int_equal(d->put(&want, out, sizeof(out)), 0); /* the area is cut */
    want.state.n = STATE;
    size_t n = d->put(&want, out, sizeof(out));
    assert_int_equal(n, 320 + 576 + 4); /* x87 and SSE are all that is in use */
    assert_int_equal(word_at(out, 232), want.at + 320);
    assert_int_equal(d->put(&want, out, n), n);
    assert_int_equal(d->put(&want, out, n - 1), 0);
    assert_int_equal(d->put(&want, out, 300), 0);
}
#endif

static void registers_from_bytes(void **state)
{
    (void)state;
    struct regs r;
    uint8_t gp[68];

    for (size_t i = 0; i < sizeof(gp); i++)
        gp[i] = (uint8_t)(i / 4 + 0x80);
    arch_regs_from_prstatus(&arch_i386, (struct bytes){gp, sizeof(gp)}, &r);
    assert_true(regs_has(&r, arch_i386.pc));
    assert_int_equal(r.val[arch_i386.pc], 0x8c8c8c8c); /* zero-extended */
    arch_regs_from_prstatus(&arch_i386, (struct bytes){gp, 4 * 12}, &r);
    assert_false(regs_has(&r, arch_i386.pc));
    assert_true(regs_has(&r, 0));
}

static void names(void **state)
{
    (void)state;
    assert_string_equal(signal_name(11), "SIGSEGV");
    assert_string_equal(signal_name(31), "SIGSYS");
    assert_null(signal_name(0));
    assert_null(signal_name(-1));
    assert_null(signal_name(65));
    assert_string_equal(signal_code_text(11, 1), "address not mapped (SEGV_MAPERR)");
    assert_string_equal(signal_code_text(6, -6), "sent to one thread with tgkill (SI_TKILL)");
    assert_null(signal_code_text(6, 1));
    assert_string_equal(auxv_name(AT_SYSINFO_EHDR), "AT_SYSINFO_EHDR");
    assert_null(auxv_name(38));
    assert_null(auxv_name(UINT64_MAX));
}

RUN_TESTS(cmocka_unit_test(found_by_machine_and_class), cmocka_unit_test(tables_are_consistent),
#ifdef __x86_64__
          cmocka_unit_test(layout_of_the_notes), cmocka_unit_test(interrupted_calls),
          cmocka_unit_test(frame_begins_calls_anew), cmocka_unit_test(frame_needs_room_and_state),
#endif
          cmocka_unit_test(registers_from_bytes), cmocka_unit_test(names))
