// Does what its arguments say, in their order, and prints it; see `obey` for what they can be.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Copies all of a file to standard output.
static void copy(FILE *from) {
    char piece[512];
    size_t length;
    while ((length = fread(piece, 1, sizeof piece, from)) > 0) {
        fwrite(piece, 1, length, stdout);
    }
}

static void cat(const char *path) {
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        fprintf(stderr, "cannot read %s\n", path);
        return;
    }
    copy(file);
    fclose(file);
}

__attribute__((noinline)) static void stumble(void) {
    __builtin_trap();
}

// What follows the word and its colon, if an argument begins with them.
static const char *after(const char *argument, const char *word) {
    size_t length = strlen(word);
    return strncmp(argument, word, length) == 0 && argument[length] == ':' ? argument + length + 1 : NULL;
}

static void obey(const char *argument) {
    const char *rest;
    if ((rest = after(argument, "env")) != NULL) {
        // The value of a variable of the environment.
        const char *value = getenv(rest);
        printf("%s=%s\n", rest, value == NULL ? "?" : value);
    } else if ((rest = after(argument, "cat")) != NULL) {
        // The content of a file.
        cat(rest);
    } else if ((rest = after(argument, "exit")) != NULL) {
        // Ends here, with this status.
        exit(atoi(rest));
    } else if (after(argument, "copy") != NULL) {
        // What comes in goes out.
        copy(stdin);
    } else if (after(argument, "trap") != NULL) {
        // Ends with a trap.
        fflush(stdout);
        stumble();
    } else {
        puts(argument);
    }
}

int main(int argc, char **argv) {
    for (int i = 0; i < argc; i++) {
        obey(argv[i]);
    }
    return 0;
}
