/* SPDX-License-Identifier: Apache-2.0 */
/* Where the fields of CPython's structs are, by version: byte offsets on 64-bit processors.
 *
 * One file a version in layout/, written by tools/python_layouts.py from the DWARF of a build, and compared with every
 * interpreter that the tests find. From 3.13 on the interpreter publishes some of them itself (_Py_DebugOffsets): those
 * win where the two differ, and serve for a version that has no file here.
 * Sources: Include/cpython/, Include/internal/pycore_*.h. */
#ifndef RT_CPYTHON_LAYOUT_H
#define RT_CPYTHON_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PY_NONE UINT32_MAX /* the version has no such field */

/* X(field, "struct", "path in it"); '|' separates what versions call it, "" is the size of the struct. */
#define PY_LAYOUT_FIELDS(X)                                                  \
    X(rt_interpreters_head, "_PyRuntimeState", "interpreters.head")          \
    X(rt_gil, "_PyRuntimeState", "ceval.gil")                                \
    X(rt_stop, "_PyRuntimeState", "stoptheworld")                            \
    X(interp_next, "PyInterpreterState", "next")                             \
    X(interp_threads_head, "PyInterpreterState", "threads.head|tstate_head") \
    X(interp_id, "PyInterpreterState", "id")                                 \
    X(interp_modules, "PyInterpreterState", "imports.modules|modules")       \
    X(interp_own_gil, "PyInterpreterState", "_gil")                          \
    X(interp_gil, "PyInterpreterState", "ceval.gil")                         \
    X(interp_gc_lists, "PyInterpreterState", "gc.generations|gc.young")      \
    X(interp_gc_permanent, "PyInterpreterState", "gc.permanent_generation")  \
    X(rt_gc_lists, "_PyRuntimeState", "gc.generations")                      \
    X(rt_gc_permanent, "_PyRuntimeState", "gc.permanent_generation")         \
    X(gc_generation_size, "gc_generation", "")                               \
    X(gc_head_size, "PyGC_Head", "")                                         \
    X(interp_stop, "PyInterpreterState", "stoptheworld")                     \
    X(interp_asyncio_tasks_head, "PyInterpreterState", "asyncio_tasks_head") \
    X(interp_static_types, "PyInterpreterState", "types.builtins")           \
    X(static_type_dict, "managed_static_type_state", "tp_dict")              \
    X(static_type_size, "managed_static_type_state", "")                     \
    X(gil_last_holder, "_gil_runtime_state", "last_holder")                  \
    X(gil_locked, "_gil_runtime_state", "locked")                            \
    X(gil_cond, "_gil_runtime_state", "cond")                                \
    X(gil_switch_cond, "_gil_runtime_state", "switch_cond")                  \
    X(gil_enabled, "_gil_runtime_state", "enabled")                          \
    X(thread_next, "PyThreadState", "next")                                  \
    X(thread_interp, "PyThreadState", "interp")                              \
    X(thread_frame, "PyThreadState", "frame")                                \
    X(thread_cframe, "PyThreadState", "cframe")                              \
    X(thread_current_frame, "PyThreadState", "current_frame")                \
    X(thread_id, "PyThreadState", "thread_id")                               \
    X(thread_native_id, "PyThreadState", "native_thread_id")                 \
    X(thread_state, "PyThreadState", "state")                                \
    X(thread_curexc_type, "PyThreadState", "curexc_type")                    \
    X(thread_curexc_value, "PyThreadState", "curexc_value")                  \
    X(thread_current_exception, "PyThreadState", "current_exception")        \
    X(thread_exc_value, "PyThreadState", "exc_value")                        \
    X(thread_exc_info, "PyThreadState", "exc_info")                          \
    X(thread_asyncio_tasks_head, "_PyThreadStateImpl", "asyncio_tasks_head") \
    X(thread_heaps, "_PyThreadStateImpl", "mimalloc.heaps")                  \
    X(exc_item_value, "_PyErr_StackItem", "exc_value")                       \
    X(exc_item_previous, "_PyErr_StackItem", "previous_item")                \
    X(cframe_current_frame, "_PyCFrame", "current_frame")                    \
    X(cframe_previous, "_PyCFrame", "previous")                              \
    X(frameobj_back, "PyFrameObject", "f_back")                              \
    X(frameobj_code, "PyFrameObject", "f_code")                              \
    X(frameobj_builtins, "PyFrameObject", "f_builtins")                      \
    X(frameobj_globals, "PyFrameObject", "f_globals")                        \
    X(frameobj_locals, "PyFrameObject", "f_locals")                          \
    X(frameobj_valuestack, "PyFrameObject", "f_valuestack")                  \
    X(frameobj_stacktop, "PyFrameObject", "f_stacktop")                      \
    X(frameobj_stackdepth, "PyFrameObject", "f_stackdepth")                  \
    X(frameobj_lasti, "PyFrameObject", "f_lasti")                            \
    X(frameobj_state, "PyFrameObject", "f_state")                            \
    X(frameobj_localsplus, "PyFrameObject", "f_localsplus")                  \
    X(frameobj_frame, "PyFrameObject", "f_frame")                            \
    X(frame_code, "_PyInterpreterFrame", "f_code|f_executable")              \
    X(frame_previous, "_PyInterpreterFrame", "previous")                     \
    X(frame_globals, "_PyInterpreterFrame", "f_globals")                     \
    X(frame_builtins, "_PyInterpreterFrame", "f_builtins")                   \
    X(frame_locals, "_PyInterpreterFrame", "f_locals")                       \
    X(frame_prev_instr, "_PyInterpreterFrame", "prev_instr")                 \
    X(frame_instr_ptr, "_PyInterpreterFrame", "instr_ptr")                   \
    X(frame_stacktop, "_PyInterpreterFrame", "stacktop")                     \
    X(frame_stackpointer, "_PyInterpreterFrame", "stackpointer")             \
    X(frame_tlbc_index, "_PyInterpreterFrame", "tlbc_index")                 \
    X(frame_owner, "_PyInterpreterFrame", "owner")                           \
    X(frame_is_entry, "_PyInterpreterFrame", "is_entry")                     \
    X(frame_localsplus, "_PyInterpreterFrame", "localsplus")                 \
    X(code_argcount, "PyCodeObject", "co_argcount")                          \
    X(code_kwonlyargcount, "PyCodeObject", "co_kwonlyargcount")              \
    X(code_stacksize, "PyCodeObject", "co_stacksize")                        \
    X(code_nlocalsplus, "PyCodeObject", "co_nlocalsplus")                    \
    X(code_flags, "PyCodeObject", "co_flags")                                \
    X(code_firstlineno, "PyCodeObject", "co_firstlineno")                    \
    X(code_code, "PyCodeObject", "co_code")                                  \
    X(code_varnames, "PyCodeObject", "co_varnames")                          \
    X(code_cellvars, "PyCodeObject", "co_cellvars")                          \
    X(code_freevars, "PyCodeObject", "co_freevars")                          \
    X(code_localsplusnames, "PyCodeObject", "co_localsplusnames")            \
    X(code_localspluskinds, "PyCodeObject", "co_localspluskinds")            \
    X(code_filename, "PyCodeObject", "co_filename")                          \
    X(code_name, "PyCodeObject", "co_name")                                  \
    X(code_qualname, "PyCodeObject", "co_qualname")                          \
    X(code_linetable, "PyCodeObject", "co_linetable|co_lnotab")              \
    X(code_firsttraceable, "PyCodeObject", "_co_firsttraceable")             \
    X(code_adaptive, "PyCodeObject", "co_code_adaptive")                     \
    X(code_tlbc, "PyCodeObject", "co_tlbc")                                  \
    X(object_refcnt, "PyObject", "ob_refcnt|ob_refcnt_full|ob_ref_local")    \
    X(object_type, "PyObject", "ob_type")                                    \
    X(object_size, "PyObject", "")                                           \
    X(var_size, "PyVarObject", "ob_size")                                    \
    X(type_name, "PyTypeObject", "tp_name")                                  \
    X(type_basicsize, "PyTypeObject", "tp_basicsize")                        \
    X(type_itemsize, "PyTypeObject", "tp_itemsize")                          \
    X(type_flags, "PyTypeObject", "tp_flags")                                \
    X(type_members, "PyTypeObject", "tp_members")                            \
    X(type_base, "PyTypeObject", "tp_base")                                  \
    X(type_dict, "PyTypeObject", "tp_dict")                                  \
    X(type_dictoffset, "PyTypeObject", "tp_dictoffset")                      \
    X(type_mro, "PyTypeObject", "tp_mro")                                    \
    X(type_subclasses, "PyTypeObject", "tp_subclasses")                      \
    X(type_size, "PyTypeObject", "")                                         \
    X(heaptype_qualname, "PyHeapTypeObject", "ht_qualname")                  \
    X(heaptype_cached_keys, "PyHeapTypeObject", "ht_cached_keys")            \
    X(long_tag, "PyLongObject", "long_value.lv_tag")                         \
    X(long_digits, "PyLongObject", "long_value.ob_digit|ob_digit")           \
    X(float_value, "PyFloatObject", "ob_fval")                               \
    X(complex_value, "PyComplexObject", "cval")                              \
    X(str_length, "PyASCIIObject", "length")                                 \
    X(str_state, "PyASCIIObject", "state")                                   \
    X(str_ascii_size, "PyASCIIObject", "")                                   \
    X(str_compact_size, "PyCompactUnicodeObject", "")                        \
    X(str_data, "PyUnicodeObject", "data")                                   \
    X(bytes_data, "PyBytesObject", "ob_sval")                                \
    X(bytearray_start, "PyByteArrayObject", "ob_start")                      \
    X(list_items, "PyListObject", "ob_item")                                 \
    X(tuple_items, "PyTupleObject", "ob_item")                               \
    X(dict_used, "PyDictObject", "ma_used")                                  \
    X(dict_keys, "PyDictObject", "ma_keys")                                  \
    X(dict_values, "PyDictObject", "ma_values")                              \
    X(keys_size, "PyDictKeysObject", "dk_size")                              \
    X(keys_log2_size, "PyDictKeysObject", "dk_log2_size")                    \
    X(keys_log2_index_bytes, "PyDictKeysObject", "dk_log2_index_bytes")      \
    X(keys_kind, "PyDictKeysObject", "dk_kind")                              \
    X(keys_nentries, "PyDictKeysObject", "dk_nentries")                      \
    X(keys_indices, "PyDictKeysObject", "dk_indices")                        \
    X(values_capacity, "PyDictValues", "capacity")                           \
    X(values_size, "PyDictValues", "size")                                   \
    X(values_valid, "PyDictValues", "valid")                                 \
    X(values_values, "PyDictValues", "values")                               \
    X(set_used, "PySetObject", "used")                                       \
    X(set_mask, "PySetObject", "mask")                                       \
    X(set_table, "PySetObject", "table")                                     \
    X(cell_value, "PyCellObject", "ob_ref")                                  \
    X(func_code, "PyFunctionObject", "func_code")                            \
    X(func_name, "PyFunctionObject", "func_name")                            \
    X(func_qualname, "PyFunctionObject", "func_qualname")                    \
    X(func_dict, "PyFunctionObject", "func_dict")                            \
    X(func_globals, "PyFunctionObject", "func_globals")                      \
    X(func_defaults, "PyFunctionObject", "func_defaults")                    \
    X(func_closure, "PyFunctionObject", "func_closure")                      \
    X(method_func, "PyMethodObject", "im_func")                              \
    X(method_self, "PyMethodObject", "im_self")                              \
    X(cfunction_ml, "PyCFunctionObject", "m_ml")                             \
    X(cfunction_self, "PyCFunctionObject", "m_self")                         \
    X(module_dict, "PyModuleObject", "md_dict")                              \
    X(module_name, "PyModuleObject", "md_name")                              \
    X(slice_start, "PySliceObject", "start")                                 \
    X(slice_stop, "PySliceObject", "stop")                                   \
    X(slice_step, "PySliceObject", "step")                                   \
    X(gen_frame, "PyGenObject", "gi_frame")                                  \
    X(gen_iframe, "PyGenObject", "gi_iframe")                                \
    X(gen_frame_state, "PyGenObject", "gi_frame_state")                      \
    X(gen_running, "PyGenObject", "gi_running")                              \
    X(gen_name, "PyGenObject", "gi_name")                                    \
    X(gen_qualname, "PyGenObject", "gi_qualname")                            \
    X(traceback_next, "PyTracebackObject", "tb_next")                        \
    X(traceback_frame, "PyTracebackObject", "tb_frame")                      \
    X(traceback_lasti, "PyTracebackObject", "tb_lasti")                      \
    X(traceback_lineno, "PyTracebackObject", "tb_lineno")                    \
    X(exception_args, "PyBaseExceptionObject", "args")                       \
    X(exception_notes, "PyBaseExceptionObject", "notes")                     \
    X(exception_traceback, "PyBaseExceptionObject", "traceback")             \
    X(exception_context, "PyBaseExceptionObject", "context")                 \
    X(exception_cause, "PyBaseExceptionObject", "cause")                     \
    X(exception_suppress_context, "PyBaseExceptionObject", "suppress_context")

