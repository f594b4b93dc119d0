//go:build !windows

package server

import (
	"io/fs"
	"syscall"
)

// owner is the number of whom a file belongs to; -1 is unknown.
func owner(info fs.FileInfo) int {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return int(s.Uid)
	}
	return -1
}
