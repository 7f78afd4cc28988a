/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "module/make_dwarf.h"

enum { ROOT = 1 };

static void assert_range(struct dw_ranges *it, taddr start, taddr end)
{
    struct dw_range r;
    assert_true(dw_ranges_next(it, &r));
    assert_int_equal(r.start, start);
    assert_int_equal(r.end, end);
}

static void assert_end(struct dw_ranges *it)
{
    struct dw_range r;
    assert_false(dw_ranges_next(it, &r));
}

/* A unit of version 4 with the ranges that were put into s. */
static struct dwarf *old_unit(struct made_sections *s)
{
    put_abbrev(&s->abbrev, ROOT, DW_TAG_compile_unit, false, DW_AT_ranges, DW_FORM_sec_offset, DW_AT_low_pc,
               DW_FORM_addr);
    put_u8(&s->abbrev, 0);
    size_t unit = put_unit(&s->info, 4);
    put_uleb(&s->info, ROOT);
    put_u32(&s->info, 0);
    put_u64(&s->info, 0x1000);
    patch_length(&s->info, unit);
    return make_dwarf(s);
}

static void put_pair(struct text *t, uint64_t a, uint64_t b)
{
    put_u64(t, a);
    put_u64(t, b);
}

static void test_version_4(void **state)
{
    (void)state;
    struct made_sections s = {0};
    put_pair(&s.ranges, 0x10, 0x20);          /* from the unit's low pc */
    put_pair(&s.ranges, UINT64_MAX, 0x40000); /* another base */
    put_pair(&s.ranges, 0x1, 0x1);            /* empty: dropped by the linker */
    put_pair(&s.ranges, 0x8, 0x9);
    put_pair(&s.ranges, UINT64_MAX, 0);
    put_pair(&s.ranges, 0, 0x100); /* at address 0: dropped by the linker */
    put_pair(&s.ranges, 0, 0);
    put_pair(&s.ranges, 0x50, 0x60); /* behind the end */
    struct dwarf *d = old_unit(&s);
    struct dw_ranges it;
    assert_true(dw_ranges_root(&it, &dwarf_units(d, false)->v[0]));
    assert_range(&it, 0x1010, 0x1020);
    assert_range(&it, 0x40008, 0x40009);
    assert_end(&it);
    dwarf_free(d);
}

