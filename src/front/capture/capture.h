/* SPDX-License-Identifier: Apache-2.0 */
/* The commands that write cores, and the one that checks them. */
#ifndef FRONT_CAPTURE_CAPTURE_H
#define FRONT_CAPTURE_CAPTURE_H

#include "front/front.h"

extern const struct command capture_dump;   /* inquest dump PID [FILE] */
extern const struct command capture_verify; /* inquest verify CORE */
extern const struct command capture_shrink; /* inquest shrink CORE [FILE] */

#endif
