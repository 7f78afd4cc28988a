/* SPDX-License-Identifier: Apache-2.0 */
/* How much memory may be taken without harm to others of the same control group: the target is in it when both run in one
 * container, and at the group's limit the kernel kills. */
#ifndef IMAGE_HEADROOM_H
#define IMAGE_HEADROOM_H

#include <stdint.h>

/* Bytes that this process may still take below the limits of its control groups; UINT64_MAX: there is no limit. Files:
 * Linux Documentation/admin-guide/cgroup-v2.rst, "Memory"; cgroup-v1/memory.rst. */
uint64_t image_headroom(void);

#endif
