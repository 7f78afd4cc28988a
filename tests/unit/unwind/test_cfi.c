/* SPDX-License-Identifier: Apache-2.0 */
/* Which entry covers an address, and what its program says there. */
#include "unit.h"

#include "build_cfi.h"
#include "unwind/row.h"

enum { SECTION = 0x500000, HEADER = 0x4ff000, CODE = 0x401000, SIZE = 0x40 };

static const struct layout usual = {
    .eh = true, .version = 1, .augmentation = "zR", .fde_encoding = 0x1b, .addr = SECTION};

static struct cfi_source source_of(struct bytes eh, struct bytes hdr, struct bytes debug)
{
    return (struct cfi_source){
        .tables = {.eh_frame = eh,
                   .eh_frame_addr = SECTION,
                   .eh_frame_hdr = hdr,
                   .eh_frame_hdr_addr = HEADER,
                   .debug_frame = debug},
        .name = "test",
        .start = 0x400000,
        .end = 0x600000,
        .addr_size = 8,
    };
}

/* push %rbp; mov %rsp,%rbp; ...; pop %rbp; ret, as compilers describe it. */
static const char frame_program[] = "\x41\x0e\x10\x86\x02" /* advance 1; def_cfa_offset 16; offset rbp cfa-16 */
                                    "\x43\x0d\x06"         /* advance 3; def_cfa_register rbp */
                                    "\x02\x20\x0c\x07\x08" /* advance 32; def_cfa rsp+8 */;
enum { FRAME_PROGRAM = sizeof(frame_program) - 1 };

static void expect_row(struct cfi *c, taddr pc, uint64_t reg, int64_t offset, enum rule_kind rbp)
{
    struct fde f;
    struct rules r;
    bool found = false;
    assert_ok(cfi_find(c, pc, &f, &found));
    if (!found)
        fail_msg("nothing covers 0x%lx", (unsigned long)pc);
    assert_true(pc >= f.start && pc < f.end);
    assert_ok(cfi_rules(c, &f, pc, &r));
    assert_int_equal(r.cfa.reg, reg);
    assert_int_equal(r.cfa.offset, offset);
    assert_int_equal(r.regs[6].kind, rbp);
    assert_int_equal(r.regs[16].kind, RULE_AT_CFA);
    assert_int_equal(r.regs[16].offset, -8);
}

static void expect_none(struct cfi *c, taddr pc)
{
    struct fde f;
    bool found = true;
    assert_ok(cfi_find(c, pc, &f, &found));
    assert_false(found);
}

static void expect_frame_rows(struct cfi *c, taddr start)
{
    expect_row(c, start, 7, 8, RULE_UNSAID);
    expect_row(c, start + 1, 7, 16, RULE_AT_CFA);
    expect_row(c, start + 3, 7, 16, RULE_AT_CFA);
    expect_row(c, start + 4, 6, 16, RULE_AT_CFA);
    expect_row(c, start + 35, 6, 16, RULE_AT_CFA);
    expect_row(c, start + 36, 7, 8, RULE_AT_CFA);
    expect_row(c, start + SIZE - 1, 7, 8, RULE_AT_CFA);
}

static void check_layout(const struct layout *l)
{
    struct build b = {0};
    struct cfi c;
    size_t cie = put_cie(&b, l);
    put_fde(&b, l, cie, CODE + SIZE, SIZE, frame_program, FRAME_PROGRAM);
    put_fde(&b, l, cie, CODE, SIZE, frame_program, FRAME_PROGRAM);
    struct bytes none = {0};
    struct cfi_source s = source_of(l->eh ? b_bytes(&b) : none, none, l->eh ? none : b_bytes(&b));
    cfi_init(&c, &s);
    expect_frame_rows(&c, CODE);
    expect_frame_rows(&c, CODE + SIZE);
    expect_none(&c, CODE - 1);
    expect_none(&c, CODE + 2 * SIZE);
    cfi_done(&c);
    text_done(&b.t);
}

