package storetest

import "golang.org/x/sys/unix"

// shelf is where a server keeps its files. One that does not wait for the disk
// keeps them in memory where there is room for it: a database is four hundred
// files, and ext4 looks for a free inode longer the more were deleted in the
// seconds before (half a second of processor for each test's database).
func shelf(fsync string) string {
	const memory, room = "/dev/shm", 2 << 30
	var s unix.Statfs_t
	if fsync == "on" || unix.Access(memory, unix.W_OK|unix.X_OK) != nil || unix.Statfs(memory, &s) != nil ||
		s.Type != unix.TMPFS_MAGIC || uint64(s.Bsize)*s.Bavail < room {
		return "/tmp"
	}
	return memory
}
