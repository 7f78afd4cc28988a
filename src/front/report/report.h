/* SPDX-License-Identifier: Apache-2.0 */
/* The commands that print one answer: stacks, and what a target is. */
#ifndef FRONT_REPORT_REPORT_H
#define FRONT_REPORT_REPORT_H

#include "front/front.h"

extern const struct command report_stack; /* inquest stack TARGET */
extern const struct command report_save;  /* inquest save TARGET EXPRESSION FILE */
extern const struct command report_info;  /* inquest info TARGET */

#endif
