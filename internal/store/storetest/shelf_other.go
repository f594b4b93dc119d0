//go:build !linux

package storetest

// shelf is where a server keeps its files.
func shelf(string) string { return "/tmp" }
