/* SPDX-License-Identifier: Apache-2.0 */
/* The only place that names every runtime. Also part of the Python module (module.c). */
#include "tool/runtimes.h"

#if WITH_RT_CPYTHON
#include "rt/cpython/cpython.h"
#endif
#if WITH_RT_GO
#include "rt/go/go.h"
#endif
#if WITH_RT_NATIVE
#include "rt/native/native.h"
#endif

const struct runtime *const all_runtimes[] = {
#if WITH_RT_CPYTHON
    &runtime_cpython,
#endif
#if WITH_RT_GO
    &runtime_go,
#endif
#if WITH_RT_NATIVE
    &runtime_native,
#endif
    NULL,
};
