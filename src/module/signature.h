/* SPDX-License-Identifier: Apache-2.0 */
/* A demangled C++ name without what surrounds the name proper. */
#ifndef MODULE_SIGNATURE_H
#define MODULE_SIGNATURE_H

#include "base/cursor.h"

/* The part of "ret ns::fn<int>(int) const" that names the function: "ns::fn<int>". Empty when the text does
 * not look like a function's. The result points into `demangled`. */
struct bytes signature_name(const char *demangled);

#endif
