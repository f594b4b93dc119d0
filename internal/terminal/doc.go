// Package terminal has what a command line prints and reads, apart from any command:
// texts of others made safe to print, distances in time, and the values of flags. Pure
// functions.
package terminal
