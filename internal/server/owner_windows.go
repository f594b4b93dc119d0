package server

import "io/fs"

// owner is unknown: Windows keeps such rights elsewhere.
func owner(fs.FileInfo) int { return -1 }
