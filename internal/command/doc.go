// Package command is what every command of the program is made of: how it is understood,
// what it reads and prints, and how it is refused.
//
// Laws of this package:
//
//   - The streams, the environment and the clock are given; nothing here ends the process.
//   - It knows no server and no database; who speaks to either has the client or the
//     settings, and uses this for words.
//   - A secret is never taken from an argument, where the process list and the
//     shell's history show it: it comes from standard input, a file or the environment.
//   - A secret goes to standard output alone, everything else that is said on the
//     way to standard error.
//   - What somebody else typed (a label, a name) is printed so that it cannot
//     steer a terminal.
//   - The exit code is 0 when it was done, 1 when it was refused or failed, and 2
//     when the command was not understood or not everything was seen.
package command