static void test_eh_layouts(void **state)
{
    (void)state;
    static const char *const augmentations[] = {"zR", "zPLR", "zRS", "zRB", "zLR"};
    static const uint8_t encodings[] = {0x1b, 0x0b, 0x03, 0x00, 0x0c, 0x04, 0x10, 0x01, 0x09, 0x1c};
    for (size_t a = 0; a < ARRAY_LEN(augmentations); a++)
        for (size_t e = 0; e < ARRAY_LEN(encodings); e++) {
            struct layout l = usual;
            l.augmentation = augmentations[a];
            l.fde_encoding = encodings[e];
            if ((l.fde_encoding & 0x0f) == 0x09 || (l.fde_encoding & 0x0f) == 0x01)
                l.fde_encoding &= 0x0f; /* absolute LEB128: unsigned and signed agree here */
            check_layout(&l);
            l.is_64 = true;
            l.version = 3;
            check_layout(&l);
        }
    check_layout(&(struct layout){.eh = true, .version = 1, .augmentation = ""});
    check_layout(&(struct layout){.eh = true, .version = 1, .augmentation = "eh"});
}

static void test_debug_layouts(void **state)
{
    (void)state;
    for (uint8_t version = 1; version <= 4; version++)
        for (int is_64 = 0; is_64 < 2; is_64++)
            if (version != 2)
                check_layout(&(struct layout){.version = version, .is_64 = is_64, .augmentation = ""});
}

/* A section with `n` functions in order, and the header that ld would make for it. */
static void build_indexed(struct build *b, struct build *header, size_t n)
{
    taddr entries[8][2];
    size_t cie = put_cie(b, &usual);
    for (size_t i = 0; i < n; i++) {
        entries[i][0] = CODE + i * 2 * SIZE;
        entries[i][1] = SECTION + put_fde(b, &usual, cie, entries[i][0], SIZE, frame_program, FRAME_PROGRAM);
    }
    b_uint(b, 0, 4);
    put_header(header, HEADER, SECTION, (const taddr(*)[2])entries, n);
}

static void expect_indexed(const struct build *b, struct bytes header, bool by_header)
{
    struct cfi c;
    struct cfi_source s = source_of(b_bytes(b), header, (struct bytes){0});
    cfi_init(&c, &s);
    for (size_t i = 0; i < 8; i++) {
        expect_frame_rows(&c, CODE + i * 2 * SIZE);
        expect_none(&c, CODE + i * 2 * SIZE + SIZE); /* the gaps */
    }
    expect_none(&c, CODE - 1);
    assert_int_equal(c.sections[CFI_EH].indexed, !by_header);
    cfi_done(&c);
}

static void test_header(void **state)
{
    (void)state;
    struct build b = {0}, header = {0};
    build_indexed(&b, &header, 8);
    expect_indexed(&b, b_bytes(&header), true);
    text_done(&b.t);
    text_done(&header.t);
}

/* Whatever is wrong with the header, the section itself answers. */
static void test_damaged_header(void **state)
{
    (void)state;
    struct build b = {0}, good = {0};
    build_indexed(&b, &good, 8);
    struct bytes h = b_bytes(&good);
    for (size_t at = 0; at < h.n; at += at < 12 ? 1 : 4) {
        SCOPED(freep) uint8_t *bad = xmalloc(h.n);
        memcpy(bad, h.p, h.n);
        bad[at] ^= 0x55;
        expect_indexed(&b, (struct bytes){.p = bad, .n = h.n}, false);
    }
    for (size_t n = 0; n < h.n; n += 3)
        expect_indexed(&b, (struct bytes){.p = h.p, .n = n}, false);
    text_done(&b.t);
    text_done(&good.t);
}

/* An address outside of what .eh_frame covers is looked up in .debug_frame, moved by the bias. */
static void test_debug_after_eh(void **state)
{
    (void)state;
    struct layout l = {.version = 4, .augmentation = ""};
    struct build eh = {0}, header = {0}, debug = {0};
    struct cfi c;
    build_indexed(&eh, &header, 2);
    size_t cie = put_cie(&debug, &l);
    put_fde(&debug, &l, cie, 0, SIZE, frame_program, FRAME_PROGRAM); /* of dropped code */
    put_fde(&debug, &l, cie, 0x10000, SIZE, frame_program, FRAME_PROGRAM);
    struct cfi_source s = source_of(b_bytes(&eh), b_bytes(&header), b_bytes(&debug));
    s.bias = 0x400000;
    cfi_init(&c, &s);
    expect_frame_rows(&c, 0x410000);
    expect_frame_rows(&c, CODE);
    expect_none(&c, 0x400010);
    cfi_done(&c);
    text_done(&eh.t);
    text_done(&header.t);
    text_done(&debug.t);
}

static bool one_word(void *arg, taddr at, unsigned size, uint64_t *out)
{
    assert_int_equal(at, 0x500800);
    assert_int_equal(size, 8);
    memcpy(out, arg, sizeof(*out));
    return true;
}

