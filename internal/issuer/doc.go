// Package issuer knows the public keys that other systems sign their ID tokens with: it asks
// for them where it may, remembers them for a while, and says whether one of them signed a
// token.
//
// Laws of this package:
//
//   - A token is signed by a public key, in one of the ways that the list of algorithms
//     names, or it is not signed. What its header says of keys is a name and no key.
//   - An issuer is asked at most once a minute, whatever is presented; several who wait for
//     its answer wait for one.
//   - Nobody is followed elsewhere: a redirection, an answer that is too large, and keys of
//     another issuer's metadata are no answer.
//   - Where a name leads, is judged at each connect. Only the operator's own list lets it
//     lead into the private network.
//   - Keys that could not be read anew for an hour are none: it fails closed.
package issuer
