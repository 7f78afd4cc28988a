/* SPDX-License-Identifier: Apache-2.0 */
/* A Go program as a file that is in memory: build info, function table, moduledata, goroutines, and symbols or none. */
#ifndef MAKE_PROGRAM_H
#define MAKE_PROGRAM_H

#include "module/make_elf.h"
#include "rt/go/make_table.h"
#include "rt/go/priv.h"

/* The code comes first, then the build info. */
enum {
    PROGRAM_BASE = 0x400000,
    PROGRAM_TEXT = PROGRAM_BASE + MADE_DATA_AT,
    PROGRAM_CODE = 0x180,
    PROGRAM_INFO = PROGRAM_TEXT + PROGRAM_CODE,
    PROGRAM_MAX = 0x8000,
};

struct made_program {
    /* What is wanted. */
    unsigned minor;
    const struct made_function *functions;
    size_t n_functions;
    const char *version, *settings; /* NULL: none */
    bool own_section, symbols, pie_data; /* .go.module; .symtab; the table among other data, without a section */
    /* What was made: addresses, and the file, which is the memory. */
    taddr table, data, moduledata, allgs, g;
    struct bytes file;
    struct image im;
    struct modules *ms;
};

/* A section behind the others, at an address that is its place in the file. */
static inline uint32_t program_section(struct elf_maker *m, const char *name, const struct text *b)
{
    uint64_t at = (made_offset(m) + 7) & ~UINT64_C(7);
    return make_section(m, name, SHT_PROGBITS, SHF_ALLOC | SHF_WRITE, at, text_str(b), b->n);
}

static inline taddr section_address(const struct elf_maker *m, uint32_t i)
{
    return PROGRAM_BASE + m->sections[i].sh_addr;
}

static inline void pad_to(struct text *t, size_t n)
{
    while (t->n < n)
        text_putc(t, 0);
}

static inline void set_word(struct text *t, size_t at, uint64_t v)
{
    assert_in_range(at + 8, 0, t->n);
    memcpy(t->p + at, &v, sizeof(v));
}

/* As debug/buildinfo reads it since Go 1.18: texts behind their lengths. */
static inline void build_info(struct text *b, const char *version, const char *settings)
{
    static const char mark[] = "0123456789abcdef";
    text_putn(b, "\xff Go buildinf:\x08\x02", 16);
    pad_to(b, 32);
    made_uleb(b, version ? strlen(version) : 0);
    text_put(b, version ? version : "");
    made_uleb(b, settings ? strlen(settings) + 32 : 0);
    if (settings)
        text_printf(b, "%s%s%s", mark, settings, mark);
}

/* .data: the list of goroutines, of which there is one, and its stack of one frame. */
static inline void program_data(struct made_program *p, struct text *d)
{
    enum { ALLGS = 8, LIST = 32, G = 40, STACK = 64 };
    const struct go_layout *l = go_layout_find(p->minor);
    size_t stack = G + l->g_size;
    pad_to(d, stack + STACK + 8);
    p->allgs = p->data + ALLGS;
    p->g = p->data + G;
    set_word(d, ALLGS, p->data + LIST);
    set_word(d, ALLGS + 8, 1);
    set_word(d, ALLGS + 16, 1);
    set_word(d, LIST, p->g);
    set_word(d, (size_t)G + l->g_stack_lo, p->data + stack);
    set_word(d, (size_t)G + l->g_stack_hi, p->data + stack + STACK);
    set_word(d, (size_t)G + l->g_sched_sp, p->data + stack + 16);
    set_word(d, (size_t)G + l->g_sched_pc, PROGRAM_TEXT + 32);
    set_word(d, (size_t)G + l->g_status, 4);
    set_word(d, (size_t)G + l->g_goid, 1);
    set_word(d, (size_t)G + l->g_startpc, PROGRAM_TEXT);
}

static inline void program_moduledata(const struct made_program *p, struct text *d, size_t data_size, taddr funcdata)
{
    enum { MINPC = 160, MAXPC = 168, TEXT = 176, ETEXT = 184, DATA = 208, END = 216, SIZE = 640 };
    const struct go_layout *l = go_layout_find(p->minor);
    size_t at = d->n;
    pad_to(d, at + SIZE);
    set_word(d, at, p->table);
    set_word(d, at + MINPC, PROGRAM_TEXT);
    set_word(d, at + MAXPC, PROGRAM_TEXT + PROGRAM_CODE);
    set_word(d, at + TEXT, PROGRAM_TEXT);
    set_word(d, at + ETEXT, PROGRAM_TEXT + PROGRAM_CODE);
    set_word(d, at + DATA, p->data);
    set_word(d, at + END, p->data + data_size);
    set_word(d, at + l->md_gofunc, funcdata);
    set_word(d, at + l->md_types, PROGRAM_BASE);
    set_word(d, at + l->md_etypes, PROGRAM_BASE + PROGRAM_MAX);
}

