/* SPDX-License-Identifier: Apache-2.0 */
/* The sections and notes that lead to other files. */
#include "module/module_priv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void use_link(bool valid, const struct debug_link *link)
{
    char text[BUILD_ID_TEXT];
    if (valid && (strlen(link->name) > 1 << 20 || strlen(build_id_text(&link->id, text)) != 2 * (size_t)link->id.n))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct bytes b = {data, n};
    struct debug_link link = {0};
    use_link(debug_link_parse(b, &link), &link);
    use_link(debug_altlink_parse(b, &link), &link);
    use_link(debug_sup_parse(b, &link), &link);
    struct build_id id;
    for (uint64_t align = 4; align <= 8; align += 4)
        if (elf_note_build_id(b, align, &id) && id.n == 0)
            abort();
    return 0;
}