static void test_pointers(void **state)
{
    (void)state;
    uint64_t pointed = 0x402000;
    struct cfi_source s = source_of((struct bytes){0}, (struct bytes){0}, (struct bytes){0});
    s.bias = 0x400000;
    s.tables.text_base = 0x401000;
    s.tables.data_base = 0x480000;
    s.word = one_word;
    s.word_arg = &pointed;
    static const struct {
        uint8_t encoding, bytes[12];
        size_t n;
        taddr want;
    } cases[] = {
        {0x00, {0x34, 0x12}, 8, 0x401234},                   /* absolute: link-time */
        {0x00, {0x34, 0x12, 0x40}, 8, 0x401234},             /* absolute: relocated */
        {0x1b, {0xf0, 0xff, 0xff, 0xff}, 4, 0x500ff0},       /* pcrel, negative */
        {0x1a, {0x10, 0x00}, 2, 0x501010},                   /* pcrel sdata2 */
        {0x23, {0x10, 0, 0, 0}, 4, 0x401010},                /* textrel */
        {0x32, {0x10, 0}, 2, 0x480010},                      /* datarel */
        {0x42, {0x10, 0}, 2, 0x403010},                      /* funcrel */
        {0x1b, {0}, 4, 0},                                   /* none */
        {0xff, {0}, 0, 0},                                   /* omitted */
        {0x9b, {0x00, 0xf8, 0xff, 0xff}, 4, 0x402000},       /* pcrel, indirect */
        {0x19, {0x7f}, 1, 0x500fff},                         /* pcrel sleb128 */
        {0x31, {0x80, 0x01}, 2, 0x480080},                   /* datarel uleb128 */
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct bytes b = {.p = cases[i].bytes, .n = cases[i].n};
        struct cursor c = cursor_of(b, 0, "pointer");
        taddr got = 1;
        assert_true(cfi_pointer(&s, &c, cases[i].encoding, 0x501000, 0x403000, &got));
        assert_int_equal(got, cases[i].want);
        assert_int_equal(cursor_left(&c), 0);
    }
    static const uint8_t bad[] = {0x05, 0x0d, 0x60, 0x70};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        uint8_t bytes[8] = {1};
        struct cursor c = cursor_of((struct bytes){.p = bytes, .n = 8}, 0, "pointer");
        taddr got;
        assert_false(cfi_pointer(&s, &c, bad[i], 0x501000, 0, &got));
    }
}

/* Runs one program in a usual FDE and looks at the rules at its start. */
static struct err *rules_of(const void *program, size_t n, taddr pc, struct rules *out)
{
    struct build b = {0};
    struct cfi c;
    struct fde f;
    bool found;
    size_t cie = put_cie(&b, &usual);
    put_fde(&b, &usual, cie, CODE, SIZE, program, n);
    struct cfi_source s = source_of(b_bytes(&b), (struct bytes){0}, (struct bytes){0});
    cfi_init(&c, &s);
    struct err *err = cfi_find(&c, pc, &f, &found);
    if (!err)
        err = cfi_rules(&c, &f, pc, out);
    cfi_done(&c);
    text_done(&b.t);
    return err;
}
#define RULES(literal, pc, out) rules_of((literal), sizeof(literal) - 1, (pc), (out))

