// Does with the standard library what it is told to, and says how that went.
//
// The header is made out of ../wit/desk.wit. As it wants it, arguments belong to the function that is called, and
// answers to the caller.

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wasi/api.h>

#include "desk_plugin.h"

typedef desk_plugin_string_t string;
typedef exports_probe_wasi_desk_word_t word;
typedef exports_probe_wasi_desk_problem_t problem;

// Read by `_initialize`, before anything else is called.
static size_t argument_count;
static char **arguments;

// Memory, or a trap.
static void *memory(void *old, size_t size) {
    void *new = realloc(old, size);
    if (new == NULL && size > 0) {
        abort();
    }
    return new;
}

__attribute__((constructor)) static void read_arguments(void) {
    size_t size;
    if (__wasi_args_sizes_get(&argument_count, &size) != 0) {
        abort();
    }
    arguments = memory(NULL, argument_count * sizeof *arguments);
    if (__wasi_args_get((uint8_t **)arguments, memory(NULL, size)) != 0) {
        abort();
    }
}

// A string as C wants it; takes the other one's place.
static char *terminated(string *text) {
    char *copy = memory(NULL, text->len + 1);
    memcpy(copy, text->ptr, text->len);
    copy[text->len] = '\0';
    desk_plugin_string_free(text);
    return copy;
}

static int compare_texts(const string *a, const string *b) {
    size_t shorter = a->len < b->len ? a->len : b->len;
    int order = memcmp(a->ptr, b->ptr, shorter);
    return order != 0 ? order : (a->len > b->len) - (a->len < b->len);
}

static int by_letters(const void *a, const void *b) {
    return compare_texts(&((const word *)a)->text, &((const word *)b)->text);
}

static int by_frequency(const void *a, const void *b) {
    size_t of_a = ((const word *)a)->lines.len, of_b = ((const word *)b)->lines.len;
    return of_a == of_b ? by_letters(a, b) : (of_a < of_b) - (of_a > of_b);
}

// Notes that a word stands in a line.
static void note(exports_probe_wasi_desk_list_word_t *words, string text, uint32_t line) {
    word *found = NULL;
    for (size_t i = 0; i < words->len && found == NULL; i++) {
        if (compare_texts(&words->ptr[i].text, &text) == 0) {
            found = &words->ptr[i];
        }
    }
    if (found == NULL) {
        words->ptr = memory(words->ptr, (words->len + 1) * sizeof *words->ptr);
        found = &words->ptr[words->len++];
        *found = (word){.lines = {NULL, 0}};
        desk_plugin_string_dup_n(&found->text, (const char *)text.ptr, text.len);
    }
    found->lines.ptr = memory(found->lines.ptr, (found->lines.len + 1) * sizeof *found->lines.ptr);
    found->lines.ptr[found->lines.len++] = line;
}

bool exports_probe_wasi_desk_words(string *text, exports_probe_wasi_desk_order_t order,
                                   exports_probe_wasi_desk_list_word_t *ret, string *err) {
    const char blanks[] = " \t\r\n\f";
    char *copy = terminated(text);
    uint32_t line = 1;
    *ret = (exports_probe_wasi_desk_list_word_t){NULL, 0};
    for (char *at = copy; *at != '\0';) {
        size_t length = strcspn(at, blanks);
        if (length > 0) {
            note(ret, (string){(uint8_t *)at, length}, line);
        } else {
            line += *at == '\n';
            length = 1;
        }
        at += length;
    }
    free(copy);
    if (ret->len == 0) {
        desk_plugin_string_dup(err, "no words");
        return false;
    }
    bool frequent = order == EXPORTS_PROBE_WASI_DESK_ORDER_FREQUENT;
    qsort(ret->ptr, ret->len, sizeof *ret->ptr, frequent ? by_frequency : by_letters);
    return true;
}

