/* SPDX-License-Identifier: Apache-2.0 */
/* One file's DWARF: its sections, its supplement, its faults. */
#include "module/dwarf_priv.h"
#include "module/module.h"

#include <elf.h>

/* Names of an ordinary file, and of a split object where they differ. */
static const struct {
    const char *name, *split;
} section_names[DW_SEC_COUNT] = {
    [DW_SEC_INFO] = {".debug_info", ".debug_info.dwo"},
    [DW_SEC_ABBREV] = {".debug_abbrev", ".debug_abbrev.dwo"},
    [DW_SEC_STR] = {".debug_str", ".debug_str.dwo"},
    [DW_SEC_LINE] = {".debug_line", ".debug_line.dwo"},
    [DW_SEC_LINE_STR] = {".debug_line_str", ".debug_line_str"},
    [DW_SEC_STR_OFFSETS] = {".debug_str_offsets", ".debug_str_offsets.dwo"},
    [DW_SEC_ADDR] = {".debug_addr", ".debug_addr"},
    [DW_SEC_RANGES] = {".debug_ranges", ".debug_ranges"},
    [DW_SEC_RNGLISTS] = {".debug_rnglists", ".debug_rnglists.dwo"},
    [DW_SEC_ARANGES] = {".debug_aranges", ".debug_aranges"},
    [DW_SEC_TYPES] = {".debug_types", ".debug_types.dwo"},
    [DW_SEC_LOC] = {".debug_loc", ".debug_loc.dwo"},
    [DW_SEC_LOCLISTS] = {".debug_loclists", ".debug_loclists.dwo"},
    [DW_SEC_CU_INDEX] = {".debug_cu_index", ".debug_cu_index"},
    [DW_SEC_TU_INDEX] = {".debug_tu_index", ".debug_tu_index"},
};

static const char *section_name(const struct dwarf *d, enum dw_section s)
{
    bool split = d->kind == DW_SPLIT || d->kind == DW_PACK;
    return split ? section_names[s].split : section_names[s].name;
}

static bool has_code_at_zero(const struct elf *elf)
{
    size_t n;
    const struct elf_section *s = elf_sections(elf, &n);
    for (size_t i = 0; i < n; i++)
        if ((s[i].flags & SHF_EXECINSTR) && (s[i].flags & SHF_ALLOC) && s[i].addr == 0)
            return true;
    return false;
}

struct dwarf *dwarf_new(struct elf *elf, struct module *m, enum dw_kind kind)
{
    struct dwarf *d = xcalloc(1, sizeof(*d));
    d->elf = elf_ref(elf);
    d->module = m;
    d->kind = kind;
    d->code_at_zero = has_code_at_zero(elf);
    pthread_mutex_init(&d->lock, NULL);
    return d;
}

static void free_units(struct dw_units *us)
{
    for (size_t i = 0; us && i < us->n; i++) {
        struct dw_unit *u = &us->v[i];
        free(atomic_load(&u->root));
        free(u->contrib);
    }
    if (us)
        free(us->v);
    free(us);
}

void dwarf_free(struct dwarf *d)
{
    if (!d)
        return;
    for (int i = 0; i < 2; i++) {
        free_units(atomic_load(&d->units[i]));
        dw_addrs_free(atomic_load(&d->addrs[i]));
    }
    struct map64 *signatures = atomic_load(&d->signatures);
    if (signatures)
        map64_done(signatures);
    free(signatures);
    for (size_t i = 0; i < d->all_abbrevs.n; i++)
        dw_abbrevs_free(d->all_abbrevs.v[i]);
    vec_done(&d->all_abbrevs);
    map64_done(&d->abbrevs);
    for (size_t i = 0; i < d->parts.n; i++)
        dwarf_free(d->parts.v[i]);
    vec_done(&d->parts);
    dwarf_free(d->alt);
    for (size_t i = 0; i < d->n_problems; i++)
        err_free(d->problems[i]);
    pthread_mutex_destroy(&d->lock);
    elf_unref(d->elf);
    free(d);
}

bool dwarf_present(const struct dwarf *d)
{
    return elf_section(d->elf, section_name(d, DW_SEC_INFO)) || elf_section(d->elf, section_name(d, DW_SEC_TYPES));
}

void dwarf_wants(struct dwarf *d, dw_wants *out)
{
    for (int s = 0; s <= DW_SEC_LAST_COMMON; s++) {
        const struct elf_section *sec = elf_section(d->elf, section_name(d, (enum dw_section)s));
        if (sec && sec->compressed)
            *vec_push(out) = (struct elf_want){.elf = d->elf, .section = sec};
    }
}

