/* SPDX-License-Identifier: Apache-2.0 */
/* The text of x86 instructions, spelled as binutils spells it. Private to session/. */
#ifndef SESSION_X86_TEXT_H
#define SESSION_X86_TEXT_H

#include "base/text.h"
#include "session/code.h"

#include <capstone/capstone.h>

/* Puts the text of an instruction that capstone decoded with details, in Intel's order of operands. `wide`: 64-bit
 * code. Sets the target in `out`. */
void x86_text(csh handle, const cs_insn *in, bool wide, bool intel, struct text *t, struct instruction *out);

#endif
