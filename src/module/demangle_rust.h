/* SPDX-License-Identifier: Apache-2.0 */
/* Names that rustc made; see demangle() for the rest. Both give a heap string, NULL when the name is not of
 * that scheme. */
#ifndef MODULE_DEMANGLE_RUST_H
#define MODULE_DEMANGLE_RUST_H

#include <stddef.h>

/* _ZN...17h<hash>E: Itanium nested names that end in a hash, which is left out. Escapes: rustc's
 * compiler/rustc_symbol_mangling/src/legacy.rs. */
char *demangle_rust_legacy(const char *name, size_t n);
/* _R...: Rust RFC 2603 and the rustc book, "v0 Symbol Format". */
char *demangle_rust_v0(const char *name, size_t n);

/* The back end may add ".llvm.<hash>" and others such as ".cold" after it; only the hash says nothing. Moves past
 * that at the start of n bytes and gives how many it were. */
size_t demangle_skip_llvm(const char **suffix, size_t n);

enum { DEMANGLE_MAX = 64 << 10 }; /* bytes of a name, either way */

#endif