struct bytes dwarf_section_slow(struct dwarf *d, enum dw_section s)
{
    struct bytes b = {0};
    struct err *e = elf_data(d->elf, section_name(d, s), &b);
    if (e) {
        b = (struct bytes){0};
        dwarf_problem(d, e);
    }
    pthread_mutex_lock(&d->lock);
    d->sec[s] = b; /* the same bytes whoever comes first: the elf keeps them */
    atomic_fetch_or_explicit(&d->have, 1u << s, memory_order_release);
    pthread_mutex_unlock(&d->lock);
    return b;
}

void dwarf_problem(struct dwarf *d, struct err *e)
{
    struct err *named = err_prefix(e, "%s", elf_path(d->elf));
    pthread_mutex_lock(&d->lock);
    bool keep = d->n_problems < ARRAY_LEN(d->problems);
    if (keep)
        d->problems[d->n_problems++] = named;
    pthread_mutex_unlock(&d->lock);
    if (!keep)
        err_free(named);
}

struct dwarf *dwarf_alt(struct dwarf *d)
{
    const unsigned tried = 1u << DW_SEC_COUNT;
    if (atomic_load_explicit(&d->have, memory_order_acquire) & tried)
        return d->alt;
    struct elf *elf = d->module && d->kind == DW_MAIN ? module_alt_elf(d->module) : NULL;
    struct dwarf *mine = elf ? dwarf_new(elf, NULL, DW_ALT) : NULL;
    pthread_mutex_lock(&d->lock);
    if (!(atomic_load(&d->have) & tried)) {
        d->alt = TAKE(mine);
        atomic_fetch_or_explicit(&d->have, tried, memory_order_release);
    }
    pthread_mutex_unlock(&d->lock);
    dwarf_free(mine);
    return d->alt;
}

const char *dw_language_name(uint16_t language)
{
    switch ((enum dw_lang)language) {
    case DW_LANG_C89:
    case DW_LANG_C:
    case DW_LANG_C99:
    case DW_LANG_C11:
    case DW_LANG_C17:
    case DW_LANG_C23:
    case DW_LANG_UPC:
        return "c";
    case DW_LANG_C_plus_plus:
    case DW_LANG_C_plus_plus_03:
    case DW_LANG_C_plus_plus_11:
    case DW_LANG_C_plus_plus_14:
    case DW_LANG_C_plus_plus_17:
    case DW_LANG_C_plus_plus_20:
    case DW_LANG_C_plus_plus_23:
        return "c++";
    case DW_LANG_Rust:
        return "rust";
    case DW_LANG_Go:
        return "go";
    case DW_LANG_D:
        return "d";
    case DW_LANG_Ada83:
    case DW_LANG_Ada95:
    case DW_LANG_Ada2005:
    case DW_LANG_Ada2012:
        return "ada";
    case DW_LANG_Fortran77:
    case DW_LANG_Fortran90:
    case DW_LANG_Fortran95:
    case DW_LANG_Fortran03:
    case DW_LANG_Fortran08:
    case DW_LANG_Fortran18:
    case DW_LANG_Fortran23:
        return "fortran";
    case DW_LANG_Assembly:
    case DW_LANG_Mips_Assembler:
        return "assembler";
    case DW_LANG_Zig:
        return "zig";
    case DW_LANG_ObjC:
        return "objective-c";
    case DW_LANG_ObjC_plus_plus:
        return "objective-c++";
    case DW_LANG_Pascal83:
        return "pascal";
    case DW_LANG_Modula2:
        return "modula-2";
    case DW_LANG_Modula3:
        return "modula-3";
    case DW_LANG_Cobol74:
    case DW_LANG_Cobol85:
        return "cobol";
    case DW_LANG_Java:
        return "java";
    case DW_LANG_PLI:
        return "pl/i";
    case DW_LANG_Python:
        return "python";
    case DW_LANG_OpenCL:
        return "opencl";
    case DW_LANG_Haskell:
        return "haskell";
    case DW_LANG_OCaml:
        return "ocaml";
    case DW_LANG_Swift:
        return "swift";
    case DW_LANG_Julia:
        return "julia";
    case DW_LANG_Dylan:
        return "dylan";
    case DW_LANG_RenderScript:
        return "renderscript";
    case DW_LANG_BLISS:
        return "bliss";
    case DW_LANG_Kotlin:
        return "kotlin";
    case DW_LANG_Crystal:
        return "crystal";
    case DW_LANG_HIP:
        return "hip";
    case DW_LANG_C_sharp:
        return "c#";
    case DW_LANG_Mojo:
        return "mojo";
    case DW_LANG_Odin:
        return "odin";
    }
    return NULL;
}
