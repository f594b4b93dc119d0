// Package signin establishes who a person is. What they may do is asked of the
// rules, never decided here.
//
// Laws of this package:
//
//   - A password is kept as an argon2id hash alone, in the PHC string form, with
//     its parameters and its salt beside it.
//   - Whether an account exists cannot be told from how long a wrong password
//     takes: whoever has no hash is compared with one that nobody has.
//   - Hashing is slow and large on purpose, so only a few run at once; the others
//     wait their turn, or give up with their request.
//   - A password is one as it is typed: normalised to NFC, never trimmed, never
//     cut, with no rule about what it is made of but its length and a list of the
//     obvious (NIST SP 800-63B-4).
//   - No error of this package repeats a password.
package signin
