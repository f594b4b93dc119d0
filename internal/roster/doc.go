// Package roster reads lists of people who are to become members of a workspace, as CSV (RFC 4180). It is pure: text in, rows out; it asks
// nobody and changes nothing. The command line and the console read the same lists by it, so both tell the same of the same file.
//
// The laws:
//
//   - A list is read whole or refused whole ([Parse] answers an error), and each of its rows is well or says what is wrong with it ([Row.Wrong]).
//     Nothing is mended: what is not understood is told with its line.
//   - What is well here may still be refused by the server, which alone knows roles, rights and who is a member.
//   - No error and no row repeats more of a bad cell than [shown] lets through, and a list that holds an API token is refused without a word of it.
//   - A missing resource is no resource: a row that names none gives its role on none.
package roster
