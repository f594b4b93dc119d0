// Package terminal has what a command line prints and reads, apart from any command:
// texts of others made safe to print, distances in time, the values of flags, and flags
// that become a request. It does nothing but read the files that a flag names.
package terminal
