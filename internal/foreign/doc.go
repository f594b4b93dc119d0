// Package foreign tells the token strings of other systems, by what those systems kept of
// them: pure functions over values.
//
// Laws of this package:
//
//   - What a string is compared by is worked out from the string alone, under a key that
//     is not in the database: neither a stored row nor the hash that another system kept
//     is accepted in place of the string, and neither can be confirmed without that key.
//   - A format looks at no string but those of its shape, and everything that one costs
//     has a bound that is checked when the format is made.
//   - A name that is worked out once stays: it depends on what is hashed and how, never
//     on what a format is called.
//   - No error says anything of a hash, a key or a string.
package foreign
