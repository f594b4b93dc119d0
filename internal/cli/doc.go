// Package cli is the program tokenry: its commands, what they read and what they
// print.
//
// Laws of this package:
//
//   - [Run] is the program. The streams, the environment and the clock are given
//     to it, so that tests call it; nothing here ends the process.
//   - A command that speaks to a server does so through the client, as every
//     user's program does. Only serve, demo, bootstrap and keys open what a
//     server opens.
//   - A secret is never taken from an argument, where the process list and the
//     shell's history show it: it comes from standard input, a file or the
//     environment.
//   - A secret goes to standard output alone, everything else that is said on the
//     way to standard error.
//   - What somebody else typed (a label, a name) is printed so that it cannot
//     steer a terminal.
//   - The exit code is 0 when it was done, 1 when it was refused or failed, and 2
//     when the command was not understood. A scan ends with 1 when it found
//     something, and with 2 when it could not read everything.
package cli
