//go:build unix

package server

import "syscall"

// descriptors is how many files this process may have open. The Go runtime has
// raised it to the hard limit by now.
func descriptors() int {
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		return unknownDescriptors
	}
	return int(min(l.Cur, mostDescriptors)) // FreeBSD's is signed; bounded either way
}