static void test_instructions(void **state)
{
    (void)state;
    struct rules r;
    assert_ok(RULES("\x05\x03\x02\x09\x0c\x0d\x07\x0e\x08\x0f", CODE, &r));
    assert_int_equal(r.regs[3].kind, RULE_AT_CFA); /* offset_extended */
    assert_int_equal(r.regs[3].offset, -16);
    assert_int_equal(r.regs[12].kind, RULE_IN_REGISTER);
    assert_int_equal(r.regs[12].offset, 13);
    assert_int_equal(r.regs[14].kind, RULE_UNDEFINED);
    assert_int_equal(r.regs[15].kind, RULE_SAME);

    assert_ok(RULES("\x11\x03\x7e\x14\x0c\x02\x15\x0d\x7e\x2f\x0e\x02", CODE, &r));
    assert_int_equal(r.regs[3].offset, 16); /* offset_extended_sf */
    assert_int_equal(r.regs[12].kind, RULE_CFA_PLUS);
    assert_int_equal(r.regs[12].offset, -16);
    assert_int_equal(r.regs[13].offset, 16);
    assert_int_equal(r.regs[14].offset, 16); /* GNU_negative_offset_extended */

    assert_ok(RULES("\x12\x06\x7e\x13\x7d", CODE, &r)); /* def_cfa_sf, def_cfa_offset_sf */
    assert_int_equal(r.cfa.reg, 6);
    assert_int_equal(r.cfa.offset, 24);

    assert_ok(RULES("\x0f\x02\x77\x10\x10\x03\x01\x96\x16\x0c\x01\x30", CODE, &r));
    assert_int_equal(r.cfa.expr.n, 2);
    assert_int_equal(r.regs[3].kind, RULE_AT_EXPR);
    assert_int_equal(r.regs[3].expr_size, 1);
    assert_int_equal(r.regs[12].kind, RULE_IS_EXPR);

    /* remember, change, restore: the CFA too; restore of one register goes back to the CIE's rule. */
    assert_ok(RULES("\x0a\x0e\x20\x83\x02\x0b", CODE, &r));
    assert_int_equal(r.cfa.offset, 8);
    assert_int_equal(r.regs[3].kind, RULE_UNSAID);
    assert_ok(RULES("\x90\x05\x83\x02\xd0\xc3", CODE, &r));
    assert_int_equal(r.regs[16].offset, -8);
    assert_int_equal(r.regs[3].kind, RULE_UNSAID);
    assert_ok(RULES("\x90\x05\x06\x10", CODE, &r));
    assert_int_equal(r.regs[16].offset, -8);

    /* Arguments' size, AArch64's signature state and padding change nothing; each advance counts. */
    assert_ok(
        RULES("\x2e\x10\x2d\x2c\x00\x02\x01\x0e\x10\x03\x01\x00\x0e\x18\x04\x01\x00\x00\x00\x0e\x20", CODE + 2, &r));
    assert_int_equal(r.cfa.offset, 24);
    assert_ok(RULES("\x1d\x01\x00\x00\x00\x00\x00\x00\x00\x0e\x10", CODE + 1, &r));
    assert_int_equal(r.cfa.offset, 16);

    /* A register beyond those that we track is left out. */
    assert_ok(RULES("\x05\xff\x01\x02\x0e\x30", CODE, &r));
    assert_int_equal(r.cfa.offset, 48);
}

static void test_damaged_programs(void **state)
{
    (void)state;
    struct rules r;
    char deep[100];
    assert_err(RULES("\x0b", CODE, &r), ERR_CORRUPT);
    assert_err(RULES("\x3f\x01", CODE, &r), ERR_UNSUPPORTED);
    assert_err(RULES("\x0f\x7f\x01", CODE, &r), ERR_TRUNCATED);
    assert_err(RULES("\x05\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80", CODE, &r), ERR_TRUNCATED);
    memset(deep, 0x0a, sizeof(deep));
    assert_err(rules_of(deep, sizeof(deep), CODE, &r), ERR_LIMIT);
    /* What comes behind the address is not looked at. */
    assert_ok(RULES("\x41\x0b", CODE, &r));
}

static void test_damaged_sections(void **state)
{
    (void)state;
    struct build b = {0}, header = {0};
    build_indexed(&b, &header, 8);
    struct bytes whole = b_bytes(&b);
    /* Cut at every byte: what is left is found, the rest is not, and nothing is read outside. */
    for (size_t n = 0; n < whole.n; n++) {
        SCOPED(freep) uint8_t *part = xmalloc(n ? n : 1);
        struct cfi c;
        struct fde f;
        bool found = false;
        memcpy(part, whole.p, n);
        struct cfi_source s = source_of((struct bytes){.p = part, .n = n}, b_bytes(&header), (struct bytes){0});
        cfi_init(&c, &s);
        for (size_t i = 0; i < 8; i++)
            IGNORE_ERR(cfi_find(&c, CODE + i * 2 * SIZE, &f, &found)); /* either is right */
        cfi_done(&c);
    }
    text_done(&b.t);
    text_done(&header.t);
}

RUN_TESTS(cmocka_unit_test(test_eh_layouts), cmocka_unit_test(test_debug_layouts), cmocka_unit_test(test_header),
          cmocka_unit_test(test_damaged_header), cmocka_unit_test(test_debug_after_eh), cmocka_unit_test(test_pointers),
          cmocka_unit_test(test_instructions), cmocka_unit_test(test_damaged_programs),
          cmocka_unit_test(test_damaged_sections))