static inline void program_symbol(struct text *syms, struct text *names, const char *name, taddr at, uint64_t size)
{
    Elf64_Sym s = {.st_name = (Elf64_Word)names->n,
                   .st_info = ELF64_ST_INFO(STB_GLOBAL, STT_OBJECT),
                   .st_shndx = 1,
                   .st_value = at - PROGRAM_BASE,
                   .st_size = size};
    text_putn(syms, (const char *)&s, sizeof(s));
    text_putn(names, name, strlen(name) + 1);
}

static inline void program_symbols(const struct made_program *p, struct elf_maker *m)
{
    struct text syms = {0}, names = {0};
    pad_to(&syms, sizeof(Elf64_Sym));
    text_putc(&names, 0);
    program_symbol(&syms, &names, "runtime.allgs", p->allgs, 24);
    program_symbol(&syms, &names, "runtime.firstmoduledata", p->moduledata, 640);
    uint32_t strings = make_section(m, ".strtab", SHT_STRTAB, 0, 0, names.p, names.n);
    uint32_t table = make_section(m, ".symtab", SHT_SYMTAB, 0, 0, syms.p, syms.n);
    m->sections[table].sh_link = strings;
    m->sections[table].sh_entsize = sizeof(Elf64_Sym);
    m->sections[table].sh_info = 1;
    text_done(&syms);
    text_done(&names);
}

static inline void program_file(struct made_program *p)
{
    struct elf_maker m = {0};
    struct text code = {0}, info = {0}, table = {0}, funcdata = {0}, data = {0}, md = {0};
    pad_to(&code, PROGRAM_CODE);
    program_section(&m, ".text", &code);
    build_info(&info, p->version, p->settings);
    program_section(&m, ".go.buildinfo", &info);
    make_table(&table, made_magic(p->minor), PROGRAM_TEXT, p->functions, p->n_functions, &funcdata);
    pad_to(&funcdata, 8);
    p->table = section_address(&m, program_section(&m, p->pie_data ? ".data.rel.ro" : ".gopclntab", &table));
    taddr trees = section_address(&m, program_section(&m, ".rodata", &funcdata));
    p->data = PROGRAM_BASE + ((made_offset(&m) + 7) & ~UINT64_C(7));
    program_data(p, &data);
    program_section(&m, ".data", &data);
    if (!p->own_section)
        pad_to(&md, 24); /* it is somewhere inside */
    size_t in_section = md.n;
    program_moduledata(p, &md, data.n, trees);
    p->moduledata =
        section_address(&m, program_section(&m, p->own_section ? ".go.module" : ".noptrdata", &md)) + in_section;
    if (p->symbols)
        program_symbols(p, &m);
    make_segment(&m, PT_LOAD, PF_R | PF_X, 0, 0, PROGRAM_MAX, PROGRAM_MAX);
    /* The mark of an image in memory that the modules take for a file. */
    make_segment(&m, PT_GNU_EH_FRAME, PF_R, 0x40, 0x40, 16, 16);
    p->file = make_elf(&m);
    assert_in_range(p->file.n, 0, PROGRAM_MAX);
    uint8_t *whole = xcalloc(1, PROGRAM_MAX);
    memcpy(whole, p->file.p, p->file.n);
    free((void *)(uintptr_t)p->file.p);
    p->file.p = whole;
    struct text *const all[] = {&code, &info, &table, &funcdata, &data, &md};
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        text_done(all[i]);
}

/* Makes the file; a test may damage it before program_load(). */
static inline struct made_program *program_new(struct made_program want)
{
    struct made_program *p = xcalloc(1, sizeof(*p));
    *p = want;
    program_file(p);
    return p;
}

static inline uint8_t *program_at(struct made_program *p, taddr at)
{
    assert_in_range(at, PROGRAM_BASE, PROGRAM_BASE + PROGRAM_MAX - 8);
    return (uint8_t *)(uintptr_t)p->file.p + (at - PROGRAM_BASE);
}

static inline void program_put(struct made_program *p, taddr at, uint64_t v)
{
    memcpy(program_at(p, at), &v, sizeof(v));
}

static inline void program_load(struct made_program *p)
{
    const struct module_opts opts = {.sysroot = "/nonexistent", .no_debuginfod = true};
    p->im.kind = IMAGE_CORE;
    p->im.path = "/nonexistent/core";
    p->im.arch = &arch_x86_64;
    *vec_push(&p->im.maps) = (struct mapping){.start = PROGRAM_BASE,
                                              .end = PROGRAM_BASE + PROGRAM_MAX,
                                              .prot = PROT_BIT_READ | PROT_BIT_EXEC,
                                              .path = "/nonexistent/program",
                                              .present = PROGRAM_MAX};
    space_add(&p->im.space,
              (struct space_range){
                  .start = PROGRAM_BASE, .end = PROGRAM_BASE + PROGRAM_MAX, .data = p->file.p, .have = PROGRAM_MAX});
    space_sort(&p->im.space);
    p->ms = modules_load(&p->im, &opts);
}

static inline void program_free(struct made_program *p)
{
    modules_free(p->ms);
    vec_done(&p->im.maps);
    space_done(&p->im.space);
    arena_done(&p->im.arena);
    free((void *)(uintptr_t)p->file.p);
    free(p);
}

#endif
