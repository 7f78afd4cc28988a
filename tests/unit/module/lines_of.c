/* SPDX-License-Identifier: Apache-2.0 */
/* lines_of FILE: for each link-time address on standard input, a line with the address and then a line for
 * each of its frames: function, file and line, separated by tabs; ?? is unknown. A program or library serves
 * as if it were mapped at its link-time addresses, so that tests can ask for any address without a core. */
#include "mapped_file.h"
#include "module/symbolize.h"

#include <inttypes.h>
#include <string.h>

static const char *or_unknown(const char *s)
{
    return s ? s : "??";
}

int main(int argc, char **argv)
{
    struct image im = {.kind = IMAGE_CORE, .path = "/nowhere/core"};
    VEC(taddr) pcs = {0};
    char line[64];
    if (argc != 2)
        return 2;
    map_file(&im, argv[1]);
    while (fgets(line, sizeof(line), stdin))
        *vec_push(&pcs) = strtoull(line, NULL, 16);
    struct modules *ms = modules_load(&im, &(struct module_opts){.no_debuginfod = true});
    struct symbolizer *s = symbolizer_new(ms);
    struct src_info *info = xcalloc(pcs.n, sizeof(*info));
    symbolizer_run(s, pcs.v, pcs.n, info);
    for (size_t i = 0; i < pcs.n; i++) {
        printf("0x%" PRIx64 "\n", pcs.v[i]);
        for (size_t k = 0; k < info[i].n; k++)
            printf("%s\t%s\t%u\n", or_unknown(info[i].frames[k].function), or_unknown(info[i].frames[k].file),
                   info[i].frames[k].line);
    }
    size_t n;
    const struct err *const *problems = symbolizer_problems(s, &n);
    for (size_t i = 0; i < n; i++)
        fprintf(stderr, "%s\n", problems[i]->msg);
    free(info);
    symbolizer_free(s);
    modules_free(ms);
    vec_done(&pcs);
    vec_done(&im.maps);
    arena_done(&im.arena);
    return 0;
}