/* Of these the interpreter publishes the offsets (3.13 and later): X(field, "group in _Py_DebugOffsets", "name there"). */
#define PY_PUBLISHED_FIELDS(X)                                         \
    X(rt_interpreters_head, "runtime_state", "interpreters_head")      \
    X(interp_id, "interpreter_state", "id")                            \
    X(interp_next, "interpreter_state", "next")                        \
    X(interp_threads_head, "interpreter_state", "threads_head")        \
    X(interp_modules, "interpreter_state", "imports_modules")          \
    X(interp_gil, "interpreter_state", "ceval_gil")                    \
    X(interp_own_gil, "interpreter_state", "gil_runtime_state")        \
    X(thread_next, "thread_state", "next")                             \
    X(thread_interp, "thread_state", "interp")                         \
    X(thread_current_frame, "thread_state", "current_frame")           \
    X(thread_id, "thread_state", "thread_id")                          \
    X(thread_native_id, "thread_state", "native_thread_id")            \
    X(thread_current_exception, "thread_state", "current_exception")   \
    X(exc_item_value, "err_stackitem", "exc_value")                    \
    X(frame_previous, "interpreter_frame", "previous")                 \
    X(frame_code, "interpreter_frame", "executable")                   \
    X(frame_instr_ptr, "interpreter_frame", "instr_ptr")               \
    X(frame_localsplus, "interpreter_frame", "localsplus")             \
    X(frame_owner, "interpreter_frame", "owner")                       \
    X(frame_stackpointer, "interpreter_frame", "stackpointer")         \
    X(frame_tlbc_index, "interpreter_frame", "tlbc_index")             \
    X(code_filename, "code_object", "filename")                        \
    X(code_name, "code_object", "name")                                \
    X(code_qualname, "code_object", "qualname")                        \
    X(code_linetable, "code_object", "linetable")                      \
    X(code_firstlineno, "code_object", "firstlineno")                  \
    X(code_argcount, "code_object", "argcount")                        \
    X(code_localsplusnames, "code_object", "localsplusnames")          \
    X(code_localspluskinds, "code_object", "localspluskinds")          \
    X(code_adaptive, "code_object", "co_code_adaptive")                \
    X(code_tlbc, "code_object", "co_tlbc")                             \
    X(object_size, "pyobject", "size")                                 \
    X(object_type, "pyobject", "ob_type")                              \
    X(type_name, "type_object", "tp_name")                             \
    X(type_flags, "type_object", "tp_flags")                           \
    X(type_basicsize, "type_object", "tp_basicsize")                   \
    X(type_dictoffset, "type_object", "tp_dictoffset")                 \
    X(type_size, "type_object", "size")                                \
    X(heaptype_cached_keys, "heap_type_object", "ht_cached_keys")      \
    X(tuple_items, "tuple_object", "ob_item")                          \
    X(var_size, "tuple_object", "ob_size")                             \
    X(list_items, "list_object", "ob_item")                            \
    X(set_used, "set_object", "used")                                  \
    X(set_table, "set_object", "table")                                \
    X(set_mask, "set_object", "mask")                                  \
    X(dict_keys, "dict_object", "ma_keys")                             \
    X(dict_values, "dict_object", "ma_values")                         \
    X(float_value, "float_object", "ob_fval")                          \
    X(long_tag, "long_object", "lv_tag")                               \
    X(long_digits, "long_object", "ob_digit")                          \
    X(bytes_data, "bytes_object", "ob_sval")                           \
    X(str_state, "unicode_object", "state")                            \
    X(str_length, "unicode_object", "length")                          \
    X(str_ascii_size, "unicode_object", "asciiobject_size")            \
    X(str_compact_size, "unicode_object", "compactunicodeobject_size") \
    X(gen_name, "gen_object", "gi_name")                               \
    X(gen_iframe, "gen_object", "gi_iframe")                           \
    X(gen_frame_state, "gen_object", "gi_frame_state")

/* Where in _Py_DebugOffsets a number stands, and the size of the struct that it is about; UINT16_MAX: nowhere. */
struct py_published_at {
    uint16_t at, size_at;
};
struct py_published {
    uint32_t size; /* of _Py_DebugOffsets */
#define X(field, group, name) struct py_published_at field;
    PY_PUBLISHED_FIELDS(X)
#undef X
};

struct py_layout {
    uint32_t version; /* PY_VERSION_HEX of the build that was measured, without its last byte: 0x030b07 */
    bool free_threaded; /* of a build without a GIL (PEP 703; 3.13 and later) */
    const struct py_published *published; /* NULL: until 3.12 */
#define X(field, type, path) uint32_t field;
    PY_LAYOUT_FIELDS(X)
#undef X
};

/* The layout of Python 3.`minor`, or NULL. */
const struct py_layout *py_layout_find(unsigned minor, bool free_threaded);
/* That of the newest version. */
const struct py_layout *py_layout_newest(bool free_threaded);

#endif
