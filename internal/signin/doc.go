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
//   - No error of this package repeats a password, and what was typed into a form
//     is neither logged nor audited.
//   - A session, a code in a link, a recovery code: each is 80 bits or more of
//     which a digest is kept, under a key of its own purpose. An API token has
//     not the shape of one, so it opens no page.
//   - A try is counted before it is judged, in the database, for the account and
//     for the place; see throttle.go. What a person's own place counts is not
//     what guessing from elsewhere counted.
//   - Every sign-in makes a new session. One ends after an hour of rest or a day
//     (NIST SP 800-63B-4, level 2), and stops while its person is deactivated.
//   - A person at an identity provider is issuer and subject, never an e-mail.
//   - Whatever happens once (a code, a link, a visit) is used up in the mutation
//     that acts on it, so of two at the same moment one finds nothing.
//   - Every sign-in, failure and change is in the audit of the instance.
package signin