static void test_version_5(void **state)
{
    (void)state;
    struct made_sections s = {0};
    put_abbrev(&s.abbrev, ROOT, DW_TAG_compile_unit, false, DW_AT_low_pc, DW_FORM_addr, DW_AT_ranges, DW_FORM_rnglistx,
               DW_AT_rnglists_base, DW_FORM_sec_offset, DW_AT_addr_base, DW_FORM_sec_offset);
    put_u8(&s.abbrev, 0);
    size_t unit = put_unit(&s.info, 5);
    put_uleb(&s.info, ROOT);
    put_u64(&s.info, 0x1000);
    put_uleb(&s.info, 1);
    put_u32(&s.info, 12);
    put_u32(&s.info, 8);
    patch_length(&s.info, unit);
    put_u64(&s.addr, 0);
    put_u64(&s.addr, 0x7000);
    put_u64(&s.addr, 0x7100);

    struct text *t = &s.rnglists;
    put_u32(t, 0);
    put_u16(t, 5);
    put_u16(t, 8);
    put_u32(t, 2);
    put_u32(t, 0);
    put_u32(t, 8); /* list 1 follows the two offsets */
    put_u8(t, DW_RLE_offset_pair);
    put_uleb(t, 0x10);
    put_uleb(t, 0x200);
    put_u8(t, DW_RLE_base_address);
    put_u64(t, 0x2000);
    put_u8(t, DW_RLE_offset_pair);
    put_uleb(t, 1);
    put_uleb(t, 2);
    put_u8(t, DW_RLE_start_end);
    put_pair(t, 0x3000, 0x3001);
    put_u8(t, DW_RLE_start_length);
    put_u64(t, 0x4000);
    put_uleb(t, 5);
    put_u8(t, DW_RLE_base_addressx);
    put_uleb(t, 1);
    put_u8(t, DW_RLE_offset_pair);
    put_uleb(t, 3);
    put_uleb(t, 4);
    put_u8(t, DW_RLE_startx_endx);
    put_uleb(t, 0);
    put_uleb(t, 1);
    put_u8(t, DW_RLE_startx_length);
    put_uleb(t, 1);
    put_uleb(t, 1);
    put_u8(t, DW_RLE_startx_length); /* an index that .debug_addr lacks */
    put_uleb(t, 1000);
    put_uleb(t, 1);
    put_u8(t, DW_RLE_base_address); /* dropped by lld */
    put_u64(t, UINT64_MAX);
    put_u8(t, DW_RLE_offset_pair);
    put_uleb(t, 0x10);
    put_uleb(t, 0x20);
    put_u8(t, DW_RLE_end_of_list);
    patch_length(t, 0);

    struct dwarf *d = make_dwarf(&s);
    struct dw_ranges it;
    assert_true(dw_ranges_root(&it, &dwarf_units(d, false)->v[0]));
    assert_range(&it, 0x1010, 0x1200);
    assert_range(&it, 0x2001, 0x2002);
    assert_range(&it, 0x3000, 0x3001);
    assert_range(&it, 0x4000, 0x4005);
    assert_range(&it, 0x7103, 0x7104);
    assert_range(&it, 0x7000, 0x7100);
    assert_range(&it, 0x7100, 0x7101);
    assert_end(&it);
    dwarf_free(d);
}

/* Three units: the first is in .debug_aranges, the others only have their root DIEs. */
static struct dwarf *three_units(void)
{
    struct made_sections s = {0};
    put_abbrev(&s.abbrev, ROOT, DW_TAG_compile_unit, false, DW_AT_low_pc, DW_FORM_addr, DW_AT_high_pc, DW_FORM_data4);
    put_u8(&s.abbrev, 0);
    static const uint64_t low[] = {0x1000, 0x2000, 0};
    for (unsigned i = 0; i < 3; i++) {
        size_t unit = put_unit(&s.info, 4);
        put_uleb(&s.info, ROOT);
        put_u64(&s.info, low[i]);
        put_u32(&s.info, 0x100);
        patch_length(&s.info, unit);
    }
    put_u32(&s.aranges, 0);
    put_u16(&s.aranges, 2);
    put_u32(&s.aranges, 0);
    put_u8(&s.aranges, 8);
    put_u8(&s.aranges, 0);
    put_u32(&s.aranges, 0); /* tuples are aligned to 16 */
    put_pair(&s.aranges, 0x1000, 0x80);
    put_pair(&s.aranges, 0, 0x80);
    put_pair(&s.aranges, 0, 0);
    patch_length(&s.aranges, 0);
    return make_dwarf(&s);
}

static void test_units_of_addresses(void **state)
{
    (void)state;
    struct dwarf *d = three_units();
    const struct dw_units *us = dwarf_units(d, false);
    static const taddr pcs[] = {0x20ff, 0x1000, 0x107f, 0x1080, 0x10, 0x2100};
    struct dw_unit *got[ARRAY_LEN(pcs)];
    dwarf_find_units(d, pcs, ARRAY_LEN(pcs), got);
    assert_ptr_equal(got[0], &us->v[1]);
    assert_ptr_equal(got[1], &us->v[0]);
    assert_ptr_equal(got[2], &us->v[0]);
    assert_ptr_equal(got[3], &us->v[0]); /* the root DIE knows more than .debug_aranges */
    assert_null(got[4]);
    assert_null(got[5]);
    dwarf_free(d);
}

RUN_TESTS(cmocka_unit_test(test_version_4), cmocka_unit_test(test_version_5), cmocka_unit_test(test_units_of_addresses))
