// Package ruleset says what a request to somebody's API needs: a file of rules,
// each a method and a path pattern with the scopes and the resource that the
// presented token must have.
//
// Laws of this package:
//
//   - What no rule matches is refused. Nothing is open unless a rule says so.
//   - The most specific rule decides, whatever the order of the file. Two rules
//     of which neither is the more specific are refused when the file is read.
//   - A path is taken apart once: split at its slashes, then each segment is
//     percent-decoded. A path that a back end could read as another one is
//     refused before any rule is looked at: dot segments, empty segments, encoded
//     slashes, backslashes, parameters, double encoding.
//   - A segment that differs from a rule's only by case or an extension is
//     nobody's: it is refused rather than given to a placeholder.
//   - The method counts as it is written. HEAD is not GET.
//   - A file is read strictly, and every complaint names its line.
//   - Everything here is pure; a [Set] is only read and safe for concurrent use.
package ruleset