void exports_probe_wasi_desk_join(desk_plugin_list_string_t *parts, string *between, string *ret) {
    size_t length = 0;
    for (size_t i = 0; i < parts->len; i++) {
        length += parts->ptr[i].len + (i > 0 ? between->len : 0);
    }
    uint8_t *end = memory(NULL, length);
    *ret = (string){end, length};
    for (size_t i = 0; i < parts->len; i++) {
        const string pieces[] = {i > 0 ? *between : (string){NULL, 0}, parts->ptr[i]};
        for (size_t piece = 0; piece < 2; piece++) {
            if (pieces[piece].len > 0) {
                memcpy(end, pieces[piece].ptr, pieces[piece].len);
                end += pieces[piece].len;
            }
        }
    }
    desk_plugin_list_string_free(parts);
    desk_plugin_string_free(between);
}

void exports_probe_wasi_desk_args(desk_plugin_list_string_t *ret) {
    *ret = (desk_plugin_list_string_t){memory(NULL, argument_count * sizeof *ret->ptr), argument_count};
    for (size_t i = 0; i < argument_count; i++) {
        desk_plugin_string_dup(&ret->ptr[i], arguments[i]);
    }
}

bool exports_probe_wasi_desk_variable(string *name, string *ret) {
    char *copy = terminated(name);
    const char *value = getenv(copy);
    free(copy);
    if (value == NULL) {
        return false;
    }
    desk_plugin_string_dup(ret, value);
    return true;
}

void exports_probe_wasi_desk_say(string *text) {
    printf("%.*s\n", (int)text->len, (const char *)text->ptr);
    fflush(stdout);
    desk_plugin_string_free(text);
}

static problem last_problem(void) {
    switch (errno) {
    case ENOENT:
        return EXPORTS_PROBE_WASI_DESK_PROBLEM_NOT_FOUND;
    case EACCES:
    case ENOTCAPABLE:
    case EPERM:
    case EROFS:
        return EXPORTS_PROBE_WASI_DESK_PROBLEM_NOT_PERMITTED;
    default:
        return EXPORTS_PROBE_WASI_DESK_PROBLEM_OTHER;
    }
}

static FILE *open_file(string *path, const char *mode) {
    char *copy = terminated(path);
    FILE *file = fopen(copy, mode);
    int error = errno;
    free(copy);
    errno = error;
    return file;
}

bool exports_probe_wasi_desk_read(string *path, string *ret, problem *err) {
    FILE *file = open_file(path, "r");
    if (file == NULL) {
        *err = last_problem();
        return false;
    }
    *ret = (string){NULL, 0};
    size_t length;
    do {
        ret->ptr = memory(ret->ptr, ret->len + 512);
        length = fread(ret->ptr + ret->len, 1, 512, file);
        ret->len += length;
    } while (length > 0);
    bool is_read = !ferror(file);
    if (!is_read) {
        *err = last_problem();
        desk_plugin_string_free(ret);
    }
    fclose(file);
    return is_read;
}

bool exports_probe_wasi_desk_write(string *path, string *text, problem *err) {
    FILE *file = open_file(path, "w");
    bool is_written = false;
    if (file != NULL) {
        is_written = fwrite(text->ptr, 1, text->len, file) == text->len;
        is_written = fclose(file) == 0 && is_written;
    }
    if (!is_written) {
        *err = last_problem();
    }
    desk_plugin_string_free(text);
    return is_written;
}

bool exports_probe_wasi_desk_setting(string *key, string *ret) {
    desk_plugin_option_string_t found;
    wasi_config_store_error_t problem;
    bool is_answered = wasi_config_store_get(key, &found, &problem);
    desk_plugin_string_free(key);
    if (!is_answered) {
        wasi_config_store_error_free(&problem);
        return false;
    }
    *ret = found.val;
    return found.is_some;
}

__attribute__((noinline)) static uint32_t stumble(uint32_t depth) {
    if (depth == 0) {
        __builtin_trap();
    }
    // What is read after the call keeps it from becoming a loop.
    volatile uint32_t own = depth;
    return stumble(depth - 1) ^ own;
}

void exports_probe_wasi_desk_crash(uint32_t depth) {
    printf("%u\n", stumble(depth));
}
