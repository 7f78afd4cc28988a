/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of libc that have no safe use here, made into compile errors. The build includes this file
 * before every source of src/. The headers that declare them come first, so that only uses are caught. */
#ifndef BASE_BANNED_H
#define BASE_BANNED_H

#include <alloca.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* They write without knowing the size of the buffer, or cut silently: struct text, memcpy, snprintf. */
#define strcpy(...) strcpy_is_banned_use_base_text_h
#define strcat(...) strcat_is_banned_use_base_text_h
#define strncpy(...) strncpy_is_banned_use_base_text_h
#define strncat(...) strncat_is_banned_use_base_text_h
#define stpcpy(...) stpcpy_is_banned_use_base_text_h
#undef sprintf /* clang's fortified headers define these two */
#undef vsprintf
#define sprintf(...) sprintf_is_banned_use_text_printf
#define vsprintf(...) vsprintf_is_banned_use_text_printf
/* They cannot tell a wrong number from 0. */
#define atoi(...) atoi_is_banned_use_strtol
#define atol(...) atol_is_banned_use_strtol
#define atoll(...) atoll_is_banned_use_strtoll
#define atof(...) atof_is_banned_use_strtod
/* They share one static buffer among threads: the _r forms. */
#define strtok(...) strtok_is_banned_use_strtok_r
#define gmtime(...) gmtime_is_banned_use_gmtime_r
#define localtime(...) localtime_is_banned_use_localtime_r
#define ctime(...) ctime_is_banned_use_strftime
#define asctime(...) asctime_is_banned_use_strftime
/* A size from input would run past the stack. */
#undef alloca
#define alloca(...) alloca_is_banned_use_arena_alloc

#endif
