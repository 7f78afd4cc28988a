/* SPDX-License-Identifier: Apache-2.0 */
/* The host's own code in Python, as tools/embed.py puts it into the module. */
#ifndef FRONT_SCRIPT_MODULE_SOURCES_H
#define FRONT_SCRIPT_MODULE_SOURCES_H

struct embedded_source {
    const char *name; /* of the module; NULL: the end */
    const char *text;
};
extern const struct embedded_source embedded_sources[];

#endif
