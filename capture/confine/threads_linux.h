#ifndef WSTAP_THREADS_LINUX_H
#define WSTAP_THREADS_LINUX_H

#include <stdint.h>
#include <sys/types.h>

// plan is what a thread keeps.
struct plan {
	int      change_user;
	uid_t    uid;
	gid_t    gid;
	uint64_t keep;    // capabilities, a bit each
	int      ruleset; // Landlock's, -1 for none
};

// failure says what failed; error is an errno, 0 if nothing did.
struct failure {
	int         error;
	const char *step;
};

// confine_threads confines all threads of the process, the calling one last.
struct failure confine_threads(const struct plan *p);

// try_open opens a file for reading on a thread of its own that has become
// another user, and closes it. Without a path it only becomes the user. It
// returns an errno.
int try_open(uid_t uid, gid_t gid, const char *path);

#endif
