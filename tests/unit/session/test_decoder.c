/* SPDX-License-Identifier: Apache-2.0 */
/* Instructions in both syntaxes; the texts are those of gdb 13 and objdump 2.40. */
#include "unit.h"

#include "session/decoder.h"

struct sample {
    const char *bytes; /* hexadecimal */
    const char *att, *intel;
};

static size_t parse(const char *hex, uint8_t *out, size_t max)
{
    size_t n = 0;
    while (*hex && n < max) {
        char digits[3] = {hex[0], hex[1], '\0'};
        out[n++] = (uint8_t)strtoul(digits, NULL, 16);
        hex += 2;
        hex += *hex == ' ';
    }
    return n;
}

static void check(const struct arch *arch, const struct sample *v, size_t count)
{
    struct decoder *d;
    assert_ok(decoder_new(arch, &d));
    for (size_t i = 0; i < count; i++) {
        struct arena a = {0};
        uint8_t bytes[16];
        struct instruction in;
        size_t n = parse(v[i].bytes, bytes, sizeof(bytes));
        decoder_one(d, bytes, n, 0x401000, false, &a, &in);
        assert_string_equal(in.text, v[i].att);
        assert_int_equal(in.size, n);
        assert_memory_equal(in.bytes, bytes, n);
        decoder_one(d, bytes, n, 0x401000, true, &a, &in);
        assert_string_equal(in.text, v[i].intel);
        arena_done(&a);
    }
    decoder_free(d);
}

static void test_x86_64(void **state)
{
    (void)state;
    static const struct sample samples[] = {
        {"55", "push   %rbp", "push   rbp"},
        {"48 89 e5", "mov    %rsp,%rbp", "mov    rbp,rsp"},
        {"c7 45 fc 00 00 00 00", "movl   $0x0,-0x4(%rbp)", "mov    DWORD PTR [rbp-0x4],0x0"},
        {"48 83 c4 f0", "add    $0xfffffffffffffff0,%rsp", "add    rsp,0xfffffffffffffff0"},
        {"83 f8 ff", "cmp    $0xffffffff,%eax", "cmp    eax,0xffffffff"},
        {"0f b6 07", "movzbl (%rdi),%eax", "movzx  eax,BYTE PTR [rdi]"},
        {"48 63 d0", "movslq %eax,%rdx", "movsxd rdx,eax"},
        {"48 98", "cltq", "cdqe"},
        {"d1 e8", "shr    %eax", "shr    eax,1"},
        {"d1 66 08", "shll   0x8(%rsi)", "shl    DWORD PTR [rsi+0x8],1"},
        {"64 48 8b 04 25 28 00 00 00", "mov    %fs:0x28,%rax", "mov    rax,QWORD PTR fs:0x28"},
        {"f3 48 ab", "rep stos %rax,%es:(%rdi)", "rep stos QWORD PTR es:[rdi],rax"},
        {"f3 a4", "rep movsb %ds:(%rsi),%es:(%rdi)", "rep movs BYTE PTR es:[rdi],BYTE PTR ds:[rsi]"},
        {"f3 c3", "repz ret", "repz ret"},
        {"66 90", "xchg   %ax,%ax", "xchg   ax,ax"},
        {"66 66 2e 0f 1f 84 00 00 00 00 00", "data16 cs nopw 0x0(%rax,%rax,1)",
         "data16 cs nop WORD PTR [rax+rax*1+0x0]"},
        {"f0 0f c1 02", "lock xadd %eax,(%rdx)", "lock xadd DWORD PTR [rdx],eax"},
        {"f2 48 0f 2a 45 f8", "cvtsi2sdq -0x8(%rbp),%xmm0", "cvtsi2sd xmm0,QWORD PTR [rbp-0x8]"},
        {"db 6c 24 10", "fldt   0x10(%rsp)", "fld    TBYTE PTR [rsp+0x10]"},
        {"de c1", "faddp  %st,%st(1)", "faddp  st(1),st"},
        {"dd d8", "fstp   %st(0)", "fstp   st(0)"},
        {"f3 0f 1e fa", "endbr64", "endbr64"},
        {"ff d0", "call   *%rax", "call   rax"},
        {"ec", "in     (%dx),%al", "in     al,dx"},
        {"c5 fb 93 c0", "kmovd  %k0,%eax", "kmovd  eax,k0"},
        {"62 b1 7d 20 74 c1", "vpcmpeqb %ymm17,%ymm16,%k0", "vpcmpeqb k0,ymm16,ymm17"},
        {"62 f3 7d 22 3f 4f 01 04", "vpcmpneqb 0x20(%rdi),%ymm16,%k1{%k2}",
         "vpcmpneqb k1{k2},ymm16,YMMWORD PTR [rdi+0x20]"},
        {"0f 01 ee", "rdpkru", "rdpkru"},
        {"93", "xchg   %eax,%ebx", "xchg   ebx,eax"},
    };
    check(&arch_x86_64, samples, ARRAY_LEN(samples));
}

static void test_i386(void **state)
{
    (void)state;
    static const struct sample samples[] = {
        {"89 e5", "mov    %esp,%ebp", "mov    ebp,esp"},
        {"a1 10 40 40 00", "mov    0x404010,%eax", "mov    eax,ds:0x404010"},
        {"8d b4 26 00 00 00 00", "lea    0x0(%esi,%eiz,1),%esi", "lea    esi,[esi+eiz*1+0x0]"},
    };
    check(&arch_i386, samples, ARRAY_LEN(samples));
}

static void test_targets(void **state)
{
    (void)state;
    struct decoder *d;
    struct arena a = {0};
    struct instruction in;
    assert_ok(decoder_new(&arch_x86_64, &d));
    decoder_one(d, (const uint8_t *)"\xe8\x01\x00\x00\x00", 5, 0x401000, false, &a, &in);
    assert_string_equal(in.text, "call   0x401006");
    assert_true(in.has_target && !in.target_noted);
    assert_int_equal(in.target, 0x401006);
    decoder_one(d, (const uint8_t *)"\x48\x8d\x05\xf9\xff\xff\xff", 7, 0x401000, false, &a, &in);
    assert_string_equal(in.text, "lea    -0x7(%rip),%rax");
    assert_true(in.has_target && in.target_noted);
    assert_int_equal(in.target, 0x401000);
    arena_done(&a);
    decoder_free(d);
}

static void test_bad_bytes(void **state)
{
    (void)state;
    struct decoder *d;
    struct arena a = {0};
    struct instruction in;
    assert_ok(decoder_new(&arch_x86_64, &d));
    decoder_one(d, (const uint8_t *)"\x06", 1, 0, false, &a, &in);
    assert_string_equal(in.text, "(bad)");
    assert_int_equal(in.size, 1);
    decoder_one(d, (const uint8_t *)"\x48\x8d", 2, 0, false, &a, &in); /* its end cannot be read */
    assert_string_equal(in.text, "(bad)");
    assert_int_equal(in.size, 1);
    arena_done(&a);
    decoder_free(d);
    assert_err(decoder_new(NULL, &d), ERR_UNSUPPORTED);
    assert_err(decoder_new(&arch_riscv64, &d), ERR_UNSUPPORTED);
}

RUN_TESTS(cmocka_unit_test(test_x86_64), cmocka_unit_test(test_i386), cmocka_unit_test(test_targets),
          cmocka_unit_test(test_bad_bytes))
