// Package grant is the algebra of rights: which scopes, on which resources. It is pure functions over immutable values, and imports nothing
// but the standard library.
//
// A scope is a noun and a verb (tickets:read). The built-in scopes are fixed, the instance scopes stand apart, and every other well-formed
// scope is a product scope. A [Statement] says scopes and resources the way people write them; [Book.Compile] turns statements into a [Grant].
//
// The laws:
//
//   - A grant is a function from a resource to the set of scopes held there, and beside it the set of scopes that need no resource. Two grants
//     that are the same function are [Grant.Equal], however they were written.
//   - [Intersect] allows exactly what both sides allow, [Union] of two grants exactly what either does. They form a distributive lattice whose
//     order is [Grant.Covers].
//   - What is unknown or malformed allows nothing: a role that is not in the book, a pattern that does not parse, a scope that cannot exist.
//   - "*" (and "admin", another name for it) is every built-in and every product scope. No pattern contains an instance scope; those are held by
//     name only.
//   - A scope that needs a resource is nothing without one: a statement without resources keeps its resource-free scopes alone.
//   - An empty resource in a question means the entire portfolio, so a caller who forgets the resource is answered more strictly.
//
// What is not canonical: names count as drawn from an unlimited alphabet at unlimited length. The sixty-six prefixes "aA*", "aB*" … which
// together with "a" exhaust "a*" are not recognised as "a*", nor are all the verbs that fit beside a noun of 62 bytes recognised as "noun:*".
// Such grants allow the same names and are not Equal; Covers may then say no where yes would be true, never the reverse.
//
// Cost: Compile, Intersect, Union and Covers sort or merge. Each is near linear in the entries it is given, times the depth to which resource
// prefixes nest inside each other (at most 128). What can multiply is an intersection of many "product:verb" with many "noun:*", which has to
// name each pair: a scope set that would name more than 1,048,576 of them keeps the first in order of noun and drops the rest, so it allows
// less, never more. Two statements at the size limit that [Statement.Validate] enforces stay below that.
package grant
