// Package scan finds token strings in files, folders, streams and the history
// of a git repository.
//
// Laws of this package:
//
//   - What is found is a token string by shape and checksum (see [token.Find]),
//     so that a find is no guess: by chance it happens once in four thousand
//     million strings that look like one.
//   - A [Find] prints its mask. The string itself is a [token.Secret], and a name
//     of a file that holds a token is masked before anybody sees it.
//   - Memory is bounded by the number of workers and by the number of finds,
//     whatever the size of a file or the length of a line. A token is found
//     wherever a buffer happens to end.
//   - Walking a folder follows no symbolic link and reads nothing but regular
//     files; what is swapped for a link while it is read does not lead out.
//   - Finds are told in the order of the names, of the lines and of the columns,
//     however many workers there are.
//   - A file that cannot be read is told and the rest is scanned all the same.
package scan
