// Package cli is the program tokenry: its commands, what they read and what they
// print.
//
// Laws of this package:
//
//   - [Run] is the program. The streams, the environment and the clock are given
//     to it, so that tests call it; nothing here ends the process.
//   - A command that speaks to a server does so through the client, as every
//     user's program does. What opens what a server opens is in the room of the operator.
//   - How a command is understood, reads secrets, prints and is refused are the laws of
//     the room of commands. A scan ends with 1 when it found something, and with 2 when it
//     could not read everything.
package cli
